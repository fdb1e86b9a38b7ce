"""A job is stopped at each of its stages, and its failed pictures are tried again, over HTTP and by the log."""

import asyncio
from datetime import UTC, datetime

import pytest
from darkroom_contracts.envelope import Envelope
from darkroom_contracts.jobs import ItemFinished, ItemRequested, JobCancelRequested, JobFinished, JobRequested
from darkroom_jobs_api.jobs.decision_store import jobs_to_release
from darkroom_jobs_api.jobs.stop_items import CHUNK_ITEMS_MAX, StopItems
from darkroom_jobs_api.jobs.stop_store import request_cancel
from darkroom_servicekit.database import Transaction, UnitOfWork, build_engine
from support.jobs_api import JOBS, LONG_WAIT, JobsApi, Shop, canceled, completed, failed, request_body, started
from support.service import eventually

STOPPED_BY = Envelope(id="1", type="darkroom.JobCancelRequested.v1", source="/test", subject="", time="", dataschema="")


class Undone(Exception):
    """Rolls a test's transaction back."""


def kinds(shop: Shop, job_id: int) -> list[str]:
    """The names of a job's events of jobs-api, in the order of the log."""
    ours = JobRequested | ItemRequested | JobCancelRequested | ItemFinished | JobFinished
    events = [one.event for one in shop.log.seen(shop.instance_id)]
    return [type(event).__name__ for event in events if isinstance(event, ours) and event.job_id == job_id]


async def test_a_job_whose_credits_are_not_decided_ends_at_once_and_stays_so(jobs_api: JobsApi) -> None:
    shop = jobs_api.shop()
    waiting = asyncio.create_task(shop.submit(request_body(2), prefer=LONG_WAIT))
    [(requested, _)] = await shop.requested()
    job_id = requested.job_id

    answer = await shop.post(f"{JOBS}/jobs/{job_id}/cancel", None)
    told = await waiting  # woken by the cancel, long before its wait is over

    assert (answer.status_code, answer.json()["job"]["status"]) == (200, "CANCELED")
    assert (told.status_code, told.json()["type"], told.json()["jobId"]) == (409, "/problems/job-canceled", job_id)
    [finished] = await shop.jobs_finished()
    assert (finished.status, finished.items_canceled, finished.items_spent) == ("CANCELED", 2, 0)
    assert [(one.status, one.charge) for one in await shop.items_finished(2)] == [("CANCELED", "release")] * 2
    assert kinds(shop, job_id) == ["JobRequested", "JobCancelRequested", "ItemFinished", "ItemFinished", "JobFinished"]
    # The decision that was on its way asks for nothing any more, whichever it is.
    await shop.reserve(job_id, amount=30)
    await shop.reject(job_id, needed=30, available=0)
    _, [item] = await shop.running_job(1)
    assert item.job_id != job_id
    detail = await shop.detail(job_id)
    assert (detail["job"]["status"], "startedAt" in detail["job"]) == ("CANCELED", False)
    assert {one["status"] for one in detail["items"]} == {"CANCELED"}
    again = await shop.post(f"{JOBS}/jobs/{job_id}/cancel", None)
    assert (again.status_code, again.json()["type"]) == (409, "/problems/job-ended")


async def test_what_was_asked_for_is_left_to_the_predictor_and_asked_to_stop_once(jobs_api: JobsApi) -> None:
    shop = jobs_api.shop()
    job_id, [done, stopped, late] = await shop.running_job(3)
    await shop.say(started(done), completed(done))
    await shop.items_finished(1)

    answers = [await shop.post(f"{JOBS}/jobs/{job_id}/cancel", None) for _ in range(2)]

    assert [(one.status_code, one.json()["job"]["status"]) for one in answers] == [(200, "RUNNING")] * 2
    await shop.say(canceled(stopped, reached_provider=False), completed(late))
    [finished] = await shop.jobs_finished()
    await shop.say(canceled(late, reached_provider=True))
    await shop.predictions_were_handled()
    assert len(await shop.items_finished(3)) == 3
    assert (finished.status, finished.items_done, finished.items_canceled, finished.items_spent) == ("DONE", 2, 1, 2)
    assert kinds(shop, job_id).count("JobCancelRequested") == 1
    assert kinds(shop, job_id).index("JobCancelRequested") > kinds(shop, job_id).index("ItemRequested") + 2


async def test_a_strangers_job_and_one_that_never_was_cannot_be_told_apart(jobs_api: JobsApi) -> None:
    shop, other = jobs_api.shop(), jobs_api.shop()
    job_id, _ = await shop.running_job(1)
    for what in ("cancel", "retry"):
        foreign = await other.post(f"{JOBS}/jobs/{job_id}/{what}", None)
        absent = await other.post(f"{JOBS}/jobs/999999999/{what}", None)
        assert (foreign.status_code, absent.status_code) == (404, 404)
        assert foreign.json() == absent.json()
        assert (await other.post(f"{JOBS}/jobs/x/{what}", None)).status_code == 404
    assert "JobCancelRequested" not in kinds(shop, job_id)


async def test_a_job_of_thousands_is_stopped_in_chunks_by_whoever_goes_on(jobs_api: JobsApi) -> None:
    shop = jobs_api.shop()
    job_id = (await shop.submit(request_body(1))).json()["job"]["id"]
    many = 5 * CHUNK_ITEMS_MAX + 1
    await jobs_api.database.execute("UPDATE jobs SET items_total = $2 WHERE id = $1", job_id, many)
    await jobs_api.database.execute(
        """
        INSERT INTO items (job_id, instance_id, place, image_id, image_url, prompt, status, created_at, updated_at)
        SELECT job_id, instance_id, number, number::text, image_url, prompt, status, created_at, updated_at
        FROM items, generate_series(2, $2) AS number WHERE job_id = $1
        """,
        job_id,
        many,
    )

    answer = await shop.post(f"{JOBS}/jobs/{job_id}/cancel", None)
    # A refusal that comes in between must not count again what has been stopped.
    await shop.reject(job_id, needed=15, available=0)

    assert answer.json()["job"]["status"] in {"PENDING", "CANCELED"}
    [finished] = await shop.jobs_finished()
    assert (finished.status, finished.items_canceled, finished.items_failed) == ("CANCELED", many, 0)
    ends = await shop.items_finished(many)
    assert [one.items_canceled for one in ends] == list(range(1, many + 1))
    assert kinds(shop, job_id)[:2] == ["JobRequested", "JobCancelRequested"]
    assert kinds(shop, job_id)[-1] == "JobFinished"


async def test_nothing_more_of_a_stopped_job_is_asked_for(jobs_api: JobsApi) -> None:
    shop = jobs_api.shop()
    job_id, _ = await shop.running_job(3)
    engine = build_engine(jobs_api.settings.database_url, pool_size=1)
    unit_of_work = UnitOfWork(engine, service="jobs-api", clock=_now, wake_relay=lambda: None)
    found: list[list[int]] = []

    async def stop_and_undo() -> None:
        async with unit_of_work.begin() as transaction:
            # As if only one of the three had been asked for yet: another replica may come to the rest at any time.
            await transaction.execute("UPDATE jobs SET items_released = 1 WHERE id = :id", {"id": job_id})
            found.append(await released_of(transaction, job_id))
            await request_cancel(transaction, shop.instance_id, job_id, STOPPED_BY)
            found.append(await released_of(transaction, job_id))
            raise Undone

    with pytest.raises(Undone):
        await stop_and_undo()
    await engine.dispose()
    assert found == [[1], []]


async def released_of(transaction: Transaction, job_id: int) -> list[int]:
    """How far a job has got, if there is more of it to ask for; jobs that other tests left are none of ours."""
    return [job.released for job in await jobs_to_release(transaction, jobs_max=10_000) if job.id == job_id]


async def test_two_who_stop_the_same_job_at_once_end_each_item_once(jobs_api: JobsApi) -> None:
    shop = jobs_api.shop()
    job_id = (await shop.submit(request_body(10))).json()["job"]["id"]
    engine = build_engine(jobs_api.settings.database_url, pool_size=4)
    try:
        unit_of_work = UnitOfWork(engine, service="jobs-api", clock=_now, wake_relay=lambda: None)
        stop = StopItems(unit_of_work)

        async def go_on() -> None:
            async with unit_of_work.begin() as transaction:
                await stop(transaction, None)

        await asyncio.gather(shop.post(f"{JOBS}/jobs/{job_id}/cancel", None), *(go_on() for _ in range(3)))
    finally:
        await engine.dispose()
    await shop.jobs_finished()
    assert len(await shop.items_finished(10)) == 10
    assert kinds(shop, job_id).count("JobFinished") == 1


async def test_failed_pictures_become_a_new_job_with_its_own_price(jobs_api: JobsApi) -> None:
    shop = jobs_api.shop()
    body = request_body(3, options={"aspectRatio": "1:1", "outputFormat": "png"})
    job_id = (await shop.submit(body)).json()["job"]["id"]
    await shop.reserve(job_id, amount=45)
    items = [item for item in await shop.items_requested(3) if item.job_id == job_id]
    assert (await shop.post(f"{JOBS}/jobs/{job_id}/retry", None)).json()["type"] == "/problems/job-open"
    await shop.say(completed(items[0]), failed(items[1]), canceled(items[2], reached_provider=False))
    await shop.jobs_finished()

    answer = await shop.post(f"{JOBS}/jobs/{job_id}/retry", None, Prefer="respond-async", **{"Idempotency-Key": "again"})
    repeated = await shop.post(f"{JOBS}/jobs/{job_id}/retry", None, Prefer="respond-async", **{"Idempotency-Key": "again"})

    assert answer.status_code == 202, answer.text
    job = answer.json()["job"]
    assert (job["retryOf"], job["totalImages"], job["productName"]) == (job_id, 1, "Enamel mug")
    assert repeated.json() == answer.json()
    new = (await shop.requested(2))[1][0]
    assert (new.job_id, new.retry_of, new.items_total, new.amount_credits) == (job["id"], job_id, 1, 15)
    await shop.reserve(job["id"])
    item = (await shop.items_requested(4))[3]
    assert (item.image_id, item.input["prompt"]) == (items[1].image_id, items[1].input["prompt"])
    assert (item.input["aspect_ratio"], item.input["output_format"]) == ("1:1", "png")
    await shop.say(completed(item))
    await shop.jobs_finished(2)
    assert (await shop.detail(job_id))["job"]["failedImages"] == 1
    good = await shop.post(f"{JOBS}/jobs/{job['id']}/retry", None)
    assert (good.status_code, good.json()["type"]) == (409, "/problems/nothing-failed")


async def test_a_key_of_one_retry_is_not_good_for_another_job(jobs_api: JobsApi) -> None:
    shop = jobs_api.shop()
    jobs = []
    for number in (1, 2):
        job_id, [item] = await shop.running_job(1)
        await shop.say(failed(item))
        await shop.jobs_finished(number)
        jobs.append(job_id)
    first, second = [
        await shop.post(f"{JOBS}/jobs/{job}/retry", None, **{"Idempotency-Key": "k", "Prefer": "wait=0"}) for job in jobs
    ]
    assert (first.status_code, second.status_code) == (202, 422)


async def test_a_job_that_had_too_few_credits_can_be_tried_again_and_refused_again(jobs_api: JobsApi) -> None:
    shop = jobs_api.shop()
    job_id = (await shop.submit(request_body(2))).json()["job"]["id"]
    await shop.reject(job_id, needed=30, available=5)
    await shop.jobs_finished()
    retry = asyncio.create_task(shop.post(f"{JOBS}/jobs/{job_id}/retry", None, Prefer=LONG_WAIT))
    new = (await shop.requested(2))[1][0]
    await shop.reject(new.job_id, needed=30, available=5)
    refused = await retry
    assert (refused.status_code, refused.json()["needed"], refused.json()["available"]) == (402, 30, 5)


async def test_a_stopped_job_leaves_the_tenants_others_alone(jobs_api: JobsApi) -> None:
    shop = jobs_api.shop()
    one, [_] = await shop.running_job(1)
    two, [item] = await shop.running_job(1)
    await shop.post(f"{JOBS}/jobs/{one}/cancel", None)
    await shop.say(completed(item))

    async def done() -> bool:
        return bool((await shop.detail(two))["job"]["status"] == "DONE")

    await eventually(done)
    assert (await shop.detail(one))["job"]["status"] == "PENDING"


def _now() -> datetime:
    return datetime.now(UTC)
