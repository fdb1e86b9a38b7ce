"""A tenant's frames in a real Redis: filed once, numbered without a hole, read again wholly or not at all."""

from collections.abc import AsyncIterator

import pytest
from darkroom_notifier.history import EventFrames, History, HistoryUnavailable
from darkroom_notifier.protocol import Position
from darkroom_notifier.redis_keys import history_keys
from redis.asyncio import Redis


@pytest.fixture
async def redis(redis_url: str) -> AsyncIterator[Redis]:
    async with Redis.from_url(redis_url) as client:
        yield client


@pytest.fixture
def history(redis: Redis) -> History:
    return History(redis, frames_kept=1000, seconds_kept=60)


def event(number: int, frames: int = 1) -> EventFrames:
    return EventFrames(f"event-{number}", tuple(f'"event":"e{number}.{part}"}}' for part in range(frames)))


async def offset(history: History, tenant: str) -> int:
    return (await history.resume(tenant, None)).position.offset


async def test_an_event_is_filed_once_however_often_it_comes(history: History, tenant: str) -> None:
    await history.append({tenant: [event(1, frames=2), event(2)]})
    await history.append({tenant: [event(1, frames=2), event(2), event(3), event(2)]})
    start = await history.resume(tenant, None)
    again = await history.resume(tenant, Position(start.position.epoch, 0))
    assert again.missed.messages == (
        '{"type":"event","offset":1,"event":"e1.0"}',
        '{"type":"event","offset":2,"event":"e1.1"}',
        '{"type":"event","offset":3,"event":"e2.0"}',
        '{"type":"event","offset":4,"event":"e3.0"}',
    )


async def test_tenants_are_numbered_apart(history: History, tenant: str, other_tenant: str) -> None:
    await history.append({tenant: [event(1), event(2)], other_tenant: [event(1)]})
    assert (await offset(history, tenant), await offset(history, other_tenant)) == (2, 1)


async def test_a_hole_in_what_is_kept_is_not_recovered_in_part(history: History, redis: Redis, tenant: str) -> None:
    await history.append({tenant: [event(number) for number in range(1, 6)]})
    epoch = (await history.resume(tenant, None)).position.epoch
    await redis.xdel(history_keys(tenant)[1], "3-0")
    assert (await history.resume(tenant, Position(epoch, 1))).recovered is False
    assert (await history.resume(tenant, Position(epoch, 3))).recovered is True


async def test_a_head_that_was_forgotten_alone_begins_anew(history: History, redis: Redis, tenant: str) -> None:
    await history.append({tenant: [event(1), event(2)]})
    before = (await history.resume(tenant, None)).position
    await redis.delete(history_keys(tenant)[0])
    await history.append({tenant: [event(2), event(3)]})
    after = (await history.resume(tenant, before)).position
    assert (after.epoch != before.epoch, after.offset) == (True, 2)


async def test_everything_kept_ends_by_itself(history: History, redis: Redis, tenant: str) -> None:
    await history.append({tenant: [event(1)]})
    assert all([await redis.ttl(key) > 0 for key in history_keys(tenant)])


async def test_without_redis_the_consumer_is_told_to_wait(tenant: str) -> None:
    async with Redis.from_url("redis://127.0.0.1:1") as nowhere:
        with pytest.raises(HistoryUnavailable) as unavailable:
            await History(nowhere, frames_kept=1, seconds_kept=1).append({tenant: [event(1)]})
    assert isinstance(unavailable.value, ConnectionError)
