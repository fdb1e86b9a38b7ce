"""A job asks for its items under the output terms that it was sold under, whatever has become of the catalogue's row."""

import json
from collections.abc import AsyncIterator

import pytest
from darkroom_contracts.jobs import OutputTerms
from jobs_api.integration.test_doctor import repair
from support.jobs_api import JOBS, JobsApi, Shop, failed, request_body, running_jobs_api
from support.redrives import redriven
from support.stack import StackAddresses

ROW = {"pointer": "/images/0", "kinds": ["png"], "bytesMax": 25_000_000, "pixelsMax": 50_000_000}
TERMS = OutputTerms(pointer="/images/0", kinds=("png",), bytes_max=25_000_000, pixels_max=50_000_000)
LATER_ROW = {"pixelsMax": 1_000_000}
LATER_TERMS = OutputTerms(pixels_max=1_000_000)
WRONG_ROW = {"kinds": ["bmp"], "maxBytes": 5}


@pytest.fixture(scope="module")
async def own_jobs_api(parts: StackAddresses) -> AsyncIterator[JobsApi]:
    """A service whose catalogue these tests may change."""
    async with running_jobs_api(parts) as service:
        yield service


@pytest.fixture
async def jobs_api(own_jobs_api: JobsApi) -> JobsApi:
    """The service, with a row that names no terms."""
    await _row_says(own_jobs_api, None)
    return own_jobs_api


async def _row_says(jobs_api: JobsApi, output: object) -> None:
    value = None if output is None else json.dumps(output)
    await jobs_api.rows("UPDATE catalogue_products SET output = $1::jsonb WHERE name = 'optimize'", value)


async def _submit(shop: Shop) -> int:
    answer = await shop.submit(request_body())
    assert answer.status_code == 202, answer.text
    return int(answer.json()["job"]["id"])


async def test_items_are_asked_for_and_asked_for_again_under_the_terms_of_the_sale(jobs_api: JobsApi) -> None:
    shop = jobs_api.shop()
    await _row_says(jobs_api, ROW)
    job_id = await _submit(shop)
    await _row_says(jobs_api, LATER_ROW)
    await shop.reserve(job_id)
    [item] = await shop.items_requested(1)
    assert await repair(jobs_api, "items", item.item_id) == 1
    [_, again] = await shop.items_requested(2)
    assert (item.output, again.output) == (TERMS, TERMS)

    later = await _submit(shop)
    await shop.reserve(later)
    assert (await shop.items_requested(3))[2].output == LATER_TERMS


async def test_a_redriven_item_keeps_the_terms_and_a_paid_retry_takes_todays(jobs_api: JobsApi) -> None:
    shop = jobs_api.shop()
    await _row_says(jobs_api, ROW)
    job_id, [one, two] = await shop.running_job(2)
    await shop.say(failed(one), failed(two))
    await shop.jobs_finished(1)
    await _row_says(jobs_api, LATER_ROW)

    await shop.say(redriven(one))
    [_, (again, _)] = await shop.requested(2)
    await shop.reserve(again.job_id, amount=0)
    free = (await shop.items_requested(3))[2]
    assert (free.job_id, free.output) == (again.job_id, TERMS)

    answer = await shop.post(f"{JOBS}/jobs/{job_id}/retry", None, Prefer="respond-async")
    assert answer.status_code == 202, answer.text
    retry_id = answer.json()["job"]["id"]
    await shop.reserve(retry_id)
    paid = (await shop.items_requested(4))[3]
    assert (paid.job_id, paid.output) == (retry_id, LATER_TERMS)


async def test_a_job_sold_without_terms_has_none_when_the_row_names_some_later(jobs_api: JobsApi) -> None:
    shop = jobs_api.shop()
    job_id = await _submit(shop)
    await _row_says(jobs_api, ROW)
    await shop.reserve(job_id)
    [item] = await shop.items_requested(1)
    assert item.output is None
    assert b'"output"' not in item.to_json()


async def test_a_product_whose_row_cannot_be_read_is_not_sold(jobs_api: JobsApi) -> None:
    shop = jobs_api.shop()
    job_id, [item] = await shop.running_job(1)
    await shop.say(failed(item))
    await shop.jobs_finished(1)
    before = await jobs_api.counts(shop)
    await jobs_api.rows("""UPDATE catalogue_products SET options = options || '{"size": 5}' WHERE name = 'optimize'""")
    try:
        answers = [
            await shop.submit(request_body(), key="later"),
            await shop.post(f"{JOBS}/jobs/{job_id}/retry", None),
            await shop.post("/api/quote", request_body()),
        ]
    finally:
        await jobs_api.rows("UPDATE catalogue_products SET options = options - 'size' WHERE name = 'optimize'")
    assert [(one.status_code, one.json()["type"]) for one in answers] == [(503, "/problems/unavailable")] * 3
    assert await jobs_api.counts(shop) == before


async def test_a_product_whose_row_has_wrong_terms_is_not_sold_and_its_jobs_from_before_go_on(
    jobs_api: JobsApi, caplog: pytest.LogCaptureFixture
) -> None:
    shop = jobs_api.shop()
    await _row_says(jobs_api, ROW)
    job_id = await _submit(shop)
    before = await jobs_api.counts(shop)
    await _row_says(jobs_api, WRONG_ROW)
    answer = await shop.submit(request_body(), key="later")
    assert (answer.status_code, answer.json()["type"]) == (503, "/problems/unavailable")
    assert await jobs_api.counts(shop) == before
    assert "output.maxBytes: Extra inputs are not permitted" in caplog.text

    await shop.reserve(job_id)
    assert (await shop.items_requested(1))[0].output == TERMS
    await _row_says(jobs_api, ROW)
    assert (await shop.submit(request_body(), key="later")).status_code == 202
