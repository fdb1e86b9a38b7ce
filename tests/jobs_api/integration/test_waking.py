"""Who waits for a decision is woken on whichever replica, and does not depend on Redis for the truth."""

import asyncio
import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from darkroom_jobs_api.jobs.decisions import Decisions
from darkroom_servicekit.runtime import build_redis
from support.jobs_api import LONG_WAIT, WAIT_SECONDS, Shop, request_body, running_jobs_api
from support.service import eventually
from support.stack import StackAddresses

NOWHERE = "redis://127.0.0.1:1/0"

FAR_DEADLINE_SECONDS = 60.0
"""So far away that a waiter which is not woken is told from a slow machine."""


@asynccontextmanager
async def replica(url: str) -> AsyncIterator[Decisions]:
    """The waiters of one process, listening."""
    redis = build_redis(url)
    decisions = Decisions(redis)
    task = asyncio.create_task(decisions.run())
    try:

        async def listens() -> bool:
            return decisions.subscribed

        await eventually(listens)
        yield decisions
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        await redis.aclose()


async def test_a_decision_handled_on_one_replica_wakes_the_waiter_on_another(redis_url: str) -> None:
    async with replica(redis_url) as one, replica(redis_url) as other:
        # Publish/subscribe knows no databases: a job-api of another test that runs now calls out small numbers.
        job, another, third = (secrets.randbits(60) for _ in range(3))
        with one.expected(job) as woken, one.expected(another) as not_woken:
            clock = asyncio.get_running_loop().time
            began = clock()
            other.announce([third, job])
            await one.look_again(woken, seconds=FAR_DEADLINE_SECONDS)
            assert clock() - began < FAR_DEADLINE_SECONDS / 2
            assert not not_woken.is_set()
            # what it was woken for once does not wake it again
            await one.look_again(woken, seconds=0.05)


async def test_without_redis_a_waiter_looks_by_itself_in_short_steps() -> None:
    redis = build_redis(NOWHERE)
    decisions = Decisions(redis)
    clock = asyncio.get_running_loop().time
    with decisions.expected(7) as woken:
        began = clock()
        await decisions.look_again(woken, seconds=FAR_DEADLINE_SECONDS)
        assert 0.2 < clock() - began < FAR_DEADLINE_SECONDS / 2
        decisions.announce([7])  # in the same process, Redis or not
        assert woken.is_set()
    await redis.aclose()


async def test_jobs_are_taken_and_decided_while_redis_is_away(parts: StackAddresses) -> None:
    async with running_jobs_api(parts, redis_url=NOWHERE) as jobs_api:
        assert await answered(jobs_api.shop()) == 201


async def test_every_tenants_post_to_one_replica_is_answered_whichever_replica_hears_the_decision(parts: StackAddresses) -> None:
    async with running_jobs_api(parts) as one, one.second_replica() as other:
        clock = asyncio.get_running_loop().time
        shops = [service.shop() for service in (one, other) for _ in range(6)]
        began = clock()
        assert await asyncio.gather(*map(answered, shops)) == [201] * 12
        assert clock() - began < WAIT_SECONDS / 2, "somebody waited until its deadline"


async def answered(shop: Shop) -> int:
    """The status of a job's answer whose credits are held as soon as they are asked for."""
    answering = asyncio.create_task(shop.submit(request_body(1), prefer=LONG_WAIT))
    [(requested, _)] = await shop.requested()
    await shop.reserve(requested.job_id)
    return (await answering).status_code
