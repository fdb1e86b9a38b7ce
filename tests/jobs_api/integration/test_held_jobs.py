"""A job that somebody holds when the loops look is not left until they look by themselves: they come back for it at once."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from darkroom_contracts.envelope import Envelope
from darkroom_contracts.jobs import JobCancelRequested
from darkroom_jobs_api.jobs import release_items, stop_items
from darkroom_jobs_api.jobs.stop_store import request_cancel
from darkroom_servicekit.database import UnitOfWork, build_engine
from darkroom_servicekit.runtime import utc_now
from support.jobs_api import JOBS, JobsApi, request_body, running_jobs_api
from support.stack import StackAddresses

NEVER_SECONDS = 3600.0
STOPPED_BY = Envelope(id="1", type=JobCancelRequested.type_name(), source="/test", subject="", time="", dataschema="")


@pytest.fixture
async def alone(parts: StackAddresses, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[JobsApi]:
    """A service whose loops look when they are woken, and never by themselves."""
    monkeypatch.setattr(release_items, "LOOK_SECONDS", NEVER_SECONDS)
    monkeypatch.setattr(stop_items, "LOOK_SECONDS", NEVER_SECONDS)
    async with running_jobs_api(parts) as service:
        yield service


@asynccontextmanager
async def held(service: JobsApi, job_id: int) -> AsyncIterator[None]:
    """The job's row is locked, as by whoever counts its progress."""
    async with service.database.acquire() as connection, connection.transaction():
        await connection.execute("SELECT FROM jobs WHERE id = $1 FOR NO KEY UPDATE", job_id)
        yield


async def test_a_held_job_is_asked_for_as_soon_as_it_is_let_go(alone: JobsApi) -> None:
    shop = alone.shop()
    job_id, [item] = await shop.running_job(1)
    await alone.database.execute("UPDATE jobs SET items_released = 0 WHERE id = $1", job_id)
    async with held(alone, job_id):
        await shop.running_job(1)  # the loop is woken by its decision, and has passed over the other
    again = (await shop.items_requested(3))[2]
    assert again.item_id == item.item_id


async def test_a_held_job_is_stopped_as_soon_as_it_is_let_go(alone: JobsApi, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stop_items, "CHUNK_ITEMS_MAX", 1)
    shop, other = alone.shop(), alone.shop()
    job_id = (await shop.submit(request_body(1))).json()["job"]["id"]
    engine = build_engine(alone.settings.database_url, pool_size=1)
    async with UnitOfWork(engine, service="jobs-api", clock=utc_now, wake_relay=lambda: None).begin() as transaction:
        await request_cancel(transaction, shop.instance_id, job_id, STOPPED_BY)
    await engine.dispose()
    async with held(alone, job_id):
        job_of_two = (await other.submit(request_body(2))).json()["job"]["id"]
        await other.post(f"{JOBS}/jobs/{job_of_two}/cancel", None)
        await other.jobs_finished()  # the loop has done its second half, and passed over the held one
    [finished] = await shop.jobs_finished()
    assert (finished.status, finished.items_canceled) == ("CANCELED", 1)
