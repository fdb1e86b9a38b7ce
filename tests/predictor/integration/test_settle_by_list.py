"""What became of calls without an answer, where the provider's list is late, odd, broken in places or silent on webhooks."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest
from darkroom_contracts.predictions import PredictionCreated
from darkroom_predictor.main import build
from darkroom_predictor.request_budget import RequestBudget
from darkroom_servicekit.database import UnitOfWork, build_engine
from predictor.conftest import MakeSettings
from predictor.events import item_requested
from predictor.integration.test_cancel import write
from predictor.integration.test_how_calls_end import first
from predictor.provider_double import ProviderDouble, cut_off, refusing
from support.kafka import Log
from support.service import eventually, running


@pytest.mark.parametrize("status", [503, 504])
async def test_a_prediction_that_is_listed_late_is_not_bought_again(
    make_settings: MakeSettings, provider: ProviderDouble, log: Log, status: int
) -> None:
    provider.after, provider.list_lag_seconds = refusing(status, detail="upstream connect error"), 4.0

    async with running(build(make_settings())):
        await log.publish(item_requested())
        [created] = await first(log, PredictionCreated)

    assert created.prediction_id == provider.arrivals[0].prediction
    assert len(provider.arrivals) == 1
    assert provider.list_calls > 2, "looked for again and again"


@pytest.mark.parametrize("created_at", [None, "2026-11-30T10:00:00", "yesterday", 5])
async def test_an_odd_entry_of_the_list_hides_no_other(
    make_settings: MakeSettings, provider: ProviderDouble, log: Log, created_at: object
) -> None:
    provider.after = cut_off
    odd = {"id": "odd", "status": "succeeded", "input": None, "created_at": created_at}
    provider.listed += [odd, {"id": None}, {"id": "no-more"}]

    async with running(build(make_settings())):
        await log.publish(item_requested())
        [created] = await first(log, PredictionCreated)

    assert created.prediction_id == provider.arrivals[0].prediction


async def test_a_part_of_the_list_that_cannot_be_read_keeps_only_its_own_calls_open(
    make_settings: MakeSettings, provider: ProviderDouble, log: Log, predictor_database: str
) -> None:
    provider.after = cut_off
    recently = datetime.now(UTC) - timedelta(minutes=10)
    old, young = item_requested(job_id=1), item_requested(job_id=2)

    async with running(build(make_settings())):
        provider.list_fails = lambda _request: True
        await log.publish(old)
        await eventually(lambda: asyncio.sleep(0, provider.list_calls > 1))
        await write(
            predictor_database,
            "UPDATE attempts SET granted_at = granted_at - interval '30 minutes', settle_at = now(), look_up_at = now()",
        )
        provider.list_fails = lambda request: datetime.fromisoformat(request.query_params["created_after"]) < recently
        await log.publish(young)
        [created] = await first(log, PredictionCreated)

    assert created.item_id == young.item_id
    assert len(provider.arrivals) == 2, "the old one is overdue, and may be hidden by what cannot be read"


async def test_a_list_that_shows_no_webhooks_is_noticed_and_inputs_are_compared(
    make_settings: MakeSettings, provider: ProviderDouble, log: Log
) -> None:
    provider.list_shows_webhooks = False
    known, lost = item_requested(input={"prompt": "known"}), item_requested(input={"prompt": "lost"})

    async with running(build(make_settings(unknown_settle_seconds=0.1))) as client:
        await log.publish(known)
        await first(log, PredictionCreated)
        provider.after = cut_off
        await log.publish(lost)
        [_, created] = await first(log, PredictionCreated, 2)
        metrics = (await client.get("/metrics")).text

    assert (created.item_id, created.prediction_id) == (lost.item_id, "p1")
    assert len(provider.arrivals) == 2
    named = "darkroom_predictions_listed_without_webhook_total"
    [count] = [line.split()[1] for line in metrics.splitlines() if line.startswith(named)]
    assert float(count) >= 1


async def test_all_replicas_share_the_budget_of_an_account(predictor_database: str) -> None:
    engine = build_engine(predictor_database, pool_size=2)
    unit_of_work = UnitOfWork(engine, service="predictor", clock=lambda: datetime.now(UTC), wake_relay=lambda: None)
    one, two = (RequestBudget(unit_of_work, "replicate", per_minute=1) for _ in range(2))
    at_once, later = (RequestBudget(unit_of_work, "replicate", per_minute=120) for _ in range(2))

    assert await one.take("slow")
    assert not await two.take("slow"), "one a minute, of whichever replica"
    async with unit_of_work.begin() as transaction:
        assert await at_once.take_within(transaction, "quick", 10) == 4, "two seconds' worth"
        assert await at_once.take_within(transaction, "other", 10) == 4, "each account has its own"
    await write(predictor_database, "UPDATE request_budgets SET next_free = clock_timestamp() + interval '1 hour'")
    assert not await later.take("quick"), "nothing is left at once, whatever a clock that was set back says"
    await eventually(lambda: later.take("quick"))
    await engine.dispose()
