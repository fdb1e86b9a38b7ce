"""A job from the POST to the decision on its credits."""

import asyncio
from datetime import UTC, datetime

from darkroom_contracts.jobs import RetryPolicy
from support.jobs_api import JOBS, LONG_WAIT, JobsApi, request_body


async def test_when_the_credits_are_held_the_answer_is_201_and_every_item_is_asked_for(jobs_api: JobsApi) -> None:
    shop = jobs_api.shop()
    body = request_body(3, options={"aspectRatio": "1:1", "outputFormat": "png", "quality": "standard"})
    answering = asyncio.create_task(shop.submit(body, prefer=LONG_WAIT))
    [(requested, envelope)] = await shop.requested()
    await shop.reserve(requested.job_id, amount=45, available=55, held=45)
    answer = await answering

    assert answer.status_code == 201, answer.text
    body = answer.json()
    job = body["job"]
    created_at = job.pop("createdAt")
    assert body == {"success": True, "job": job, "creditsUsed": 45, "creditsRemaining": 55}
    assert job == {
        "id": requested.job_id,
        "productId": "mug-12",
        "productName": "Enamel mug",
        "status": "PENDING",
        "totalImages": 3,
        "completedImages": 0,
        "failedImages": 0,
    }
    assert len(created_at) == len("2026-01-01T00:00:00.000Z")
    assert created_at.endswith("Z")
    assert answer.headers["location"] == f"{JOBS}/jobs/{job['id']}"
    assert answer.headers["preference-applied"] == LONG_WAIT
    assert "Prefer" in answer.headers["vary"]

    assert (requested.price_version, requested.price_credits, requested.items_total) == (2, 15, 3)
    assert (requested.product, requested.product_id, requested.subject_id) == ("optimize", "mug-12", "owner")
    assert envelope.correlation_id == str(job["id"])
    items = await shop.items_requested(3)
    assert [item.image_id for item in items] == ["image-1", "image-2", "image-3"]
    assert items[1].input == {
        "prompt": "prompt 2",
        "image_input": ["http://127.0.0.1:9/2.jpg"],
        "aspect_ratio": "1:1",
        "output_format": "png",
    }
    assert (items[0].provider, items[0].model) == ("replicate", "google/nano-banana")
    assert (items[0].expected_seconds, items[0].cancel_after_seconds) == (10, 120)
    assert items[0].retry == RetryPolicy(attempts_max=3, backoff_seconds=(1, 2, 4))


async def test_item_requests_continue_the_story_of_the_decision(jobs_api: JobsApi) -> None:
    shop = jobs_api.shop()
    job_id, _ = await shop.running_job(1)
    seen = shop.log.seen(shop.instance_id)
    [reserved] = [one.envelope for one in seen if one.envelope.type == "darkroom.CreditsReserved.v1"]
    [item] = [one.envelope for one in seen if one.envelope.type == "darkroom.ItemRequested.v1"]
    assert item.causation_id == reserved.id
    assert item.correlation_id == str(job_id)


async def test_with_too_few_credits_the_answer_is_402_and_nothing_is_started(jobs_api: JobsApi) -> None:
    shop = jobs_api.shop()
    answering = asyncio.create_task(shop.submit(request_body(2), prefer=LONG_WAIT))
    [(requested, _)] = await shop.requested()
    await shop.reject(requested.job_id, needed=30, available=20, renews_at=datetime(2026, 12, 1, tzinfo=UTC))
    answer = await answering

    assert answer.status_code == 402
    assert answer.headers["content-type"] == "application/problem+json"
    problem = answer.json()
    assert problem["type"] == "/problems/insufficient-credits"
    assert (problem["needed"], problem["available"], problem["held"]) == (30, 20, 30)
    assert problem["renewsAt"] == "2026-12-01T00:00:00.000Z"
    detail = await shop.detail(requested.job_id)
    assert (detail["job"]["status"], detail["job"]["error"]) == ("FAILED", "insufficient-credits")
    assert "finishedAt" in detail["job"]
    assert [item["status"] for item in detail["items"]] == ["FAILED", "FAILED"]
    [finished] = await shop.jobs_finished()
    assert (finished.status, finished.items_spent, finished.items_failed) == ("FAILED", 0, 2)
    assert finished.error == "insufficient-credits"
    # A decision that comes after it changes nothing.
    await shop.reserve(requested.job_id)
    other, _ = await shop.running_job(1)
    assert [item.job_id for item in await shop.items_requested(1)] == [other]


async def test_respond_async_answers_202_at_once_and_the_job_goes_on(jobs_api: JobsApi) -> None:
    shop = jobs_api.shop()
    answer = await shop.submit(request_body(1), prefer="respond-async")
    assert answer.status_code == 202
    assert answer.headers["preference-applied"] == "respond-async"
    job = answer.json()["job"]
    assert list(answer.json()) == ["job"]
    assert job["status"] == "PENDING"
    assert answer.headers["location"] == f"{JOBS}/jobs/{job['id']}"
    assert (await shop.get(answer.headers["location"])).status_code == 200
    await shop.reserve(job["id"])
    assert len(await shop.items_requested(1)) == 1


async def test_a_decision_that_does_not_come_in_time_is_a_202_after_the_wait(jobs_api: JobsApi) -> None:
    shop = jobs_api.shop()
    clock = asyncio.get_running_loop().time
    began = clock()
    answer = await shop.submit(request_body(1), prefer="wait=1")
    assert answer.status_code == 202
    assert clock() - began >= 1.0
    assert answer.headers["preference-applied"] == "wait=1"


async def test_a_decision_later_than_the_answer_of_a_rejected_job_shows_in_its_detail(jobs_api: JobsApi) -> None:
    shop = jobs_api.shop()
    job_id = (await shop.submit(request_body(1))).json()["job"]["id"]
    await shop.reject(job_id, needed=15, available=0)
    await shop.jobs_finished()
    assert (await shop.detail(job_id))["job"]["error"] == "insufficient-credits"


async def test_a_repeated_decision_asks_for_the_items_once(jobs_api: JobsApi) -> None:
    shop = jobs_api.shop()
    job_id, _ = await shop.running_job(2)
    await shop.reserve(job_id)  # the same fact in another event
    await shop.running_job(1)
    assert len(await shop.items_requested(3)) == 3


async def test_another_tenants_decision_changes_nothing(jobs_api: JobsApi) -> None:
    shop, stranger = jobs_api.shop(), jobs_api.shop("stranger")
    job_id = (await shop.submit(request_body(1))).json()["job"]["id"]
    await stranger.reserve(job_id)
    await stranger.reject(job_id, needed=1, available=0)
    await stranger.running_job(1)  # its events have been handled
    row = await jobs_api.row("SELECT decision, status FROM jobs WHERE id = $1", job_id)
    assert dict(row) == {"decision": "WAITING", "status": "PENDING"}
