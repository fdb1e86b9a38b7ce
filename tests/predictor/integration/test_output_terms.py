"""Each PredictionCreated tells the terms of its item's output, whatever made the attempt known, and however often."""

import asyncio
from datetime import UTC, datetime, timedelta

import asyncpg
import httpx
import pytest
from darkroom_contracts.jobs import OutputTerms
from darkroom_contracts.predictions import PredictionCreated
from darkroom_predictor.main import build
from darkroom_servicekit.auth import make_jwt
from predictor.conftest import MakeSettings
from predictor.events import item_requested
from predictor.integration.test_how_calls_end import first, prediction_failed
from predictor.integration.test_lives_of_attempts import seen
from predictor.provider_double import ProviderDouble, cut_off
from support.kafka import Log
from support.service import eventually, running

TERMS = OutputTerms(pointer="/images/0", kinds=("png", "webp"), bytes_max=25_000_000, pixels_max=50_000_000)
SECRET = "a-secret-of-this-test-that-is-long-enough"
NEVER = 3600.0


async def _told_again_by_an_operator(client: httpx.AsyncClient, attempt_id: str) -> None:
    token = make_jwt("ops", key=SECRET, now=datetime.now(UTC), ttl=timedelta(hours=1), subject="anna", roles=("operator",))
    answer = await client.post(
        "/api/operator/doctor/repair/attempts", json={"ids": [attempt_id]}, headers={"Authorization": f"Bearer {token}"}
    )
    assert (answer.status_code, answer.json()["repaired"]) == (200, 1), answer.text


async def test_every_attempt_and_every_telling_of_it_has_the_terms(make_settings: MakeSettings, log: Log) -> None:
    item = item_requested(output=TERMS)
    async with running(build(make_settings(jwt_secret=SECRET))) as client:
        await log.publish(item)
        [created] = await first(log, PredictionCreated)
        await log.publish(prediction_failed(item, created, code="provider-error", retryable=True))
        [_, second] = await first(log, PredictionCreated, 2)
        await _told_again_by_an_operator(client, second.attempt_id)
        events = await first(log, PredictionCreated, 3)

    assert [event.attempt for event in events] == [1, 2, 2]
    assert [event.output_terms for event in events] == [TERMS] * 3


async def test_an_item_without_terms_as_older_versions_asked_for_has_none(make_settings: MakeSettings, log: Log) -> None:
    old, new = item_requested(job_id=1), item_requested(job_id=2, output=TERMS)
    assert b"output" not in old.to_json()
    async with running(build(make_settings())):
        await log.publish(old, new)
        told = {event.item_id: event.output_terms for event in await first(log, PredictionCreated, 2)}

    assert told == {old.item_id: None, new.item_id: TERMS}


async def test_a_prediction_that_is_found_at_the_provider_has_the_terms(
    make_settings: MakeSettings, provider: ProviderDouble, log: Log
) -> None:
    provider.after = cut_off
    async with running(build(make_settings())):
        await log.publish(item_requested(output=TERMS))
        [created] = await first(log, PredictionCreated)

    assert (created.prediction_id, created.output_terms) == (provider.arrivals[0].prediction, TERMS)


async def test_a_prediction_that_only_its_webhook_tells_of_has_the_terms(
    make_settings: MakeSettings, provider: ProviderDouble, log: Log
) -> None:
    provider.after = cut_off
    async with running(build(make_settings(look_up_every_seconds=NEVER, unknown_settle_seconds=NEVER))):
        await log.publish(item_requested(output=TERMS))
        await eventually(lambda: asyncio.sleep(0, bool(provider.arrivals and provider.arrivals[0].prediction)))
        await log.publish(seen(provider.arrivals[0]))
        [created] = await first(log, PredictionCreated)

    assert (created.prediction_id, created.output_terms) == (provider.arrivals[0].prediction, TERMS)


@pytest.mark.parametrize("state", ["CREATED", "CALLING"])
async def test_what_another_replica_left_when_it_died_has_the_terms(
    make_settings: MakeSettings, log: Log, predictor_database: str, state: str
) -> None:
    """CREATED: nobody has told how it ended, so the poller is told again. CALLING: the call's answer was never written down."""
    async with running(build(make_settings())):
        await log.publish(item_requested(output=TERMS))
        [created] = await first(log, PredictionCreated)
    connection = await asyncpg.connect(predictor_database)
    await connection.execute("UPDATE attempts SET retell_at = granted_at WHERE state = $1", state)
    if state == "CALLING":
        await connection.execute(
            "UPDATE attempts SET state = 'CALLING', prediction_id = NULL, owner = 'gone', lease_until = granted_at"
        )
    await connection.close()
    async with running(build(make_settings())):
        [_, again] = await first(log, PredictionCreated, 2)

    assert (again.attempt_id, again.prediction_id) == (created.attempt_id, created.prediction_id)
    assert (created.output_terms, again.output_terms) == (TERMS, TERMS)
