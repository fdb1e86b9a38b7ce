"""Attempts that are heard of by their webhook, attempts that nobody ends, items that ended long ago."""

import asyncio
from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qs, urlsplit
from uuid import uuid4

import asyncpg
from darkroom_contracts.items import PredictionSeen
from darkroom_contracts.predictions import AttemptFailed, ItemFailed, PredictionCreated
from darkroom_contracts.topics import PLATFORM_KEY
from darkroom_predictor.main import build
from darkroom_servicekit.auth import token_digest
from predictor.conftest import MakeSettings
from predictor.events import item_requested
from predictor.integration.test_how_calls_end import completed, first, of
from predictor.provider_double import Arrival, ProviderDouble, cut_off
from support.kafka import Log
from support.service import eventually, running


def seen(arrival: Arrival, **changes: str) -> PredictionSeen:
    """What the poller tells of a webhook for the prediction of this call."""
    address = urlsplit(arrival.body["webhook"])
    told = {
        "provider": "replicate",
        "attempt_id": address.path.rsplit("/", 1)[-1],
        "prediction_id": arrival.prediction or "",
        "callback_token_sha256": token_digest(parse_qs(address.query)["token"][0]),
    }
    return PredictionSeen(instance_id=PLATFORM_KEY, **(told | changes))


async def test_a_webhook_settles_a_call_without_an_answer_before_any_look_up(
    make_settings: MakeSettings, provider: ProviderDouble, log: Log
) -> None:
    provider.after = cut_off
    async with running(build(make_settings(look_up_every_seconds=3600, unknown_settle_seconds=3600))) as client:
        await log.publish(item_requested(), item_requested())
        await eventually(lambda: asyncio.sleep(0, len(provider.arrivals) == 2))
        one, two = provider.arrivals
        # Forged: another token, another attempt's token, an attempt that never was. Foreign: another provider's.
        await log.publish(
            seen(one, callback_token_sha256="0" * 64),
            seen(one, attempt_id=seen(two).attempt_id),
            seen(one, attempt_id=str(uuid4())),
            seen(one, provider="another"),
        )
        await log.publish(seen(two), seen(two))
        [created] = await first(log, PredictionCreated)
        # A prediction that an attempt owns already cannot be another's.
        await log.publish(seen(one, prediction_id=created.prediction_id))
        await log.publish(seen(one))
        await first(log, PredictionCreated, 2)
        # A second prediction of an attempt is one that nobody waits for, and that has been paid for.
        await log.publish(seen(one, prediction_id="p77"))

        async def alarmed() -> bool:
            return 'darkroom_stray_predictions_total{found_by="webhook"} 1.0' in (await client.get("/metrics")).text

        await eventually(alarmed)

    assert created.prediction_id == two.prediction
    found = {event.attempt_id: event.prediction_id for event in of(PredictionCreated, log.seen())}
    assert found == {seen(one).attempt_id: one.prediction, seen(two).attempt_id: two.prediction}
    assert len(of(PredictionCreated, log.seen())) == 2
    assert (len(provider.arrivals), provider.list_calls) == (2, 0)


async def test_a_webhook_before_the_answer_makes_the_answer_no_news(
    make_settings: MakeSettings, provider: ProviderDouble, log: Log
) -> None:
    gate = asyncio.Event()

    async def hold(arrival: Arrival) -> None:
        await gate.wait()
        return None

    provider.after = hold
    async with running(build(make_settings(look_up_every_seconds=3600))):
        await log.publish(item_requested())
        await eventually(lambda: asyncio.sleep(0, bool(provider.arrivals and provider.arrivals[0].prediction)))
        await log.publish(seen(provider.arrivals[0]))
        [created] = await first(log, PredictionCreated)
        gate.set()
        await log.publish(item_requested(job_id=2))
        await first(log, PredictionCreated, 2)
    assert created.prediction_id == provider.arrivals[0].prediction
    assert len(of(PredictionCreated, log.seen())) == 2
    assert not of(AttemptFailed, log.seen())


async def test_an_attempt_that_nobody_ends_is_told_again_and_given_up_only_when_nothing_can_come(
    make_settings: MakeSettings, provider: ProviderDouble, log: Log, predictor_database: str
) -> None:
    items = [item_requested(job_id=number, cancel_after_seconds=60) for number in (1, 2)]
    app = build(make_settings(retell_margin_seconds=30, attempt_abandon_seconds=600))
    async with running(app):
        await log.publish(*items)
        silent, fine = [
            next(one for one in await first(log, PredictionCreated, 2) if one.item_id == item.item_id) for item in items
        ]
        await log.publish(completed(items[1], fine))

        async def ended() -> bool:
            connection = await asyncpg.connect(predictor_database)
            try:
                return bool(await connection.fetchval("SELECT count(*) = 1 FROM attempts WHERE state = 'DONE'"))
            finally:
                await connection.close()

        await eventually(ended)
    # As if Cancel-After and the margin had passed: the next start looks at once.
    await _later(predictor_database, seconds=91)
    async with running(build(make_settings(retell_margin_seconds=30, attempt_abandon_seconds=600))):
        again = (await first(log, PredictionCreated, 3))[2]
        assert again.model_dump(exclude={"created_at"}) == silent.model_dump(exclude={"created_at"})
    assert not of(AttemptFailed, log.seen())
    await _later(predictor_database, seconds=600)
    async with running(build(make_settings(retell_margin_seconds=30, attempt_abandon_seconds=600))):
        [failed] = await first(log, AttemptFailed)
        await log.events(lambda seen: any(one.attempt == 2 for one in of(PredictionCreated, seen)))
    assert (failed.item_id, failed.code) == (silent.item_id, "provider-timeout")
    assert len(provider.arrivals) == 3


async def _later(database_url: str, *, seconds: int) -> None:
    """The database as it will stand so much later."""
    connection = await asyncpg.connect(database_url)
    past = f"interval '{seconds} seconds'"
    await connection.execute(f"UPDATE attempts SET granted_at = granted_at - {past}, retell_at = retell_at - {past}")
    await connection.close()


async def test_what_ended_long_ago_is_forgotten_and_not_bought_again_when_the_log_is_read_anew(
    make_settings: MakeSettings, provider: ProviderDouble, log: Log, predictor_database: str
) -> None:
    long_ago = datetime.now(UTC) - timedelta(days=8)
    old, young = item_requested(), item_requested()
    async with running(build(make_settings(queue_keep_days=7))):
        await log.publish(old, young)
        for created in await first(log, PredictionCreated, 2):
            await log.publish(completed(old if created.item_id == old.item_id else young, created))

        async def ended() -> bool:
            return await _count(predictor_database, "queue_items WHERE state = 'ENDED'") == 2

        await eventually(ended)
    connection = await asyncpg.connect(predictor_database)
    await connection.execute("UPDATE queue_items SET ended_at = $2 WHERE item_id = $1", old.item_id, long_ago)
    await connection.close()
    async with running(build(make_settings(queue_keep_days=7))):

        async def forgotten() -> bool:
            return await _count(predictor_database, "attempts") == 1

        await eventually(forgotten)
        # The same requests once more, as new messages.
        await log.publish(young, old.model_copy(update={"requested_at": long_ago}))
        [failed] = await first(log, ItemFailed)
    assert (failed.item_id, failed.code, failed.reached_provider) == (old.item_id, "too-old", False)
    assert len(provider.arrivals) == 2
    assert await _count(predictor_database, "queue_items") == 1


async def _count(database_url: str, what: str) -> int:
    connection = await asyncpg.connect(database_url)
    try:
        return int(await connection.fetchval(f"SELECT count(*) FROM {what}"))
    finally:
        await connection.close()
