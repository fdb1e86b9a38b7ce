"""Lists, details, quotes; and that no tenant sees anything of another."""

from datetime import UTC, datetime

import pytest
from darkroom_contracts.credits import CreditPriceSet
from darkroom_contracts.topics import PLATFORM_KEY
from darkroom_jobs_api.jobs.views import AcceptedJob
from support.jobs_api import JOBS, JobsApi, Shop, completed, created, failed, picture, request_body, started
from support.service import eventually


async def test_a_job_that_ran_shows_its_pictures_and_errors(jobs_api: JobsApi) -> None:
    shop = jobs_api.shop()
    job_id, [good, bad] = await shop.running_job(2)
    await shop.say(started(good), created(good), completed(good), started(bad), failed(bad))
    await shop.jobs_finished()
    detail = await shop.detail(job_id)
    job = detail["job"]
    assert (job["status"], job["totalImages"], job["completedImages"], job["failedImages"]) == ("DONE", 2, 1, 1)
    assert job["createdAt"] <= job["startedAt"] <= job["finishedAt"]
    first, second = detail["items"]
    base = "https://darkroom.localhost/media"
    assert first["optimizedImageUrl"] == f"{base}/results/{good.item_id}.jpg"
    assert first["thumbnailUrl"] == f"{base}/thumbnails/{good.item_id}.webp"
    assert (first["imageId"], first["status"], first["prompt"]) == ("image-1", "DONE", "prompt 1")
    assert "error" not in first
    assert second["error"] == "The studio refused this picture: it was flagged as sensitive."
    assert "optimizedImageUrl" not in second
    assert set(second) == {"id", "imageId", "imageUrl", "prompt", "status", "error", "createdAt", "updatedAt"}


async def jobs_of(shop: Shop, query: str = "") -> list[int]:
    answer = await shop.get(f"{JOBS}/jobs{query}")
    assert answer.status_code == 200, answer.text
    return [job["id"] for job in answer.json()["jobs"]]


async def test_the_list_is_newest_first_in_pages_that_neither_skip_nor_repeat(jobs_api: JobsApi) -> None:
    shop = jobs_api.shop()
    made = [(await shop.submit(request_body(1))).json()["job"]["id"] for _ in range(5)]
    seen: list[int] = []
    cursor = ""
    for page in range(3):
        answer = (await shop.get(f"{JOBS}/jobs?limit=2{cursor}")).json()
        seen += [job["id"] for job in answer["jobs"]]
        cursor = f"&cursor={answer['nextCursor']}"
        if page == 0:  # what is new does not shift the pages
            await shop.submit(request_body(1))
    assert seen == made[::-1]
    assert answer["nextCursor"] is None


async def test_the_list_is_filtered_by_status(jobs_api: JobsApi) -> None:
    shop = jobs_api.shop()
    pending = (await shop.submit(request_body(1))).json()["job"]["id"]
    running, [item] = await shop.running_job(1)
    await shop.say(started(item))

    async def is_running() -> bool:
        return await jobs_of(shop, "?status=RUNNING") == [running]

    await eventually(is_running)
    assert await jobs_of(shop, "?status=PENDING,RUNNING") == [running, pending]
    assert await jobs_of(shop, "?status=PENDING") == [pending]
    assert await jobs_of(shop, "?status=DONE,FAILED,CANCELED") == []


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("status=OPEN", "status"),
        ("status=", "status"),
        ("status=PENDING,,", "status"),
        ("status=pending", "status"),
        ("limit=0", "limit"),
        ("limit=101", "limit"),
        ("limit=ten", "limit"),
        ("limit=-1", "limit"),
        ("cursor=5", "cursor"),
        ("cursor=", "cursor"),
        ("cursor=ajE6MA", "cursor"),  # j1:0
        ("cursor=ajE6OTk5OTk5OTk5OTk5OTk5OTk5OTk5", "cursor"),
        ("cursor=%00", "cursor"),
        ("cursor=%C3%A9", "cursor"),
    ],
)
async def test_wrong_list_parameters_are_named(jobs_api: JobsApi, query: str, field: str) -> None:
    answer = await jobs_api.shop().get(f"{JOBS}/jobs?{query}")
    assert answer.status_code == 400
    assert [error["field"] for error in answer.json()["errors"]] == [field]


async def test_a_foreign_job_and_an_unknown_one_look_the_same(jobs_api: JobsApi) -> None:
    shop, stranger = jobs_api.shop(), jobs_api.shop("stranger")
    job_id = (await shop.submit(request_body(1))).json()["job"]["id"]
    assert (await shop.get(f"{JOBS}/jobs/{job_id}")).status_code == 200
    foreign = await stranger.get(f"{JOBS}/jobs/{job_id}")
    for other in (str(job_id + 100_000), "0", "-1", "abc", "9" * 30, "1.0", "٣"):
        unknown = await stranger.get(f"{JOBS}/jobs/{other}")
        assert (unknown.status_code, unknown.content) == (404, foreign.content)
        assert unknown.headers == foreign.headers
    assert foreign.status_code == 404
    assert await jobs_of(stranger) == []


async def test_a_foreign_cursor_shows_only_ones_own_jobs(jobs_api: JobsApi) -> None:
    shop, stranger = jobs_api.shop(), jobs_api.shop("stranger")
    own = (await stranger.submit(request_body(1))).json()["job"]["id"]
    for _ in range(2):
        await shop.submit(request_body(1))
    cursor = (await shop.get(f"{JOBS}/jobs?limit=1")).json()["nextCursor"]
    assert await jobs_of(stranger, f"?cursor={cursor}") == [own]


async def test_every_colleague_sees_the_tenants_jobs(jobs_api: JobsApi) -> None:
    shop = jobs_api.shop()
    job_id = (await shop.submit(request_body(1))).json()["job"]["id"]
    assert await jobs_of(shop.as_person("colleague")) == [job_id]


async def test_a_quote_shows_price_and_balance_and_takes_nothing(jobs_api: JobsApi) -> None:
    shop, stranger = jobs_api.shop(), jobs_api.shop("stranger")
    job_id = (await shop.submit(request_body(1))).json()["job"]["id"]
    await shop.reserve(job_id, available=100)
    await shop.items_requested(1)
    price = CreditPriceSet(
        instance_id=PLATFORM_KEY,
        price_version=1,
        currency="EUR",
        minor_per_thousand=1005,
        credits_min=20,
        credits_max=100,
        valid_from=datetime(2026, 1, 1, tzinfo=UTC),
    )
    later = {"price_version": 2, "minor_per_thousand": 1, "valid_from": datetime(2999, 1, 1, tzinfo=UTC)}
    await shop.say(price, price.model_copy(update=later))

    async def price_is_known() -> bool:
        return (await shop.post("/api/quote", request_body(10))).json()["topUp"] is not None

    await eventually(price_is_known)
    before = await jobs_api.counts(shop)
    nothing_of_time = {"queuePosition": None, "expectedStartAt": None, "expectedFinishAt": None}
    enough = await shop.post("/api/quote", request_body(4))
    assert enough.status_code == 200
    assert enough.json() == {"price": 60, "balanceAfter": 40, "missing": 0, "topUp": None} | nothing_of_time
    too_few = await shop.post("/api/quote", request_body(10))
    # 50 credits at 10.05 a thousand are 50.25 cents, rounded up; a price that holds from a later time on is none yet.
    fifty = {"credits": 50, "price": {"amount": 51, "currency": "EUR"}}
    assert too_few.json() == {"price": 150, "balanceAfter": 0, "missing": 50, "topUp": fifty} | nothing_of_time
    foreign = await stranger.post("/api/quote", request_body(1))
    least = {"credits": 20, "price": {"amount": 21, "currency": "EUR"}}
    assert foreign.json() == {"price": 15, "balanceAfter": 0, "missing": 15, "topUp": least} | nothing_of_time
    after = await jobs_api.counts(shop)
    assert {name: after[name] for name in ("jobs", "items", "balances_seen")} == {
        name: before[name] for name in ("jobs", "items", "balances_seen")
    }


async def test_a_quote_names_broken_rules_as_the_job_would(jobs_api: JobsApi) -> None:
    answer = await jobs_api.shop().post("/api/quote", request_body(images=[picture(1, prompt="")]))
    assert answer.status_code == 400
    assert answer.json()["errors"] == [{"field": "images[0].prompt", "rule": "must not be empty"}]


async def test_openapi_describes_the_bodies(jobs_api: JobsApi) -> None:
    document = (await jobs_api.client.get("/openapi.json")).json()
    route = document["paths"][JOBS]["post"]
    body = route["requestBody"]["content"]["application/json"]
    schemas = document["components"]["schemas"]
    submission = schemas[body["schema"]["$ref"].rpartition("/")[2]]
    assert set(submission["properties"]) == {"productId", "productName", "images", "options"}
    image = schemas[submission["properties"]["images"]["items"]["$ref"].rpartition("/")[2]]
    assert "imageUrl" in image["properties"]
    assert body["example"]["productId"]
    assert {"201", "202", "400", "401", "402", "409", "413", "415", "422", "429"} <= set(
        document["paths"][JOBS]["post"]["responses"]
    )
    job = route["responses"]["201"]["content"]["application/json"]
    assert job["example"]["job"]["id"]
    AcceptedJob.model_validate(job["example"])
    assert "needed" in route["responses"]["402"]["content"]["application/problem+json"]["example"]
