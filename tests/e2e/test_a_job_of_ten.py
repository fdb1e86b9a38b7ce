"""One job, all the way, through public doors only: REST, WebSocket, Kafka, media."""

import asyncio
import io
import json
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
from darkroom_cli.demo.timeline import steps_of_job
from PIL import Image
from support.platform import HTTP_SECONDS_MAX, Platform, Tenant
from support.stack import unique_name

PRICE = 15
FRAMES_SECONDS_MAX = 180


async def frames_until_all_is_told(socket: Any, job_id: int, items: int) -> list[dict[str, Any]]:
    """Until the job's end has come and each item's two: those of the poller and of jobs-api have no order among each other."""
    frames: list[dict[str, Any]] = []
    async with asyncio.timeout(FRAMES_SECONDS_MAX):
        async for message in socket:
            frames.append(json.loads(message))
            finished = any(one.get("event") == "job.finished" and one["data"]["jobId"] == job_id for one in frames)
            if finished and len(done_in(frames)) >= 2 * items:
                return frames
    raise AssertionError("the socket ended")


def done_in(frames: list[dict[str, Any]]) -> list[int]:
    """The items that were told to be done, as often as they were."""
    told = [frame["data"] for frame in frames if frame.get("event") == "item.updated"]
    return [data["itemId"] for data in told if data["status"] == "DONE"]


async def test_ten_photographs_come_back_changed_followed_live_and_paid_once(platform: Platform) -> None:
    await platform.ready()
    await platform.sandbox("POST", "reset")  # the sandbox at its defaults: real picture work, 2 to 4 s each
    photographs = await platform.photographs(10)
    began = datetime.now(UTC) - timedelta(seconds=1)
    async with platform.tenant(credits=200) as shop, shop.socket() as socket:
        answer = await shop.send(photographs)
        assert answer.status_code == 201, answer.text
        accepted = answer.json()
        job_id = accepted["job"]["id"]
        frames = await frames_until_all_is_told(socket, job_id, len(photographs))
        detail = await shop.job(job_id)
        balance = await shop.settled_credits()
        pictures = [await _picture(shop, item["optimizedImageUrl"]) for item in detail["items"]]
        originals = [await _picture(shop, item["imageUrl"]) for item in detail["items"]]

    assert (accepted["success"], accepted["creditsUsed"], accepted["creditsRemaining"]) == (True, 150, 50)
    assert detail["job"]["status"] == "DONE"
    assert [item["status"] for item in detail["items"]] == ["DONE"] * 10
    assert (balance["available"], balance["held"], balance["spent"]) == (50, 0, 150)
    for before, after in zip(originals, pictures, strict=True):
        assert _corner_brightness(after) > 235 > _corner_brightness(before)  # the background became white
    events = [frame for frame in frames if frame["type"] == "event"]
    assert [event["offset"] for event in events] == list(range(events[0]["offset"], events[0]["offset"] + len(events)))
    # Told by the poller, and again when jobs-api answers it: a page may have loaded in between.
    assert sorted(done_in(frames)) == sorted(2 * [item["id"] for item in detail["items"]])
    steps = await steps_of_job(platform.status["kafka"], job_id=job_id, instance_id=shop.instance_id, since=began)
    told = [step.event for step in steps]
    assert told[0] == "JobRequested"
    assert told[-2:] == ["JobFinished", "CreditsSettled"]
    for name in ("ItemRequested", "PredictionCreated", "ItemCompleted", "ItemFinished"):
        assert told.count(name) == 10, name
    # A turn that a busy machine did not use in time is given back, and the item started again.
    assert told.count("ItemStarted") - told.count("AttemptFailed") == 10


async def _picture(shop: Tenant, url: str) -> Image.Image:
    async with httpx.AsyncClient(base_url=shop.http.base_url, trust_env=False, timeout=HTTP_SECONDS_MAX) as anyone:
        answer = await anyone.get(url)
    assert answer.status_code == 200, url
    return Image.open(io.BytesIO(answer.content)).convert("L")


def _corner_brightness(picture: Image.Image) -> float:
    """The mean of the four corners, 0 black to 255 white."""
    x, y = picture.width - 1, picture.height - 1
    return sum(int(str(picture.getpixel(place))) for place in ((0, 0), (x, 0), (0, y), (x, y))) / 4


async def test_results_are_served_for_ever_under_names_that_follow_from_their_content(quick: Platform, shop: Tenant) -> None:
    job_id = (await shop.send(await quick.photographs(1))).json()["job"]["id"]
    (item,) = (await shop.ended(job_id))["items"]
    async with httpx.AsyncClient(base_url=shop.http.base_url, trust_env=False, timeout=HTTP_SECONDS_MAX) as anyone:
        result = await anyone.get(item["optimizedImageUrl"])
        thumbnail = await anyone.get(item["thumbnailUrl"])

    assert result.headers["cache-control"] == "public, max-age=31536000, immutable"
    assert result.headers["x-content-type-options"] == "nosniff"
    assert result.headers["content-type"] == "image/jpeg"
    assert thumbnail.status_code == 200
    assert len(thumbnail.content) < len(result.content)


async def test_too_few_credits_start_and_take_nothing(quick: Platform) -> None:
    async with quick.tenant(credits=20) as poor:
        answer = await poor.send([image | {"prompt": "a poor shop's"} for image in await quick.photographs(2)])
        balance = await poor.credits()

    assert (answer.status_code, answer.headers["content-type"]) == (402, "application/problem+json")
    assert (answer.json()["needed"], answer.json()["available"]) == (30, 20)
    assert (balance["available"], balance["held"], balance["spent"]) == (20, 0, 0)
    assert await quick.creations("a poor shop's") == []


async def test_a_picture_the_provider_refuses_fails_alone_with_a_reason(quick: Platform, shop: Tenant) -> None:
    await quick.sandbox("PUT", "replicate", json={"failRate": 1})
    bad = (await shop.send(await quick.photographs(1))).json()["job"]["id"]
    (item,) = (await shop.ended(bad))["items"]
    balance = await shop.settled_credits()

    assert item["status"] == "FAILED"
    assert "refused" in item["error"].lower()
    assert balance["spent"] == PRICE  # the provider worked for it: its credits are kept


async def test_transient_errors_are_tried_again(quick: Platform, shop: Tenant) -> None:
    prompt = unique_name("transient")
    # Fewer than make the platform doubt the model.
    photographs = [image | {"prompt": prompt} for image in await quick.photographs(5)]
    await quick.sandbox("PUT", "replicate", json={"transientRate": 1, "seconds": 3600})
    job_id = (await shop.send(photographs)).json()["job"]["id"]
    await quick.at_work(prompt, 5)
    await quick.sandbox("PUT", "replicate", json={"transientRate": 0, "seconds": 0})
    await quick.let_end()
    detail = await shop.ended(job_id)

    assert (detail["job"]["completedImages"], detail["job"]["failedImages"]) == (5, 0)
    assert len(await quick.creations(prompt)) == 2 * 5


@pytest.mark.parametrize("loss", [{"loseRate": 1.0}, {"repeatRate": 1.0, "shuffle": True}])
async def test_lost_and_repeated_webhooks_change_nothing(quick: Platform, shop: Tenant, loss: dict[str, Any]) -> None:
    await quick.sandbox("PUT", "replicate", json={"webhook": loss})
    job_id = (await shop.send(await quick.photographs(3))).json()["job"]["id"]
    detail = await shop.ended(job_id)
    balance = await shop.settled_credits()

    assert detail["job"]["status"] == "DONE"
    assert (balance["held"], balance["spent"]) == (0, 3 * PRICE)
