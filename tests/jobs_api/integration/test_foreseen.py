"""Places and times that the API tells, from measurements of the queue that say so; worked out by hand."""

from datetime import UTC, datetime, timedelta
from typing import Any

from darkroom_contracts.queue import Lane, ProviderQueue, QueueLine, QueueMeasured, TenantPlace, TenantQueueMeasured
from darkroom_contracts.topics import PLATFORM_KEY
from darkroom_servicekit.queue_view import Outlook
from support.jobs_api import JOBS, JobsApi, Shop, completed, created, request_body, running_jobs_api, started
from support.service import eventually
from support.stack import StackAddresses

UNIT = 1_000_000
MEASURED_AT = datetime(2100, 1, 1, tzinfo=UTC)
"""Far from now, so that no time is overtaken by the test."""


async def test_the_api_tells_places_and_times_as_the_queue_stands(parts: StackAddresses) -> None:
    async with running_jobs_api(parts) as jobs_api:
        shop = jobs_api.shop()
        before = await shop.post("/api/quote", request_body(2))
        assert before.json()["queuePosition"] is None
        job, items = await shop.running_job(3)
        other, _ = await shop.running_job(2)
        undecided = (await shop.submit(request_body(1))).json()["job"]["id"]
        await shop.say(started(items[0]), created(items[0]))
        await eventually(lambda: _has(shop, job, "PROCESSING"))

        # 30 a minute: one each two seconds. A whale of a hundred, level with the shop's two jobs, of which one has begun.
        await _measure(jobs_api, shop, jobs=((job, 2), (other, 2)), whale=100)
        await eventually(lambda: _knows(shop, job))
        detail, beside = await shop.detail(job), await shop.detail(other)
        listed = {one["id"]: one for one in (await shop.get(f"{JOBS}/jobs")).json()["jobs"]}
        quote = (await shop.post("/api/quote", request_body(2))).json()
        stranger = (await jobs_api.shop().post("/api/quote", request_body(1))).json()

        await _measure(jobs_api, shop, jobs=((job, 2), (other, 2)), whale=100, paused=True)
        await eventually(lambda: _waits_for(shop, job, "own-cap"))
        paused = await shop.detail(job)
        await _measure(jobs_api, shop, jobs=((job, 2), (other, 2)), whale=100, starts_per_minute=0)
        await eventually(lambda: _waits_for(shop, job, "studio"))
        closed = await shop.detail(job)
        await shop.say(*(event for item in items for event in (started(item), created(item), completed(item))))
        await eventually(lambda: _has(shop, job, "DONE", count=3))
        done = await shop.detail(job)

    # The shop's turns: job, other, job, other; the whale's between them, before each (its name is smaller, its tag the same).
    assert [_seen(item) for item in detail["items"]] == [(None, None, "studio"), (2, 2, "turn"), (6, 10, "turn")]
    assert (detail["job"]["position"], _seconds(detail["job"]["expectedFinishAt"])) == (2, 10 + 5)
    assert [_seen(item) for item in beside["items"]] == [(4, 6, "turn"), (8, 14, "turn")]
    assert (listed[job]["position"], _seconds(listed[job]["expectedFinishAt"])) == (2, 15)
    assert (listed[other]["position"], _seconds(listed[other]["expectedFinishAt"])) == (4, 19)
    assert "position" not in listed[undecided]
    # A new job's first picture goes after one of each other job, its second after all of theirs.
    assert (quote["queuePosition"], _seconds(quote["expectedStartAt"]), _seconds(quote["expectedFinishAt"])) == (6, 10, 27)
    assert quote["queuePosition"] < quote["price"]
    assert stranger["queuePosition"] in {1, 2, 3}, "a shop that waits nowhere enters at the clock"
    assert [_seen(item) for item in paused["items"]] == [(None, None, "studio"), (2, None, "own-cap"), (6, None, "own-cap")]
    assert "expectedFinishAt" not in paused["job"]
    assert [_seen(item)[1:] for item in closed["items"]] == [(None, "studio")] * 3
    assert all(name not in one for one in (done["job"], *done["items"]) for name in ("position", "waitsFor", "expectedStartAt"))


def test_a_job_of_thousands_is_placed_at_once() -> None:
    place = TenantPlace(provider="p", epoch=1, tag=0, step=UNIT, waiting=5000, fresh=Lane(jobs=((1, 5000),)))
    own, other = (QueueLine(tenant=name, tag=0, step=UNIT, waiting=count) for name, count in (("shop", 5000), ("a-whale", 1000)))
    queue = ProviderQueue(
        provider="p", epoch=1, virtual=0, starts_per_minute=60, usual_seconds=5, waiting=6000, in_flight=0, lines=(own, other)
    )

    foreseen = Outlook("shop", MEASURED_AT, queue, place).of_job(1, 5000, now=MEASURED_AT)

    real = [2 * (index + 1) if index < 1000 else index + 1001 for index in range(5000)]
    assert max(abs(one.position - exact) for one, exact in zip(foreseen, real, strict=True)) <= 40
    assert [one.position for one in foreseen] == sorted(one.position for one in foreseen)


async def _measure(
    jobs_api: JobsApi,
    shop: Shop,
    *,
    jobs: tuple[tuple[int, int], ...],
    whale: int,
    starts_per_minute: float = 30,
    paused: bool = False,
) -> None:
    waiting = sum(count for _, count in jobs)
    alone = QueueLine(tenant=shop.instance_id, tag=0, step=UNIT, waiting=waiting)
    queue = ProviderQueue(
        provider="replicate",
        epoch=1,
        virtual=0,
        starts_per_minute=starts_per_minute,
        usual_seconds=5,
        waiting=whale + waiting,
        in_flight=1,
        lines=(QueueLine(tenant="a-whale", tag=0, step=UNIT, waiting=whale), *(() if paused else (alone,))),
    )
    place = TenantPlace(provider="replicate", epoch=1, tag=0, step=UNIT, waiting=waiting, paused=paused, fresh=Lane(jobs=jobs))
    await jobs_api.log.publish(
        TenantQueueMeasured(instance_id=shop.instance_id, measured_at=MEASURED_AT, places=(place,)),
        QueueMeasured(instance_id=PLATFORM_KEY, measured_at=MEASURED_AT, queues=(queue,)),
    )


def _seen(item: dict[str, Any]) -> tuple[int | None, float | None, str | None]:
    starts = item.get("expectedStartAt")
    return item.get("position"), None if starts is None else _seconds(starts), item.get("waitsFor")


def _seconds(at: str) -> float:
    return (datetime.fromisoformat(at) - MEASURED_AT) / timedelta(seconds=1)


async def _has(shop: Shop, job: int, status: str, *, count: int = 1) -> bool:
    return [item["status"] for item in (await shop.detail(job))["items"]].count(status) == count


async def _knows(shop: Shop, job: int) -> bool:
    return "position" in (await shop.detail(job))["job"]


async def _waits_for(shop: Shop, job: int, what: str) -> bool:
    return bool((await shop.detail(job))["items"][2].get("waitsFor") == what)
