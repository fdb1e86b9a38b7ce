"""When the limiter is open, and its figures through the running service."""

import re
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from darkroom_predictor.fair_queue import FairQueue, Hints, LimiterClosed, Place
from darkroom_predictor.limits import AccountLimits
from darkroom_predictor.main import build
from darkroom_predictor.terms import Terms
from darkroom_servicekit.auth import make_jwt
from predictor.conftest import MakeSettings
from predictor.events import item_requested
from predictor.provider_double import ProviderDouble
from redis.asyncio import Redis
from support.kafka import Log
from support.service import eventually, running

LIMITS = [AccountLimits(account="a", cap=100, burst=100, slots=100)]


async def opened(redis_url: str, epoch: int) -> FairQueue:
    queue = FairQueue(redis_url, "double", window_seconds=60, grant_seconds_max=1)
    await queue.set_accounts(epoch, LIMITS)
    await queue.open(epoch)
    queue.enter(epoch)
    return queue


async def test_a_queue_that_was_never_opened_grants_nothing(redis_url: str) -> None:
    queue = FairQueue(redis_url, "double", window_seconds=60, grant_seconds_max=1)
    with pytest.raises(LimiterClosed):
        await queue.take(["1"], ["a"])
    queue.enter(7)
    with pytest.raises(LimiterClosed):
        await queue.take(["1"], ["a"])
    await queue.close()


async def test_a_replica_with_an_old_epoch_can_grant_and_disturb_nothing(redis_url: str) -> None:
    old, new = await opened(redis_url, 1), await opened(redis_url, 2)
    await new.file(2, [(Place("shop", 1, 1), 0.0)])

    with pytest.raises(LimiterClosed):
        await old.take(["1"], ["a"])
    with pytest.raises(LimiterClosed):
        await old.file(1, [(Place("shop", 1, 2), 0.0)])
    with pytest.raises(LimiterClosed):
        await old.open(1)

    assert [grant.place.item_id for grant in (await new.take(["1", "2"], ["a"])).grants] == [1]
    await old.close()
    await new.close()


async def test_another_redis_process_behind_the_same_address_closes_it(redis_url: str) -> None:
    first = await opened(redis_url, 1)
    await first.file(1, [(Place("shop", 1, 1), 0.0)])
    async with Redis.from_url(redis_url) as redis:
        # As after a restart from its own file: all keys are there, but it is not the process that was opened.
        await redis.hset("darkroom:predictor:{double}:limiter", "run_id", "another")

    second = FairQueue(redis_url, "double", window_seconds=60, grant_seconds_max=1)
    second.enter(1)

    with pytest.raises(LimiterClosed):
        await second.take(["1"], ["a"])
    assert not await second.is_open(1)
    await first.close()
    await second.close()


async def test_what_another_version_kept_in_another_way_is_not_read(redis_url: str) -> None:
    queue = await opened(redis_url, 1)
    assert await queue.is_open(1)
    async with Redis.from_url(redis_url) as redis:
        await redis.hdel("darkroom:predictor:{double}:limiter", "format")
    assert not await queue.is_open(1)
    await queue.close()


async def two_providers(redis_url: str, terms: Terms) -> list[FairQueue]:
    """Two providers' queues, each with ten items of one shop."""
    names = ("double", "other")
    queues = [FairQueue(redis_url, name, window_seconds=60, grant_seconds_max=1, others=names) for name in names]
    for queue in queues:
        await queue.set_accounts(1, LIMITS)
        await queue.set_tenants(1, [terms])
        await queue.open(1)
        queue.enter(1)
        await queue.file(1, [(Place("shop", 1, item), 0.0) for item in range(1, 11)])
    return queues


async def test_a_tenants_own_cap_counts_over_all_providers(redis_url: str) -> None:
    one, other = await two_providers(redis_url, Terms(instance_id="shop", own_cap=5, revision=1))

    taken = [len((await queue.take(["1", "2", "3"], ["a"])).grants) for queue in (one, other, one)]
    blocked = await other.take(["4"], ["a"])

    assert taken == [3, 2, 0]
    assert blocked.wait_seconds is not None
    assert 0 < blocked.wait_seconds <= 61
    await one.close()
    await other.close()


async def test_a_tenants_own_slots_count_over_all_providers_and_are_seen_again(redis_url: str) -> None:
    one, other = await two_providers(redis_url, Terms(instance_id="shop", concurrency=4, revision=1))

    first = (await one.take(["1", "2", "3"], ["a"])).grants
    second = (await other.take(["4", "5", "6"], ["a"])).grants
    assert (len(first), len(second)) == (3, 1)
    await one.tell(Hints(released=[(grant.account, grant.attempt_id) for grant in first]))

    async def goes_on() -> bool:
        return bool((await other.take(["7"], ["a"])).grants)

    await eventually(goes_on)
    await one.close()
    await other.close()


async def test_the_figures_of_the_running_service(make_settings: MakeSettings, provider: ProviderDouble, log: Log) -> None:
    settings = make_settings(replicate_concurrency=3, replicate_api_tokens="replicate-1=r8_one, replicate-2=r8_two")
    token = make_jwt("shop-1", key=settings.jwt_secret or "", now=datetime.now(UTC), ttl=timedelta(minutes=5))
    path = "/api/replicate-rate-limiter/stats"
    async with running(build(settings)) as client:
        await log.publish(*(item_requested() for _ in range(10)))
        found: list[dict[str, Any]] = []

        async def all_filed() -> bool:
            found[:] = [(await client.get(path, headers={"Authorization": f"Bearer {token}"})).json()]
            return len(provider.arrivals) == 6 and bool(found[0]["rateLimiter"]["queueLength"] == 4)

        await eventually(all_filed)
        [body] = found
        stranger = await client.get(path)

    assert stranger.status_code == 401
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", body.pop("timestamp"))
    assert body == {
        "status": "ok",
        "rateLimiter": {"queueLength": 4, "requestsInLastMinute": 6, "maxRPM": 900, "rpmUsagePercent": 0.7},
        "health": {"queueHealthy": True, "rpmHealthy": True},
    }
