"""A job asks the provider for what it was accepted with, whatever has become of the catalogue; none stops another's release."""

from collections.abc import AsyncIterator
from typing import Any

import pytest
from darkroom_contracts.jobs import ItemRequested
from darkroom_contracts.predictions import DeadLettersRedriven
from darkroom_jobs_api.jobs import release_items
from support.jobs_api import JobsApi, Shop, failed, request_body, running_jobs_api
from support.service import eventually
from support.stack import StackAddresses

AS_ACCEPTED = {
    "prompt": "prompt 1",
    "image_input": ["http://127.0.0.1:9/1.jpg"],
    "aspect_ratio": "match_input_image",
    "output_format": "jpg",
}
WITH_A_SEED = """
    UPDATE catalogue_products SET input = input || '{"seed": "$seed"}',
        options = options || '{"seed": {"allowed": ["none", "fixed"], "default": "none"}}'
"""
WITH_A_NAME_THAT_NOTHING_FILLS = """UPDATE catalogue_products SET input = input || '{"seed": "$nothing"}'"""
MENDED = "UPDATE catalogue_products SET input = input - 'seed'"
A_PRODUCT_WITH_A_WRONG_OPTION = """
    WITH wrong AS (
        INSERT INTO catalogue_products SELECT (jsonb_populate_record(p, '{
            "name": "wrong", "options": {"size": {"allowed": ["small"], "default": "large"}}
        }')).* FROM catalogue_products p WHERE name = 'optimize' RETURNING name
    )
    INSERT INTO catalogue_prices (product, version, credits, valid_from) SELECT name, 1, 15, '2020-01-01' FROM wrong
"""
AS_BEFORE_INPUTS_WERE_KEPT = "UPDATE jobs SET input_template = NULL WHERE id = $1"


@pytest.fixture
async def jobs_api(parts: StackAddresses) -> AsyncIterator[JobsApi]:
    """A service whose catalogue this test may change."""
    async with running_jobs_api(parts) as service:
        yield service


async def _waiting_job(shop: Shop) -> int:
    answer = await shop.submit(request_body())
    assert answer.status_code == 202, answer.text
    return int(answer.json()["job"]["id"])


async def _input_of(shop: Shop, job_id: int, *, nth: int = 1) -> dict[str, Any]:
    """The provider input of the only item of the tenant's `nth` job that is asked for."""
    item: ItemRequested = (await shop.items_requested(nth))[nth - 1]
    assert item.job_id == job_id
    return dict(item.input)


async def test_a_change_of_the_row_between_the_request_and_the_decision_changes_nothing(jobs_api: JobsApi) -> None:
    shop = jobs_api.shop()
    job_id = await _waiting_job(shop)
    await jobs_api.rows(WITH_A_SEED)
    await shop.reserve(job_id)
    assert await _input_of(shop, job_id) == AS_ACCEPTED
    later = await _waiting_job(shop)
    await shop.reserve(later)
    assert await _input_of(shop, later, nth=2) == AS_ACCEPTED | {"seed": "none"}


async def test_a_redriven_item_asks_for_what_the_old_job_asked_for_and_stops_nobody(jobs_api: JobsApi) -> None:
    shop, other = jobs_api.shop(), jobs_api.shop("other")
    job_id, [item] = await shop.running_job(1)
    await shop.say(failed(item))
    await shop.jobs_finished(1)
    await jobs_api.rows(WITH_A_SEED)
    redriven = DeadLettersRedriven(
        instance_id=shop.instance_id,
        redrive_id="0193f4a2-c0de-7a11-8e22-1f2a3b4c5d6e",
        redriven_by="ops/anna",
        dead_letter_ids=("letter",),
        job_id=job_id,
        item_ids=(item.item_id,),
    )
    await shop.say(redriven)
    [_, (again, _)] = await shop.requested(2)
    await shop.reserve(again.job_id, amount=0)
    others_job = await _waiting_job(other)
    await other.reserve(others_job)
    assert await _input_of(other, others_job) == AS_ACCEPTED | {"seed": "none"}
    assert await _input_of(shop, again.job_id, nth=2) == AS_ACCEPTED


async def test_a_job_from_before_inputs_were_kept_gets_todays_row_with_its_defaults(jobs_api: JobsApi) -> None:
    shop = jobs_api.shop()
    job_id = await _waiting_job(shop)
    await jobs_api.rows(AS_BEFORE_INPUTS_WERE_KEPT, job_id)
    await jobs_api.rows(WITH_A_SEED)
    await shop.reserve(job_id)
    assert await _input_of(shop, job_id) == AS_ACCEPTED | {"seed": "none"}


async def test_a_job_that_cannot_be_released_stops_no_other_and_goes_on_once_the_row_is_mended(
    jobs_api: JobsApi, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(release_items, "SET_ASIDE_SECONDS", 0.1)
    monkeypatch.setattr(release_items, "LOOK_SECONDS", 0.1)
    shop, other = jobs_api.shop(), jobs_api.shop("other")
    stuck, good = await _waiting_job(shop), await _waiting_job(other)
    await jobs_api.rows(AS_BEFORE_INPUTS_WERE_KEPT, stuck)
    await jobs_api.rows(WITH_A_NAME_THAT_NOTHING_FILLS)
    await shop.reserve(stuck)

    async def is_set_aside() -> bool:
        row = await jobs_api.row("SELECT release_error FROM jobs WHERE id = $1", stuck)
        return bool(row["release_error"] == "KeyError: 'nothing'")

    await eventually(is_set_aside)
    await other.reserve(good)
    assert await _input_of(other, good) == AS_ACCEPTED
    metrics = (await jobs_api.client.get("/metrics")).text
    assert 'darkroom_jobs_not_released_total{product="optimize"}' in metrics
    assert 'darkroom_loop_restarts_total{loop="release"}' not in metrics

    await jobs_api.rows(MENDED)
    assert await _input_of(shop, stuck) == AS_ACCEPTED
    row = await jobs_api.row("SELECT release_after, release_error FROM jobs WHERE id = $1", stuck)
    assert (row["release_after"], row["release_error"]) == (None, None)


async def test_a_row_that_cannot_be_read_stops_only_the_jobs_of_its_own_product(
    jobs_api: JobsApi, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(release_items, "SET_ASIDE_SECONDS", 0.1)
    monkeypatch.setattr(release_items, "LOOK_SECONDS", 0.1)
    shop, other = jobs_api.shop(), jobs_api.shop("other")
    stuck, good = await _waiting_job(shop), await _waiting_job(other)
    await jobs_api.rows(A_PRODUCT_WITH_A_WRONG_OPTION)
    await jobs_api.rows("UPDATE jobs SET product = 'wrong' WHERE id = $1", stuck)
    await shop.reserve(stuck)

    async def is_set_aside() -> bool:
        row = await jobs_api.row("SELECT release_error FROM jobs WHERE id = $1", stuck)
        return bool(row["release_error"] == "ProductNotInCatalogue: wrong")

    await eventually(is_set_aside)
    await other.reserve(good)
    assert await _input_of(other, good) == AS_ACCEPTED
    await jobs_api.rows("UPDATE catalogue_products SET options = '{}' WHERE name = 'wrong'")
    assert await _input_of(shop, stuck) == AS_ACCEPTED


async def test_jobs_that_were_set_aside_come_after_all_others(jobs_api: JobsApi, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(release_items, "TRANSACTION_JOBS_MAX", 1)
    monkeypatch.setattr(release_items, "SET_ASIDE_SECONDS", 0.0)
    shop, other = jobs_api.shop(), jobs_api.shop("other")
    stuck, good = await _waiting_job(shop), await _waiting_job(other)
    await jobs_api.rows(AS_BEFORE_INPUTS_WERE_KEPT, stuck)
    await jobs_api.rows(WITH_A_NAME_THAT_NOTHING_FILLS)
    await shop.reserve(stuck)
    await other.reserve(good)
    assert await _input_of(other, good) == AS_ACCEPTED


async def test_a_product_whose_row_cannot_be_filled_is_not_sold(jobs_api: JobsApi) -> None:
    shop = jobs_api.shop()
    before = await jobs_api.counts(shop)
    await jobs_api.rows(WITH_A_NAME_THAT_NOTHING_FILLS)
    answer = await shop.submit(request_body(), key="later")
    assert (answer.status_code, answer.json()["type"]) == (503, "/problems/unavailable")
    assert answer.headers["retry-after"] == "60"
    assert await jobs_api.counts(shop) == before
    await jobs_api.rows(MENDED)
    assert (await shop.submit(request_body(), key="later")).status_code == 202
