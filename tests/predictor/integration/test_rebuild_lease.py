"""One replica rebuilds at a time, and one that freezes while it does holds up the others no longer than its lease."""

import asyncio
from collections.abc import AsyncIterator
from datetime import datetime
from time import monotonic

import pytest
from darkroom_predictor.fair_queue import FORMAT, LimiterClosed, Place
from darkroom_predictor.limits import AccountLimits
from darkroom_predictor.queue_store import QueueTable
from darkroom_predictor.rebuild_lease import RebuildLease
from predictor.limiter_world import PROVIDER, LimiterWorld, limiter_world
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError
from support.service import eventually

OLD_NEXT_EPOCH = """
    INSERT INTO limiters AS l (provider, epoch, changed_at) VALUES (:provider, 1, clock_timestamp())
    ON CONFLICT (provider) DO UPDATE SET epoch = l.epoch + 1, changed_at = clock_timestamp() RETURNING epoch
"""
"""What versions of format 2 do."""


CALLED = """
    INSERT INTO attempts (id, item_id, number, provider, account, limiter_epoch, callback_token_sha256, owner, lease_until, state)
    SELECT gen_random_uuid(), item, 1, 'double', 'a', :epoch, 'digest', 'one:1', clock_timestamp(), 'DONE'
    FROM unnest(CAST(:items AS bigint[])) AS item
"""


class FrozenLease(RebuildLease):
    """Of a process that is frozen: it is not renewed."""

    async def _renew(self, owner: str) -> None:
        await asyncio.Event().wait()


async def ends_at(world: LimiterWorld) -> datetime:
    """When the lease runs out."""
    async with world.unit_of_work.read() as connection:
        found: datetime = (await connection.execute(text("SELECT expires_at FROM limiter_leases"))).scalar_one()
        return found


@pytest.fixture
async def world(predictor_database: str, redis_url: str) -> AsyncIterator[LimiterWorld]:
    async with limiter_world(predictor_database, redis_url) as found:
        yield found


async def test_a_replica_that_freezes_in_a_rebuild_holds_nobody_up_and_harms_nothing_when_it_wakes(world: LimiterWorld) -> None:
    frozen, thawed = asyncio.Event(), asyncio.Event()

    class FreezesHere(QueueTable):
        async def page(self, *, after: int, limit: int, older_seconds: float = 0.0) -> list[tuple[int, Place, float]]:
            found = await super().page(after=after, limit=limit, older_seconds=older_seconds)
            frozen.set()
            await thawed.wait()
            return found

    await world.add("shop", 1, 1, 2, 3)
    first, first_limiter = world.replica(
        queue_table=FreezesHere, lease=FrozenLease(world.unit_of_work, PROVIDER, guarded_seconds=61, lease_seconds=0.5)
    )
    second, second_limiter = world.replica()
    rebuilding = asyncio.create_task(first_limiter.ensure_open())
    await asyncio.wait([rebuilding, asyncio.create_task(frozen.wait())], return_when=asyncio.FIRST_COMPLETED)
    assert not rebuilding.done()

    await second_limiter.ensure_open()

    assert (first.epoch, second.epoch) == (None, 2)
    taken = (await second.take(["1"], ["a"])).grants
    thawed.set()
    with pytest.raises(LimiterClosed):
        await rebuilding
    assert [one.place.item_id for one in taken + (await second.take(["2", "3", "4"], ["a"])).grants] == [1, 2, 3]
    await first_limiter.ensure_open()
    assert first.epoch == 2
    await first.close()
    await second.close()


async def test_limits_that_a_frozen_replica_read_long_ago_do_not_come_back(world: LimiterWorld) -> None:
    queue, limiter = world.replica()
    await limiter.ensure_open()
    async with RebuildLease(world.unit_of_work, PROVIDER, guarded_seconds=61).held() as older:
        pass
    await limiter.apply_limits()

    [known] = (await queue.figures(["a"])).accounts
    await queue.set_accounts(1, [AccountLimits(account="a", cap=7, burst=7, slots=7)], order=older.token)

    assert (await queue.figures(["a"])).accounts == [known]
    await queue.close()


async def test_a_holder_that_lives_keeps_its_lease_and_the_next_waits(world: LimiterWorld) -> None:
    first = RebuildLease(world.unit_of_work, PROVIDER, guarded_seconds=61)
    order: list[str] = []

    async def hold() -> None:
        async with RebuildLease(world.unit_of_work, PROVIDER, guarded_seconds=61).held():
            order.append("second")

    async with first.held():
        waiting = asyncio.create_task(hold())
        begun = await ends_at(world)

        async def is_renewed() -> bool:
            return await ends_at(world) > begun

        await eventually(is_renewed)
        order.append("first")
    await waiting
    assert order == ["first", "second"]


async def test_a_version_that_does_not_name_its_format_begins_no_epoch(world: LimiterWorld) -> None:
    queue, limiter = world.replica()
    await limiter.ensure_open()

    with pytest.raises(IntegrityError):
        async with world.unit_of_work.begin() as transaction:
            await transaction.execute(OLD_NEXT_EPOCH, {"provider": PROVIDER})

    assert FORMAT > 2
    await queue.take(["1"], ["a"])
    await queue.close()


@pytest.mark.parametrize("restarted", [False, True])
async def test_a_database_whose_clock_was_set_forward_gives_no_second_cap_to_a_rebuilt_limiter(
    world: LimiterWorld, restarted: bool
) -> None:
    """As when a machine with Redis and PostgreSQL comes back, and its clock is set: the rebuild must not believe the ages."""
    await world.add("shop", 1, *range(1, 301))
    shift = [0.0]
    lease = RebuildLease(world.unit_of_work, PROVIDER, guarded_seconds=61, watch=lambda: monotonic() - shift[0])
    queue, limiter = world.replica(lease=lease)
    await limiter.ensure_open()
    async with world.unit_of_work.begin() as transaction:
        # A hundred calls, just now: the whole cap.
        await transaction.execute(CALLED, {"items": list(range(1, 101)), "epoch": 1})
        # An hour forward is the same as all that was written being an hour older.
        await transaction.execute("UPDATE attempts SET granted_at = granted_at - interval '1 hour'")
        await transaction.execute("UPDATE limiter_leases SET seen_at = seen_at - interval '1 hour'")
    await limiter.upkeep.shut("this test")
    if restarted:
        await queue.close()
        queue, limiter = world.replica()
    else:
        shift[0] = 3600.0
    await limiter.ensure_open()

    assert (await queue.take([f"later-{number}" for number in range(50)], ["a"])).grants == []
    await queue.close()
