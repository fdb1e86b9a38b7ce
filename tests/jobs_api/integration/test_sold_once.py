"""A picture that failed is sold once: by whoever of the shop presses, and beside what an operator redrives or gives back."""

import asyncio

import httpx
from darkroom_contracts.credits import Balances, CreditsReimbursed
from darkroom_contracts.jobs import ItemRequested
from support.jobs_api import JOBS, JobsApi, Shop, canceled, completed, failed
from support.redrives import redriven
from support.service import eventually


async def failed_job(shop: Shop, pictures: int = 1, *, jobs: int = 1) -> tuple[int, list[ItemRequested]]:
    """A job whose pictures have all failed; `jobs`: how many the shop has ended then."""
    job_id, items = await shop.running_job(pictures)
    await shop.say(*(failed(item) for item in items))
    await shop.jobs_finished(jobs)
    return job_id, items


async def retry(shop: Shop, job_id: int, *, key: str | None = None) -> httpx.Response:
    headers = {"Prefer": "respond-async"} | ({"Idempotency-Key": key} if key else {})
    return await shop.post(f"{JOBS}/jobs/{job_id}/retry", None, **headers)


async def items_of(shop: Shop, job_id: int, *, amount: int = 15) -> list[ItemRequested]:
    """The items of a new job, as soon as its credits are held and they are asked for."""
    await shop.reserve(job_id, amount=amount)
    is_there = lambda events: any(isinstance(one.event, ItemRequested) and one.event.job_id == job_id for one in events)  # noqa: E731
    seen = await shop.log.events(is_there, instance_id=shop.instance_id)
    return [one.event for one in seen if isinstance(one.event, ItemRequested) and one.event.job_id == job_id]


def refused_for(answer: httpx.Response) -> tuple[int, str, int]:
    body = answer.json()
    return answer.status_code, body["type"], body.get("jobId", 0)


async def test_two_people_of_a_shop_who_press_one_after_the_other_make_one_job(jobs_api: JobsApi) -> None:
    shop = jobs_api.shop()
    job_id, _ = await failed_job(shop)
    first = await retry(shop.as_person("u1"), job_id, key=f"retry-{job_id}")
    new_id = first.json()["job"]["id"]

    same_key = await retry(shop.as_person("u2"), job_id, key=f"retry-{job_id}")
    without = await retry(shop.as_person("u1"), job_id)
    again = await retry(shop.as_person("u1"), job_id, key=f"retry-{job_id}")

    assert first.status_code == 202, first.text
    assert [refused_for(one) for one in (same_key, without)] == [(409, "/problems/retried-already", new_id)] * 2
    assert (again.status_code, again.json()) == (202, first.json())
    # Done is done: the pictures are there.
    [item] = await items_of(shop, new_id)
    await shop.say(completed(item))
    await shop.jobs_finished(2)
    assert refused_for(await retry(shop, job_id)) == (409, "/problems/retried-already", new_id)
    assert len(await shop.requested(2)) == 2


async def test_presses_at_the_same_time_make_one_job(jobs_api: JobsApi) -> None:
    shop = jobs_api.shop()
    job_id, _ = await failed_job(shop)
    people = [("u1", "k"), ("u2", "k"), ("u3", None), ("u1", "k")]
    async with jobs_api.database.acquire() as connection, connection.transaction():
        await connection.execute("SELECT 1 FROM jobs WHERE id = $1 FOR UPDATE", job_id)
        pressed = [asyncio.create_task(retry(shop.as_person(who), job_id, key=key)) for who, key in people]

        async def all_wait() -> bool:
            waiting = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
            return bool(await connection.fetchval(waiting) == len(people))

        await eventually(all_wait)
    answers = [await one for one in pressed]

    made = await jobs_api.rows("SELECT id FROM jobs WHERE retry_of = $1", job_id)
    assert len(made) == 1
    kinds = [one.json().get("type", "accepted") for one in answers]
    assert kinds.count("/problems/retried-already") >= 2, kinds
    # The same person with the same key is answered as the first time, or told that the first is not answered yet.
    assert set(kinds) <= {"accepted", "/problems/retried-already", "/problems/still-running"}, kinds


async def test_what_failed_or_was_stopped_again_may_be_tried_again_from_either_job(jobs_api: JobsApi) -> None:
    shop = jobs_api.shop()
    job_id, items = await failed_job(shop, 2)
    second = (await retry(shop, job_id)).json()["job"]
    assert second["totalImages"] == 2
    one, two = await items_of(shop, second["id"], amount=30)
    await shop.say(completed(one), failed(two))
    await shop.jobs_finished(2)

    third = await retry(shop, job_id)
    assert (third.status_code, third.json()["job"]["totalImages"]) == (202, 1)
    third_id = third.json()["job"]["id"]
    [picture] = await items_of(shop, third_id)
    assert picture.image_id == items[1].image_id
    assert refused_for(await retry(shop, second["id"])) == (409, "/problems/retried-already", third_id)
    assert refused_for(await retry(shop, job_id)) == (409, "/problems/retried-already", third_id)

    await shop.say(canceled(picture, reached_provider=False))
    await shop.jobs_finished(3)
    fourth = await retry(shop, second["id"])
    assert (fourth.status_code, fourth.json()["job"]["retryOf"]) == (202, second["id"])


async def test_a_redrive_and_a_retry_know_of_each_other(jobs_api: JobsApi) -> None:
    shop = jobs_api.shop()
    job_id, [redriven_one, retried_one] = await failed_job(shop, 2)
    await shop.say(redriven(redriven_one))
    [_, (free, _)] = await shop.requested(2)

    answer = await retry(shop, job_id)
    assert (answer.status_code, answer.json()["job"]["totalImages"]) == (202, 1)
    paid_id = answer.json()["job"]["id"]
    [item] = await items_of(shop, paid_id)
    assert item.image_id == retried_one.image_id

    # What is in the open retry is passed over, also by a redrive from the retry's own item once that has failed.
    await shop.say(redriven(retried_one))
    await shop.predictions_were_handled()
    [of_free] = await items_of(shop, free.job_id, amount=0)
    await shop.say(failed(of_free), failed(item))
    await shop.jobs_finished(3)
    await shop.say(redriven(retried_one), redriven(item))
    await shop.predictions_were_handled()
    made = await jobs_api.rows("SELECT retry_of, price_credits FROM jobs WHERE redriven AND instance_id = $1", shop.instance_id)
    assert [row["price_credits"] for row in made] == [0, 0]
    assert sorted(row["retry_of"] for row in made) in ([job_id, job_id], [job_id, paid_id]), "either item, as they came"


def reimbursed(item: ItemRequested, amount: int, *, whole_job: bool = False) -> CreditsReimbursed:
    return CreditsReimbursed(
        instance_id=item.instance_id,
        job_id=item.job_id,
        adjustment_id=item.item_id,
        item_id=None if whole_job else item.item_id,
        amount=amount,
        reason="spoilt",
        created_by="olga",
        balances=Balances(available=100, held=0, spent=0),
    )


async def redriven_prices(jobs_api: JobsApi, job_id: int) -> list[tuple[str, int]]:
    rows = await jobs_api.rows(
        "SELECT items.image_id, jobs.price_credits FROM jobs JOIN items ON items.job_id = jobs.id WHERE jobs.retry_of = $1",
        job_id,
    )
    return sorted((row["image_id"], row["price_credits"]) for row in rows)


async def test_what_was_given_back_is_redriven_for_its_price(jobs_api: JobsApi) -> None:
    shop = jobs_api.shop()
    job_id, items = await failed_job(shop, 3)
    whole_id, whole = await failed_job(shop, 3, jobs=2)
    # Of the second job 20 of 45 credits are given back: all of the first picture's, 5 of the second's.
    await shop.say(reimbursed(items[1], 15), reimbursed(whole[0], 12, whole_job=True), reimbursed(whole[0], 8, whole_job=True))

    async def noted() -> bool:
        [row] = await jobs_api.rows("SELECT sum(credits_given_back) FROM items WHERE instance_id = $1", shop.instance_id)
        return bool(row["sum"] == 35)

    await eventually(noted)
    await shop.say(redriven(*items), redriven(*whole))
    await shop.requested(7)
    assert await redriven_prices(jobs_api, job_id) == [("image-1", 0), ("image-2", 15), ("image-3", 0)]
    assert await redriven_prices(jobs_api, whole_id) == [("image-1", 15), ("image-2", 5), ("image-3", 0)]
