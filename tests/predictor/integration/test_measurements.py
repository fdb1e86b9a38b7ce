"""The queue is told to everyone: places that come true, once a second at most, and nothing while nothing changes."""

from datetime import UTC, datetime

from darkroom_predictor.main import build
from darkroom_servicekit.queue_view import QueueView
from predictor.conftest import MakeSettings
from predictor.events import item_requested
from predictor.provider_double import ProviderDouble
from redis.asyncio import Redis
from support.kafka import Log
from support.service import eventually, running
from support.tasks import in_background

PROVIDER = "replicate"


async def test_whoever_reads_the_topic_knows_every_place(
    make_settings: MakeSettings, provider: ProviderDouble, log: Log, redis_url: str
) -> None:
    """Two slots, four calls that never end: the whale's first two go, all else waits in a known order."""
    view = QueueView(log.bootstrap, prefix=log.prefix, client_id="test")
    settings = make_settings(replicate_concurrency=2, replicate_cap_per_minute=61)
    async with in_background(view.run()), running(build(settings)):
        await log.publish(*(item_requested(instance_id="whale", job_id=1) for _ in range(12)))
        await eventually(lambda: _waits(view, "whale", {1: 10}))
        await log.publish(*(item_requested(instance_id="shop", job_id=2) for _ in range(2)))
        await log.publish(*(item_requested(instance_id="shop", job_id=3) for _ in range(3)))
        await eventually(lambda: _waits(view, "shop", {2: 2, 3: 3}))
        await eventually(lambda: _counts(view, 15))
        now = datetime.now(UTC)
        outlook = view.outlook("shop", PROVIDER)
        whale = view.outlook("whale", PROVIDER)
        newcomer = view.outlook("newcomer", PROVIDER)
        assert outlook
        assert whale
        assert newcomer
        places = {job: [one.position for one in outlook.of_job(job, count, now=now)] for job, count in {2: 2, 3: 3}.items()}
        first = outlook.of_job(2, 1, now=now)[0]

        async with Redis.from_url(redis_url) as redis:
            await redis.flushdb()
        await eventually(lambda: _epoch(view, 2), seconds=30)
        await eventually(lambda: _waits(view, "shop", {2: 2, 3: 3}))

    assert len(provider.arrivals) == 2
    # The clock stands at the whale's second start, where the shop entered, a step before the whale's third; of two that are
    # level the smaller name goes first: shop, shop, whale, shop, whale, shop, whale, shop, whale, and then whales alone.
    assert places == {2: [1, 4], 3: [2, 6, 8]}
    assert [one.position for one in whale.of_job(1, 10, now=now)] == [3, 5, 7, 9, *range(10, 16)]
    assert [one.position for one in newcomer.of_job(99, 2, now=now)] == [1, 3]
    assert first.waits_for == "turn"
    assert first.starts_at
    assert first.finishes_at
    # Two slots, three seconds each: 40 a minute is less than the cap; the first start of all is due now.
    assert outlook.queue.starts_per_minute == 40
    assert (first.finishes_at - first.starts_at).total_seconds() == 3


async def test_an_empty_queue_says_nothing_more(make_settings: MakeSettings, provider: ProviderDouble, log: Log) -> None:
    view = QueueView(log.bootstrap, prefix=log.prefix, client_id="test")
    async with in_background(view.run()), running(build(make_settings())):
        await log.publish(item_requested(instance_id="shop", job_id=2))
        await eventually(lambda: _arrived(provider, 1))
        await eventually(lambda: _known(view, "shop", False))
        outlook = view.outlook("shop", PROVIDER)

    assert outlook
    assert (outlook.queue.waiting, outlook.own.waiting, outlook.own.step) == (0, 0, 1_000_000)
    [foreseen] = outlook.of_job(7, 1, now=datetime.now(UTC))
    assert foreseen.position == 1


async def _waits(view: QueueView, tenant: str, jobs: dict[int, int]) -> bool:
    return {job: waiting for _, job, waiting in view.waiting_jobs(tenant)} == jobs


async def _counts(view: QueueView, waiting: int) -> bool:
    outlook = view.outlook("anyone", PROVIDER)
    return outlook is not None and outlook.queue.waiting == waiting


async def _epoch(view: QueueView, epoch: int) -> bool:
    outlook = view.outlook("anyone", PROVIDER)
    return outlook is not None and outlook.queue.epoch == epoch


async def _known(view: QueueView, tenant: str, wanted: bool) -> bool:
    outlook = view.outlook("anyone", PROVIDER)
    return outlook is not None and outlook.queue.in_flight == 1 and bool(view.waiting_jobs(tenant)) is wanted


async def _arrived(provider: ProviderDouble, count: int) -> bool:
    return len(provider.arrivals) == count
