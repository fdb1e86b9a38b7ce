"""One running jobs-api for all of these tests; each test has shops of its own."""

from collections.abc import AsyncIterator

import pytest
from support.jobs_api import JobsApi, running_jobs_api
from support.stack import StackAddresses


@pytest.fixture(scope="session")
async def jobs_api(parts: StackAddresses) -> AsyncIterator[JobsApi]:
    """The service, ready."""
    async with running_jobs_api(parts) as service:
        yield service
