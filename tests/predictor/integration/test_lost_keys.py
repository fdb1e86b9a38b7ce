"""Keys that Redis has lost one by one: found by the repair, and never a second cap."""

import asyncio
import itertools
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest
from darkroom_predictor.fair_queue import FairQueue, Hints, LimiterClosed, LimiterRefused, Place, RememberedAttempt, mark_of
from darkroom_predictor.limits import AccountLimits
from darkroom_predictor.limits_store import LimitsTable
from darkroom_predictor.main import build
from darkroom_predictor.terms import Terms
from predictor.conftest import MakeSettings
from predictor.events import item_requested
from predictor.integration.test_crashes_and_losses import start_redis
from predictor.limiter_world import LIMITS, PROVIDER, LimiterWorld, limiter_world
from predictor.provider_double import ProviderDouble
from redis.asyncio import Redis
from redis.exceptions import RedisError
from support.kafka import Log
from support.ports import free_port
from support.service import eventually

SPACE = "darkroom:predictor:{double}:limiter:1:"

_names = itertools.count(1)


@pytest.fixture
async def world(predictor_database: str, redis_url: str) -> AsyncIterator[LimiterWorld]:
    async with limiter_world(predictor_database, redis_url) as found:
        yield found


@pytest.fixture
async def redis(redis_url: str) -> AsyncIterator[Redis]:
    async with Redis.from_url(redis_url) as client:
        yield client


def attempts(count: int) -> list[str]:
    return [f"attempt-{next(_names)}" for _ in range(count)]


@pytest.mark.parametrize("lost", ["log:a", "slots:a", "state"])
async def test_what_counts_the_calls_is_never_missed_in_silence(lost: str, redis: Redis, redis_url: str) -> None:
    one, other = (FairQueue(redis_url, "double", window_seconds=60, grant_seconds_max=1) for _ in range(2))
    await one.set_accounts(1, [AccountLimits(account="a", cap=5, burst=5, slots=5)])
    await one.open(1)
    await one.file(1, [(Place("shop", 1, item), 0.0) for item in range(1, 21)])
    one.enter(1)
    other.enter(1)
    assert len((await one.take(attempts(10), ["a"])).grants) == 5

    assert await redis.delete(SPACE + lost) == 1

    with pytest.raises(LimiterClosed, match="lost"):
        await one.take(attempts(10), ["a"])
    with pytest.raises(LimiterClosed):
        await other.take(attempts(10), ["a"])
    await one.close()
    await other.close()


async def test_a_log_that_grows_shorter_by_time_alone_is_not_lost(redis: Redis, redis_url: str) -> None:
    queue = FairQueue(redis_url, "double", window_seconds=0.05, grant_seconds_max=0.05)
    await queue.set_accounts(1, [AccountLimits(account="a", cap=2, burst=2, slots=100)])
    await queue.open(1)
    await queue.file(1, [(Place("shop", 1, item), 0.0) for item in range(1, 21)])
    queue.enter(1)
    granted = 0

    async def all_granted() -> bool:
        nonlocal granted
        granted += len((await queue.take(attempts(2), ["a"])).grants)
        await queue.figures(["a"])
        return granted == 20

    await eventually(all_granted)
    await queue.close()


@pytest.mark.parametrize(
    "lost",
    [
        *("queued:*", "jobs:*", "job:*", "tenant:*", "ready", "resting", "delayed", "waiting", "tenants", "live", "running"),
        *("running_models", "model_slots"),
    ],
)
async def test_whatever_is_lost_of_the_queue_everything_waits_again_after_repairs(
    lost: str, world: LimiterWorld, redis: Redis
) -> None:
    await world.add("ant", 1, 1)
    await world.add("ant", 2, 2, 3, 4)
    await world.add("bee", 3, 5, 6, delay_seconds=1000.0)
    await world.add("cat", 4, 7)
    rows = [("ant", 1, 1), ("ant", 2, 2), ("ant", 2, 3), ("ant", 2, 4), ("bee", 3, 5), ("bee", 3, 6), ("cat", 4, 7)]
    places = [Place(tenant, job, item, mark=mark_of("m")) for tenant, job, item in rows]
    queue, limiter = world.replica()
    await LimitsTable(world.unit_of_work, PROVIDER, defaults=LIMITS).set_model("m", 90, by="test")
    await limiter.ensure_open()
    await queue.set_tenants(1, [Terms(instance_id="cat", paused=True, revision=1)])
    await queue.remember(1, [RememberedAttempt("a", "earlier", None, True, "ant", "m")])
    keys = [key async for key in redis.scan_iter(match=SPACE + lost)]
    assert await redis.delete(*keys) == len(keys) > 0

    async def is_whole() -> bool:
        await limiter.repair()
        return await limiter.upkeep.missing(places) == set() and await limiter.upkeep.lost() == []

    await eventually(is_whole)
    await limiter.repair()
    figures = await queue.figures(["a"])
    assert figures.length == 7
    granted = {grant.place.item_id for grant in (await queue.take(attempts(10), ["a"])).grants}
    assert {1, 2, 3, 4} <= granted <= {1, 2, 3, 4, 7}
    await queue.close()


async def test_a_queue_that_has_lost_nothing_is_left_alone(world: LimiterWorld) -> None:
    for job in range(1, 40):
        await world.add(f"shop-{job % 3}", job, *range(100 * job, 100 * job + job % 4 + 1))
    queue, limiter = world.replica()
    await limiter.ensure_open()
    taken = (await queue.take(attempts(5), ["a"])).grants
    await queue.tell(Hints(given_back=[(one.place, one.attempt_id) for one in taken]))

    assert await limiter.repair() == 0
    assert queue.epoch == 1
    weights = await limiter.upkeep.weigh()
    assert weights.queued == weights.standing == (await queue.figures(["a"])).length
    await queue.close()


async def test_what_older_epochs_left_is_removed_after_the_opening_and_nothing_else(world: LimiterWorld, redis: Redis) -> None:
    await world.add("ant", 1, 1, 2)
    queue, limiter = world.replica()
    await limiter.ensure_open()
    await limiter.upkeep.shut("this test")
    await limiter.ensure_open()
    older = [key async for key in redis.scan_iter(match=SPACE + "*")]
    newer = SPACE.replace(":1:", ":3:") + "queued:0"
    await redis.sadd(newer, 1)

    await limiter.repair()

    assert older
    assert [key async for key in redis.scan_iter(match=SPACE + "*")] == []
    assert await redis.exists(newer) == 1
    assert len((await queue.take(attempts(5), ["a"])).grants) == 2
    await queue.close()


async def test_an_older_version_stays_closed_beside_a_newer_one_and_says_so(world: LimiterWorld, redis: Redis) -> None:
    queue, limiter = world.replica()
    await limiter.ensure_open()
    await redis.hset(SPACE[:-3], "format", 99)
    older, older_limiter = world.replica()

    with pytest.raises(LimiterRefused, match="newer version"):
        await older_limiter.ensure_open()

    assert "newer version" in (older_limiter.refusal or "")
    assert older.epoch is None
    async with world.unit_of_work.begin() as transaction:
        await transaction.execute("UPDATE limiters SET format = 99", {})
    await redis.flushdb()
    with pytest.raises(LimiterRefused, match="newer than this one"):
        await older_limiter.ensure_open()
    await queue.close()
    await older.close()


async def test_a_redis_that_may_evict_keys_is_refused_until_it_may_not(
    make_settings: MakeSettings, provider: ProviderDouble, log: Log, tmp_path: Path
) -> None:
    port = free_port()
    url = f"redis://127.0.0.1:{port}/0"
    server = await start_redis(port, tmp_path)
    try:
        async with Redis.from_url(url) as redis:
            await eventually(lambda: _answers(redis))
            await redis.config_set("maxmemory-policy", "allkeys-lru")
            app = build(make_settings(redis_url=url))
            transport = httpx.ASGITransport(app)
            async with app.router.lifespan_context(app), httpx.AsyncClient(transport=transport, base_url="http://s") as client:
                await log.publish(item_requested())

                async def says_so() -> bool:
                    answer = await client.get("/readyz")
                    return answer.status_code == 503 and "maxmemory-policy is allkeys-lru" in answer.text

                await eventually(says_so)
                assert provider.arrivals == []
                await redis.config_set("maxmemory-policy", "noeviction")
                await eventually(lambda: asyncio.sleep(0, len(provider.arrivals) == 1))
                assert (await client.get("/readyz")).status_code == 200
    finally:
        server.kill()
        await server.wait()


async def _answers(redis: Redis) -> bool:
    try:
        return bool(await redis.ping())
    except RedisError:
        return False
