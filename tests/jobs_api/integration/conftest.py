"""One running jobs-api for all of these tests; each test has shops of its own."""

from collections.abc import AsyncIterator

import pytest
from darkroom_jobs_api.jobs import decisions, prefer
from darkroom_servicekit import rate_limit, revocation, story
from support.jobs_api import WAIT_SECONDS, JobsApi, running_jobs_api
from support.stack import StackAddresses

PATIENCE_SECONDS = 30.0


@pytest.fixture(scope="session")
async def jobs_api(parts: StackAddresses) -> AsyncIterator[JobsApi]:
    """The service, ready."""
    async with running_jobs_api(parts) as service:
        yield service


@pytest.fixture(autouse=True)
def patience(monkeypatch: pytest.MonkeyPatch) -> None:
    """How long the service waits for others before it does without them: longer than a busy machine may need.

    Without Redis requests are counted elsewhere, revoked tokens let in and waiters not woken; without a decision in time the
    answer is another one. A test means that only where it says so.
    """
    monkeypatch.setattr(rate_limit, "REDIS_SECONDS_MAX", PATIENCE_SECONDS)
    monkeypatch.setattr(revocation, "REDIS_SECONDS_MAX", PATIENCE_SECONDS)
    monkeypatch.setattr(decisions, "PUBLISH_SECONDS_MAX", PATIENCE_SECONDS)
    monkeypatch.setattr(story, "READ_SECONDS_MAX", PATIENCE_SECONDS)
    monkeypatch.setattr(prefer, "WAIT_SECONDS_MAX", WAIT_SECONDS)
