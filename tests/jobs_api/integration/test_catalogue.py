"""The catalogue: prices are versions, a job keeps the one it was sold at; model ids can be set over the rows."""

from datetime import UTC, datetime

import pytest
from darkroom_jobs_api.catalogue.store import CatalogueStore, ProductNotInCatalogue
from darkroom_jobs_api.settings import JobsApiSettings
from darkroom_servicekit.database import build_engine
from support.jobs_api import JOBS, JobsApi, completed, failed, request_body

NOW = datetime(2026, 3, 1, tzinfo=UTC)


async def test_a_new_price_is_for_new_jobs(jobs_api: JobsApi) -> None:
    shop = jobs_api.shop()
    old, [item] = await shop.running_job(1)
    await jobs_api.row("INSERT INTO catalogue_prices VALUES ('optimize', 3, 20, now() - interval '1 second') RETURNING version")
    await jobs_api.row("INSERT INTO catalogue_prices VALUES ('optimize', 4, 99, now() + interval '1 day') RETURNING version")
    try:
        await shop.submit(request_body(2))
        [_, (requested, _)] = await shop.requested(2)
        assert (requested.price_version, requested.price_credits, requested.amount_credits) == (3, 20, 40)
        assert (await shop.post("/api/quote", request_body(2))).json()["price"] == 40
        await shop.say(completed(item))
        await shop.jobs_finished()
        kept = await jobs_api.row("SELECT price_version, price_credits FROM jobs WHERE id = $1", old)
        assert (kept["price_version"], kept["price_credits"]) == (2, 15)
    finally:
        await jobs_api.rows("DELETE FROM catalogue_prices WHERE version > 2")


async def test_the_price_is_the_one_valid_at_the_time(jobs_api: JobsApi) -> None:
    engine = build_engine(jobs_api.settings.database_url, pool_size=2)
    catalogue = CatalogueStore({})
    async with engine.connect() as connection:
        early = await catalogue.product(connection, "optimize", now=datetime(2025, 2, 1, tzinfo=UTC))
        assert (early.price_version, early.price_credits) == (1, 10)
        assert (await catalogue.product(connection, "optimize", now=NOW)).price_credits == 15
        with pytest.raises(ProductNotInCatalogue):
            await catalogue.product(connection, "optimize", now=datetime(2024, 1, 1, tzinfo=UTC))
        with pytest.raises(ProductNotInCatalogue, match="paint"):
            await catalogue.products(connection, ["optimize", "paint"], now=NOW)
    await engine.dispose()


async def test_a_model_id_set_by_the_operator_goes_over_the_rows(jobs_api: JobsApi, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DARKROOM_MODELS", '{"optimize": "a/one", "convert": "a/two"}')
    given = jobs_api.settings.model_dump(include={"kafka_bootstrap_servers", "database_url", "redis_url", "storage_url"})
    assert JobsApiSettings(**given).model_overrides() == {"optimize": "a/one", "convert": "a/two"}
    monkeypatch.setenv("DARKROOM_OPTIMIZE_MODEL", "a/three")
    overrides = JobsApiSettings(**given).model_overrides()
    assert overrides["optimize"] == "a/three"
    engine = build_engine(jobs_api.settings.database_url, pool_size=2)
    async with engine.connect() as connection:
        assert (await CatalogueStore(overrides).product(connection, "optimize", now=NOW)).model == "a/three"
        assert (await CatalogueStore({}).product(connection, "optimize", now=NOW)).model == "google/nano-banana"
    await engine.dispose()


async def test_every_choice_that_a_row_offers_changes_the_providers_input(jobs_api: JobsApi) -> None:
    engine = build_engine(jobs_api.settings.database_url, pool_size=1)
    async with engine.connect() as connection:
        names = [row["name"] for row in await jobs_api.rows("SELECT name FROM catalogue_products")]
        products = await CatalogueStore({}).products(connection, names, now=NOW)
    await engine.dispose()
    assert {name: product.idle_options() for name, product in products.items()} == {name: set() for name in names}


async def test_a_job_with_a_choice_that_is_not_offered_any_more_is_tried_again_without_it(jobs_api: JobsApi) -> None:
    shop = jobs_api.shop()
    job_id, [item] = await shop.running_job(1)
    await jobs_api.rows('UPDATE jobs SET options = options || \'{"quality": "high"}\' WHERE id = $1', job_id)
    await shop.say(failed(item))
    await shop.jobs_finished()
    answer = await shop.post(f"{JOBS}/jobs/{job_id}/retry", None, Prefer="respond-async")
    assert answer.status_code == 202, answer.text
    kept = await jobs_api.row("SELECT options ->> 'quality' AS quality FROM jobs WHERE retry_of = $1", job_id)
    assert kept["quality"] == "standard"
