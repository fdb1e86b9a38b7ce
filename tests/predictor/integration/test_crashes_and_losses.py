"""Replicas killed around the paid call, Redis wiped, the queue refilled, the cap shared: by the provider's own count."""

import asyncio
import os
import signal
import sys
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from darkroom_cli.stack.redis import program as redis_program
from darkroom_contracts.predictions import PredictionCreated
from darkroom_predictor.main import build
from darkroom_predictor.settings import PredictorSettings
from predictor.conftest import MakeSettings
from predictor.events import item_requested
from predictor.integration.test_cancel import write
from predictor.integration.test_how_calls_end import first
from predictor.integration.test_limits_and_answers import headers
from predictor.provider_double import Arrival, ProviderDouble, never
from redis.asyncio import Redis
from starlette.responses import Response
from support.kafka import Log
from support.ports import free_port
from support.service import eventually, running

WINDOW_SECONDS, GRANT_SECONDS_MAX = 1.0, 2.0
"""An arrival is seen late where this machine is slow: only one that is later than D could make the cap look broken."""


@asynccontextmanager
async def process(settings: PredictorSettings) -> AsyncIterator[asyncio.subprocess.Process]:
    """The service as a process of its own, killed hard at the end."""
    environ = {
        f"DARKROOM_{name.upper()}": str(value)
        for name, value in settings.model_dump(exclude_none=True).items()
        if name not in {"http_port"}
    }
    started = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "darkroom_predictor", env={**os.environ, **environ, "DARKROOM_HTTP_PORT": "0"}
    )
    try:
        yield started
    finally:
        if started.returncode is None:
            started.send_signal(signal.SIGKILL)
        await started.wait()


@asynccontextmanager
async def started(settings: PredictorSettings) -> AsyncIterator[None]:
    """The service in this process, without waiting until Kafka has let go of the dead replica's partitions (10 s)."""
    app = build(settings)
    async with app.router.lifespan_context(app):
        yield


async def arrived(provider: ProviderDouble, count: int) -> None:
    await eventually(lambda: asyncio.sleep(0, len(provider.arrivals) >= count), seconds=90)


async def test_killed_after_the_call_arrived_the_prediction_is_found_and_not_doubled(
    make_settings: MakeSettings, provider: ProviderDouble, log: Log
) -> None:
    provider.after = never
    async with process(make_settings()):
        await log.publish(item_requested())
        await arrived(provider, 1)

    provider.after = None
    async with started(make_settings()):
        [created] = await first(log, PredictionCreated)

    assert created.prediction_id == provider.arrivals[0].prediction
    assert created.attempt == 1
    assert len(provider.arrivals) == 1


async def test_killed_between_the_attempt_row_and_the_call_the_item_is_called_once(
    make_settings: MakeSettings, provider: ProviderDouble, log: Log
) -> None:
    provider.answer = never
    async with process(make_settings()):
        await log.publish(item_requested())
        await arrived(provider, 1)

    # To the one who looks afterwards it is as if the call had never left: nothing was made of it.
    provider.answer = None
    async with started(make_settings(unknown_settle_seconds=0.5)):
        [created] = await first(log, PredictionCreated)

    assert created.attempt == 2
    assert [arrival.prediction for arrival in provider.arrivals] == [None, "p0"]


async def test_another_replica_settles_what_a_dead_one_left_when_its_lease_has_run_out(
    make_settings: MakeSettings, provider: ProviderDouble, log: Log
) -> None:
    provider.after = never
    async with process(make_settings(replica="dead", call_lease_seconds=1.0)):
        await log.publish(item_requested())
        await arrived(provider, 1)

    provider.after = None
    async with started(make_settings(replica="alive")):
        [created] = await first(log, PredictionCreated)

    assert created.prediction_id == provider.arrivals[0].prediction
    assert len(provider.arrivals) == 1


async def test_two_replicas_share_one_exact_cap_and_double_nothing(
    make_settings: MakeSettings, provider: ProviderDouble, log: Log
) -> None:
    scaled = {"window_seconds": WINDOW_SECONDS, "grant_seconds_max": GRANT_SECONDS_MAX, "replicate_cap_per_minute": 20}
    items = [item_requested(instance_id=f"shop-{number % 5}", job_id=number % 5) for number in range(50)]

    async with running(build(make_settings(replica="one", **scaled))), running(build(make_settings(replica="two", **scaled))):
        await log.publish(*items)
        await arrived(provider, 50)

    assert provider.most_within(WINDOW_SECONDS) <= 20
    prompts = Counter(arrival.body["input"]["prompt"] for arrival in provider.arrivals)
    assert set(prompts.values()) == {1}
    assert len(prompts) == 50


async def test_a_wiped_redis_is_rebuilt_without_a_call_beyond_the_cap(
    make_settings: MakeSettings, provider: ProviderDouble, log: Log, redis_url: str
) -> None:
    scaled = {"window_seconds": WINDOW_SECONDS, "grant_seconds_max": GRANT_SECONDS_MAX, "replicate_cap_per_minute": 15}
    items = [item_requested(instance_id=f"shop-{number % 3}", job_id=number % 3) for number in range(45)]

    async with running(build(make_settings(**scaled))), Redis.from_url(redis_url) as redis:
        await log.publish(*items)
        for seen in (12, 25, 40):
            await arrived(provider, seen)
            await redis.flushdb()
        await arrived(provider, 45)

    assert provider.most_within(WINDOW_SECONDS) <= 15
    prompts = Counter(arrival.body["input"]["prompt"] for arrival in provider.arrivals)
    assert len(prompts) == 45
    assert set(prompts.values()) == {1}


async def test_a_restart_finds_the_queue_in_the_table_even_when_redis_is_empty(
    make_settings: MakeSettings, provider: ProviderDouble, log: Log, redis_url: str
) -> None:
    async with running(build(make_settings(replicate_concurrency=1))), Redis.from_url(redis_url) as redis:
        await log.publish(*(item_requested() for _ in range(20)))
        await first(log, PredictionCreated)
        await redis.flushdb()

    async with running(build(make_settings(replicate_concurrency=100))):
        await arrived(provider, 20)

    assert len(provider.arrivals) == 20


async def test_a_hint_that_redis_never_got_is_repaired_from_the_table(
    make_settings: MakeSettings, provider: ProviderDouble, log: Log, redis_url: str, predictor_database: str
) -> None:
    release = asyncio.Event()

    async def wait_for_release(_arrival: Arrival) -> Response | None:
        await release.wait()
        return None

    provider.answer = wait_for_release
    settings = make_settings(replicate_concurrency=1, repair_every_seconds=0.5)
    async with running(build(settings)) as client, Redis.from_url(redis_url) as redis:
        await log.publish(*(item_requested() for _ in range(3)))
        await arrived(provider, 1)
        await eventually(lambda: _waiting(redis, 2))
        (queued,) = [key async for key in redis.scan_iter("*:queued:*")]
        lost = ("*:queued:*", "*:ready", "*:job:*", "*:jobs:*", "*:tenant:*")
        await redis.delete(*[key for name in lost async for key in redis.scan_iter(name)])
        # Two that are too many for the two that are missing: the counts agree.
        await redis.sadd(queued, 1_000_001, 1_000_002)
        await client.put("/api/operator/limits/all", json={"concurrency": 10}, headers=headers("operator"))
        release.set()
        # What has changed only just now may be on its way yet; this has not.
        await write(predictor_database, "UPDATE queue_items SET queued_at = queued_at - interval '1 minute'")
        await arrived(provider, 3)

    assert len(provider.arrivals) == 3


async def _waiting(redis: Redis, items: int) -> bool:
    """Whether so many items are filed in Redis."""
    return [await redis.hget(key, "queued") async for key in redis.scan_iter("*:state")] == [str(items).encode()]


async def test_redis_killed_hard_and_started_again_is_waited_for_and_the_cap_is_kept(
    make_settings: MakeSettings, provider: ProviderDouble, log: Log, tmp_path: Path
) -> None:
    port = free_port()
    scaled = {"window_seconds": WINDOW_SECONDS, "grant_seconds_max": GRANT_SECONDS_MAX, "replicate_cap_per_minute": 10}
    settings = make_settings(redis_url=f"redis://127.0.0.1:{port}/0", repair_every_seconds=1.0, **scaled)
    server = await start_redis(port, tmp_path)
    try:
        async with running(build(settings)) as client:
            await log.publish(*(item_requested(instance_id=f"shop-{number % 3}", job_id=number % 3) for number in range(30)))
            for seen in (8, 16):
                await arrived(provider, seen)
                server.kill()
                await server.wait()
                assert (await client.get("/readyz")).status_code == 503
                server = await start_redis(port, tmp_path)
            await arrived(provider, 30)
    finally:
        server.kill()
        await server.wait()

    assert provider.most_within(WINDOW_SECONDS) <= 10
    prompts = Counter(arrival.body["input"]["prompt"] for arrival in provider.arrivals)
    assert len(prompts) == 30
    assert set(prompts.values()) == {1}


async def start_redis(port: int, folder: Path) -> asyncio.subprocess.Process:
    """A Redis of one's own that keeps its data, so that it may be killed."""
    options = ("--port", str(port), "--dir", str(folder), "--appendonly", "yes", "--save", "")
    return await asyncio.create_subprocess_exec(str(redis_program()), *options, stdout=asyncio.subprocess.DEVNULL)
