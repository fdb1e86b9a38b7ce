"""Paid predictions without a live attempt: counted, shown, and cancelled at the provider, whatever shows them."""

from dataclasses import dataclass

import asyncpg
import httpx
import pytest
from darkroom_contracts.items import PredictionSeen
from darkroom_contracts.predictions import AttemptFailed, ItemFailed, PredictionCreated
from darkroom_contracts.topics import PLATFORM_KEY
from darkroom_predictor.main import build
from darkroom_servicekit.auth import token_digest
from predictor.conftest import MakeSettings
from predictor.events import MODEL, item_requested
from predictor.integration.test_how_calls_end import first
from predictor.provider_double import Arrival, ProviderDouble, cut_off, refusing
from starlette.responses import JSONResponse, Response
from support.kafka import Log
from support.service import eventually, running


@dataclass
class Attempt:
    """An attempt as its webhook address names it."""

    attempt_id: str
    token: str

    @classmethod
    def of(cls, arrival: Arrival) -> "Attempt":
        address, _, token = arrival.body["webhook"].partition("?token=")
        return cls(address.rsplit("/", 1)[1], token)

    def seen(self, prediction_id: str, *, token: str | None = None) -> PredictionSeen:
        return PredictionSeen(
            instance_id=PLATFORM_KEY,
            provider="replicate",
            attempt_id=self.attempt_id,
            prediction_id=prediction_id,
            callback_token_sha256=token_digest(token or self.token),
        )


async def metric(client: httpx.AsyncClient, line: str) -> bool:
    return line in (await client.get("/metrics")).text


async def test_a_webhook_of_a_failed_attempt_of_ours_is_counted_and_its_prediction_cancelled(
    make_settings: MakeSettings, provider: ProviderDouble, log: Log
) -> None:
    provider.answer = refusing(422, detail="- input.prompt: is bad")
    async with running(build(make_settings())) as client:
        await log.publish(item_requested())
        await first(log, ItemFailed)
        attempt = Attempt.of(provider.arrivals[0])
        await log.publish(attempt.seen("forged", token="not-its-own"), attempt.seen("stray"), attempt.seen("stray"))
        await eventually(lambda: metric(client, 'darkroom_stray_predictions_total{found_by="webhook"} 1.0'))

        async def is_cancelled() -> bool:
            return provider.cancels == ["stray"]

        await eventually(is_cancelled)


async def test_each_prediction_that_webhooks_of_one_attempt_tell_of_is_cancelled_when_they_come_in_one_batch(
    make_settings: MakeSettings, provider: ProviderDouble, log: Log
) -> None:
    provider.answer = refusing(422, detail="- input.prompt: is bad")
    async with running(build(make_settings())):
        await log.publish(item_requested())
        await first(log, ItemFailed)
    attempt = Attempt.of(provider.arrivals[0])
    # Published while nobody reads: one batch.
    await log.publish(attempt.seen("one"), attempt.seen("two"), attempt.seen("two", token="not-its-own"))
    async with running(build(make_settings())) as client:
        await eventually(lambda: metric(client, 'darkroom_stray_predictions_total{found_by="webhook"} 2.0'))

        async def are_cancelled() -> bool:
            return sorted(provider.cancels) == ["one", "two"]

        await eventually(are_cancelled)


async def test_of_two_predictions_told_of_an_open_call_in_one_batch_the_first_is_its_own_and_the_other_is_cancelled(
    make_settings: MakeSettings, provider: ProviderDouble, log: Log, predictor_database: str
) -> None:
    provider.answer = cut_off
    database = await asyncpg.connect(predictor_database)

    async def is_unknown() -> bool:
        return bool(await database.fetchval("SELECT count(*) = 1 FROM attempts WHERE state = 'UNKNOWN'"))

    async with running(build(make_settings())):
        await log.publish(item_requested())
        await eventually(is_unknown)
    await database.close()
    attempt = Attempt.of(provider.arrivals[0])
    await log.publish(attempt.seen("first"), attempt.seen("second"), attempt.seen("first"))
    async with running(build(make_settings())) as client:
        [created] = await first(log, PredictionCreated)
        assert created.prediction_id == "first"
        await eventually(lambda: metric(client, 'darkroom_stray_predictions_total{found_by="webhook"} 1.0'))

        async def is_cancelled() -> bool:
            return provider.cancels == ["second"]

        await eventually(is_cancelled)


async def test_an_answer_that_comes_after_its_attempt_was_settled_otherwise_is_counted_and_cancelled(
    make_settings: MakeSettings, provider: ProviderDouble, log: Log
) -> None:
    """The attempt owns the prediction that its webhook told of; the answer names another one."""

    async def late(arrival: Arrival) -> Response | None:
        if len(provider.arrivals) == 1:
            await log.publish(Attempt.of(arrival).seen("first"))
            await first(log, PredictionCreated)
        return JSONResponse({"id": "second", "status": "starting", "output": None}, 201)

    provider.answer = late
    async with running(build(make_settings())) as client:
        await log.publish(item_requested())
        await eventually(lambda: metric(client, 'darkroom_stray_predictions_total{found_by="answer"} 1.0'))

        async def is_cancelled() -> bool:
            return provider.cancels == ["second"]

        await eventually(is_cancelled)


async def test_a_webhook_that_was_quicker_than_its_own_answer_is_no_stray(
    make_settings: MakeSettings, provider: ProviderDouble, log: Log, capsys: pytest.CaptureFixture[str]
) -> None:
    async def after_the_webhook(arrival: Arrival) -> Response | None:
        await log.publish(Attempt.of(arrival).seen(arrival.prediction or ""))
        await first(log, PredictionCreated)
        return None

    provider.after = after_the_webhook
    async with running(build(make_settings())) as client:
        await log.publish(item_requested())
        await first(log, PredictionCreated)

        async def is_answered() -> bool:
            return await metric(
                client, f'darkroom_provider_calls_total{{model="{MODEL}",outcome="created",provider="replicate"}} 1.0'
            )

        await eventually(is_answered)
        await log.publish(Attempt.of(provider.arrivals[0]).seen("p0"))
        provider.after = None
        await log.publish(item_requested(job_id=2))
        await first(log, PredictionCreated, 2)
        for found_by in ("answer", "webhook", "list"):
            assert await metric(client, f'darkroom_stray_predictions_total{{found_by="{found_by}"}} 0.0')

    assert provider.cancels == []
    assert "without a live attempt" not in capsys.readouterr().out


async def test_a_listed_prediction_of_a_failed_attempt_is_counted_and_cancelled(
    make_settings: MakeSettings, provider: ProviderDouble, log: Log
) -> None:
    async def refuse_although_made(arrival: Arrival) -> Response | None:
        return Response('{"detail":"slow down","retry_after":1}', 429) if len(provider.arrivals) == 1 else await cut_off(arrival)

    provider.after = refuse_although_made
    async with running(build(make_settings())) as client:
        await log.publish(item_requested())
        await first(log, AttemptFailed)
        await eventually(lambda: metric(client, 'darkroom_stray_predictions_total{found_by="list"} 1.0'))

        async def is_cancelled() -> bool:
            return provider.cancels == ["p0"]

        await eventually(is_cancelled)
        [created] = await first(log, PredictionCreated)

    assert created.prediction_id == "p1"
