"""Given-up items made again as new jobs: nobody pays twice, nothing is made twice, the failed ones stay as they are."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from darkroom_contracts.envelope import utc_text, wrap
from support.jobs_api import JobsApi, failed
from support.redrives import redriven


async def test_items_that_were_paid_for_are_made_again_for_nothing_and_the_others_at_their_price(jobs_api: JobsApi) -> None:
    shop = jobs_api.shop()
    job_id, [paid, given_back, done] = await shop.running_job(3)
    await shop.say(failed(paid), failed(given_back, reached_provider=False))
    await shop.items_finished(2)

    await shop.say(redriven(paid, given_back))
    jobs = [event for event, _ in await shop.requested(3)][1:]

    assert sorted((job.price_credits, job.items_total, job.retry_of) for job in jobs) == [(0, 1, job_id), (15, 1, job_id)]
    free = next(job for job in jobs if job.price_credits == 0)
    await shop.reserve(free.job_id, amount=0)
    again = (await shop.items_requested(4))[3]
    assert (again.job_id, again.image_id, again.redriven) == (free.job_id, paid.image_id, True)
    assert again.input == paid.input
    assert not done.redriven
    detail = await shop.detail(job_id)
    assert [item["status"] for item in detail["items"]] == ["FAILED", "FAILED", "PENDING"]
    assert (await shop.detail(free.job_id))["job"]["retryOf"] == job_id


async def test_what_is_being_made_again_is_not_made_a_third_time_and_no_other_tenant_is_believed(jobs_api: JobsApi) -> None:
    shop, other = jobs_api.shop(), jobs_api.shop("other")
    job_id, [item] = await shop.running_job(1)
    await shop.say(failed(item))
    await shop.jobs_finished(1)

    await shop.say(redriven(item))
    await shop.requested(2)
    await shop.say(redriven(item))
    await other.say(redriven(item).model_copy(update={"instance_id": other.instance_id}))
    for tenant in (shop, other):
        await tenant.predictions_were_handled()

    made = await jobs_api.rows("SELECT price_credits, instance_id FROM jobs WHERE retry_of = $1", job_id)
    assert [dict(row) for row in made] == [{"price_credits": 0, "instance_id": shop.instance_id}]
    assert len(await other.requested(1)) == 1


async def test_a_redrive_that_is_older_than_the_memory_of_events_makes_no_job(jobs_api: JobsApi) -> None:
    shop = jobs_api.shop()
    job_id, [item] = await shop.running_job(1)
    await shop.say(failed(item))
    await shop.jobs_finished(1)

    now = datetime.now(UTC)
    event = redriven(item)
    old = replace(wrap(event, source="/services/predictor", now=now), time=utc_text(now - timedelta(days=31)))
    await shop.log.send([(event, old)])
    await shop.predictions_were_handled()
    assert await jobs_api.rows("SELECT 1 FROM jobs WHERE retry_of = $1", job_id) == []

    await shop.say(event)
    made = [request for request, _ in await shop.requested(3)]
    assert [request.retry_of for request in made] == [None, None, job_id], "one job, one of the wait above, one made again"
