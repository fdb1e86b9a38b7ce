"""The same key answers the same."""

import asyncio
import hashlib
import json
from datetime import timedelta

import pytest
from darkroom_jobs_api.idempotency.store import purge_keys
from darkroom_servicekit.database import UnitOfWork, build_engine
from darkroom_servicekit.runtime import utc_now
from support.jobs_api import JOBS, LONG_WAIT, JobsApi, Shop, request_body


async def decided(shop: Shop, *, key: str, held: bool) -> tuple[int, str, str]:
    """A job sent with a key, and its answer: status, body, place."""
    known = len([one for one in shop.log.seen(shop.instance_id) if one.envelope.type == "darkroom.JobRequested.v1"])
    answering = asyncio.create_task(shop.submit(request_body(2), prefer=LONG_WAIT, key=key))
    job_id = (await shop.requested(known + 1))[-1][0].job_id
    if held:
        await shop.reserve(job_id, amount=30)
    else:
        await shop.reject(job_id, needed=30, available=0)
    answer = await answering
    return answer.status_code, answer.text, answer.headers["location"]


@pytest.mark.parametrize(("held", "status"), [(True, 201), (False, 402)])
async def test_the_same_request_again_gets_the_stored_answer_and_makes_no_second_job(
    jobs_api: JobsApi, held: bool, status: int
) -> None:
    shop = jobs_api.shop()
    first = await decided(shop, key="k-1", held=held)
    assert first[0] == status
    before = await jobs_api.counts(shop)
    # Written otherwise, and as a bare token or a quoted string: it is the same key and the same request.
    again = await shop.submit(dict(reversed(request_body(2).items())) | {"options": None}, key='"k-1"')
    assert (again.status_code, again.text, again.headers["location"]) == first
    assert again.headers["content-type"].startswith("application/")
    after = await jobs_api.counts(shop)
    assert {name: after[name] for name in ("jobs", "items", "idempotency_keys")} == {
        name: before[name] for name in ("jobs", "items", "idempotency_keys")
    }


async def test_a_202_is_answered_again_even_when_the_decision_has_come_meanwhile(jobs_api: JobsApi) -> None:
    shop = jobs_api.shop()
    first = await shop.submit(request_body(1), key="k")
    assert first.status_code == 202
    await shop.reserve(first.json()["job"]["id"])
    await shop.items_requested(1)
    again = await shop.submit(request_body(1), key="k")
    assert (again.status_code, again.content) == (202, first.content)


async def test_no_options_and_an_object_without_options_are_the_same_request(jobs_api: JobsApi) -> None:
    shop = jobs_api.shop()
    nothing: list[dict[str, str] | None] = [{}, None]
    for key, choices in (("a", nothing), ("b", nothing[::-1])):
        bodies = [request_body(1, options=options) for options in choices]
        answers = [await shop.submit(body, key=key) for body in bodies]
        assert [answer.status_code for answer in answers] == [202, 202]
        assert answers[0].text == answers[1].text


async def test_a_key_kept_by_an_older_version_with_an_object_without_options_is_recognised(jobs_api: JobsApi) -> None:
    shop = jobs_api.shop()
    nothing_chosen = {"aspectRatio": None, "outputFormat": None, "quality": None}
    former = json.dumps(request_body(1, options=nothing_chosen), separators=(",", ":"))
    first = await shop.submit(request_body(1), key="k")
    await jobs_api.row(
        "UPDATE idempotency_keys SET fingerprint = $2 WHERE instance_id = $1 RETURNING key",
        shop.instance_id,
        hashlib.sha256(former.encode()).hexdigest(),
    )
    again = await shop.submit(request_body(1, options={}), key="k")
    assert (again.status_code, again.text) == (202, first.text)


async def test_another_request_under_the_same_key_is_422(jobs_api: JobsApi) -> None:
    shop = jobs_api.shop()
    await shop.submit(request_body(1), key="k")
    before = await jobs_api.counts(shop)
    answer = await shop.submit(request_body(2), key="k")
    assert answer.status_code == 422
    assert answer.headers["content-type"] == "application/problem+json"
    assert (await jobs_api.counts(shop))["jobs"] == before["jobs"]


async def test_while_the_first_is_running_the_second_is_409_with_retry_after(jobs_api: JobsApi) -> None:
    shop = jobs_api.shop()
    first = asyncio.create_task(shop.submit(request_body(1), prefer=LONG_WAIT, key="k"))
    [(requested, _)] = await shop.requested()
    second = await shop.submit(request_body(1), prefer=LONG_WAIT, key="k")
    assert second.status_code == 409
    assert int(second.headers["retry-after"]) >= 1
    await shop.reserve(requested.job_id)
    assert (await first).status_code == 201
    assert (await shop.submit(request_body(1), key="k")).status_code == 201


async def test_many_at_once_under_one_key_make_one_job(jobs_api: JobsApi) -> None:
    shop = jobs_api.shop()
    answers = await asyncio.gather(*(shop.submit(request_body(1), key="k") for _ in range(8)))
    assert {answer.status_code for answer in answers} <= {202, 409}
    assert len({answer.text for answer in answers if answer.status_code == 202}) == 1
    rows = await jobs_api.rows("SELECT id FROM jobs WHERE instance_id = $1", shop.instance_id)
    assert len(rows) == 1


async def test_an_answer_that_died_with_its_process_is_made_from_the_jobs_row(jobs_api: JobsApi) -> None:
    shop = jobs_api.shop()
    first = await decided(shop, key="k", held=True)
    await jobs_api.row(
        "UPDATE idempotency_keys SET answer = NULL, answer_due_at = now() WHERE instance_id = $1 RETURNING key", shop.instance_id
    )
    again = await shop.submit(request_body(2), key="k")
    assert (again.status_code, again.headers["location"]) == (first[0], first[2])
    assert again.json()["creditsRemaining"] == 100
    assert (await shop.submit(request_body(2), key="k")).text == again.text


async def test_the_same_key_of_another_person_or_tenant_is_another_key(jobs_api: JobsApi) -> None:
    shop = jobs_api.shop()
    answers = [await who.submit(request_body(1), key="k") for who in (shop, shop.as_person("colleague"), jobs_api.shop("other"))]
    assert [answer.status_code for answer in answers] == [202, 202, 202]
    assert len({answer.json()["job"]["id"] for answer in answers}) == 3


async def test_without_a_key_the_same_request_is_a_new_job(jobs_api: JobsApi) -> None:
    shop = jobs_api.shop()
    answers = [await shop.submit(request_body(1)) for _ in range(2)]
    assert len({answer.headers["location"] for answer in answers}) == 2
    assert answers[0].headers["location"].startswith(f"{JOBS}/jobs/")


async def test_keys_are_forgotten_after_their_time(jobs_api: JobsApi) -> None:
    shop = jobs_api.shop()
    await shop.submit(request_body(1), key="old")
    await shop.submit(request_body(1), key="new")
    await jobs_api.row(
        "UPDATE idempotency_keys SET created_at = created_at - interval '25 hours' WHERE instance_id = $1 AND key = 'old'"
        " RETURNING key",
        shop.instance_id,
    )
    engine = build_engine(jobs_api.settings.database_url, pool_size=2)
    unit_of_work = UnitOfWork(engine, service="jobs-api", clock=utc_now, wake_relay=lambda: None)
    await purge_keys(unit_of_work, keep=timedelta(hours=24))
    await engine.dispose()
    kept = await jobs_api.rows("SELECT key FROM idempotency_keys WHERE instance_id = $1", shop.instance_id)
    assert [row["key"] for row in kept] == ["new"]
