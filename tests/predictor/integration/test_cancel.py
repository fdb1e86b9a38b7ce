"""A job is stopped while its items are at every stage: exactly one end each, and nothing is paid for that need not be."""

import asyncio
import threading
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from random import random

import asyncpg
import httpx
import pytest
from darkroom_contracts.envelope import wrap
from darkroom_contracts.jobs import ItemRequested, JobCancelRequested, RetryPolicy
from darkroom_contracts.predictions import AttemptFailed, ItemCanceled, ItemFailed, PredictionCreated
from darkroom_predictor.attempt_store import mark_created
from darkroom_predictor.cancel_store import stop_items
from darkroom_predictor.claim_turns import ClaimTurns
from darkroom_predictor.fail_attempts import FailAttempts, Failure
from darkroom_predictor.fair_queue import Grant, Hints, Place, Turns
from darkroom_predictor.items import Then
from darkroom_predictor.main import build
from darkroom_predictor.queue_store import QueueTable, insert_items
from darkroom_servicekit.database import UnitOfWork, build_engine
from darkroom_servicekit.stages import Received
from predictor.conftest import MakeSettings
from predictor.events import item_requested
from predictor.integration.test_how_calls_end import completed, first, of, prediction_failed
from predictor.provider_double import Arrival, ProviderDouble, cut_off, refusing
from sqlalchemy import text
from starlette.responses import Response
from support.kafka import Log
from support.service import eventually, running

PATIENT = RetryPolicy(attempts_max=3, backoff_seconds=(600.0,))


def stop(item: ItemRequested) -> JobCancelRequested:
    return JobCancelRequested(instance_id=item.instance_id, job_id=item.job_id)


async def marked(client: httpx.AsyncClient, requests: int) -> bool:
    """Whether so many requests to cancel have been handled."""
    line = f'darkroom_events_consumed_total{{outcome="handled",type="darkroom.JobCancelRequested.v1"}} {requests:.1f}'
    return line in (await client.get("/metrics")).text


async def write(database_url: str, statement: str) -> None:
    """Change the tables as time would."""
    connection = await asyncpg.connect(database_url)
    try:
        await connection.execute(statement)
    finally:
        await connection.close()


async def test_what_waits_ends_at_once_and_takes_no_turn(make_settings: MakeSettings, provider: ProviderDouble, log: Log) -> None:
    at_work, *waiting = [item_requested(job_id=1) for _ in range(4)]
    other = item_requested(job_id=2)
    async with running(build(make_settings(replicate_concurrency=1))) as client:
        await log.publish(at_work)
        [created] = await first(log, PredictionCreated)
        await log.publish(*waiting, other)
        # A stranger's request, and one for a job that nobody knows, do nothing: the next one's events come without theirs.
        await log.publish(JobCancelRequested(instance_id="shop-2", job_id=1), JobCancelRequested(instance_id="shop-1", job_id=77))
        await log.publish(stop(at_work), stop(at_work))
        canceled = await first(log, ItemCanceled, 3)
        await log.publish(completed(at_work, created))
        [_, second] = await first(log, PredictionCreated, 2)
        metrics = (await client.get("/metrics")).text

    assert {event.item_id for event in canceled} == {item.item_id for item in waiting}
    assert not any(event.reached_provider for event in canceled)
    assert second.item_id == other.item_id
    assert len(of(ItemCanceled, log.seen())) == 3, "the one that succeeded first is DONE, and nothing else"
    assert 'darkroom_limiter_burned_total{reason="not-waiting"}' not in metrics
    dead = [one for one in metrics.splitlines() if one.startswith("darkroom_dead_letters_total{")]
    assert not any(float(one.rsplit(" ", 1)[1]) for one in dead)


async def test_at_the_provider_it_is_stopped_there_and_the_providers_word_decides(
    make_settings: MakeSettings, provider: ProviderDouble, log: Log, predictor_database: str
) -> None:
    stopped, finished, broken = item_requested(job_id=1), item_requested(job_id=2), item_requested(job_id=3)
    provider.cancel_status = 503
    async with running(build(make_settings())):
        await log.publish(stopped, finished, broken)
        created = {event.item_id: event for event in await first(log, PredictionCreated, 3)}
        await log.publish(stop(stopped), stop(finished), stop(broken))
        await eventually(lambda: asyncio.sleep(0, len(set(provider.cancels)) == 3))

    assert not of(ItemCanceled, log.seen()), "the provider has not been heard of yet"
    provider.cancel_status = 200
    taken_before = len(provider.cancels)
    # Another replica goes on where the first one died; the first calls failed, so in a while they are due again.
    await write(predictor_database, "UPDATE attempts SET cancel_at = clock_timestamp() WHERE cancel_at IS NOT NULL")
    async with running(build(make_settings(replica="two"))):
        await eventually(lambda: asyncio.sleep(0, len(set(provider.cancels[taken_before:])) == 3))
        await log.publish(
            prediction_failed(stopped, created[stopped.item_id], code="canceled", retryable=True),
            completed(finished, created[finished.item_id]),
            prediction_failed(broken, created[broken.item_id], code="moderation", retryable=False),
        )
        [canceled] = await first(log, ItemCanceled)
        [failed] = await first(log, ItemFailed)

    assert (canceled.item_id, canceled.reached_provider) == (stopped.item_id, True)
    assert (failed.item_id, failed.code) == (broken.item_id, "moderation")
    assert len(provider.arrivals) == 3
    assert not of(AttemptFailed, log.seen())


async def test_during_the_call_its_answer_comes_first(make_settings: MakeSettings, provider: ProviderDouble, log: Log) -> None:
    made, refused, gate = item_requested(job_id=1), item_requested(job_id=2), asyncio.Event()

    async def wait_and_see(arrival: Arrival) -> Response | None:
        await gate.wait()
        return None if arrival.body["input"] == made.input else Response('{"detail":"away"}', 503)

    provider.answer = wait_and_see
    async with running(build(make_settings(unknown_settle_seconds=0.1))) as client:
        await log.publish(made, refused)
        await eventually(lambda: asyncio.sleep(0, len(provider.arrivals) == 2))
        await log.publish(stop(made), stop(refused))
        await eventually(lambda: marked(client, 2))
        gate.set()
        [created] = await first(log, PredictionCreated)
        [canceled] = await first(log, ItemCanceled)
        await eventually(lambda: asyncio.sleep(0, provider.cancels == [created.prediction_id]))

    assert (created.item_id, canceled.item_id) == (made.item_id, refused.item_id)
    assert not canceled.reached_provider
    assert len(provider.arrivals) == 2


async def test_between_two_attempts_there_is_no_second_one(
    make_settings: MakeSettings, provider: ProviderDouble, log: Log
) -> None:
    provider.answer = refusing(503, detail="away")
    item = item_requested(retry=PATIENT)
    async with running(build(make_settings(unknown_settle_seconds=0.1))):
        await log.publish(item)
        await first(log, AttemptFailed)
        await log.publish(stop(item))
        [canceled] = await first(log, ItemCanceled)
    assert not canceled.reached_provider


async def test_a_call_without_an_answer_is_settled_first(
    make_settings: MakeSettings, provider: ProviderDouble, log: Log, predictor_database: str
) -> None:
    lost, made = item_requested(job_id=1), item_requested(job_id=2)

    async def lose_one(arrival: Arrival) -> Response | None:
        return await cut_off(arrival) if arrival.body["input"] == lost.input else None

    provider.answer, provider.after = lose_one, cut_off
    async with running(build(make_settings(unknown_settle_seconds=3600.0))) as client:
        await log.publish(lost, made)
        await eventually(lambda: asyncio.sleep(0, len(provider.arrivals) == 2))
        await log.publish(stop(lost), stop(made))
        [created] = await first(log, PredictionCreated)
        await eventually(lambda: asyncio.sleep(0, provider.cancels == [created.prediction_id]))
        await eventually(lambda: marked(client, 2))
        looked = provider.list_calls
        await eventually(lambda: asyncio.sleep(0, provider.list_calls >= looked + 2))
        assert not of(ItemCanceled, await log.events(lambda _seen: True)), "what became of the call is not known yet"
        # As if the settling time were over.
        await write(predictor_database, "UPDATE attempts SET settle_at = clock_timestamp() WHERE state = 'UNKNOWN'")
        [canceled] = await first(log, ItemCanceled)

    assert (created.item_id, canceled.item_id) == (made.item_id, lost.item_id)
    assert not canceled.reached_provider
    assert len(provider.arrivals) == 2


@pytest.fixture
async def unit_of_work(predictor_database: str) -> AsyncIterator[UnitOfWork]:
    engine = build_engine(predictor_database, pool_size=8)
    yield UnitOfWork(engine, service="predictor", clock=lambda: datetime.now(UTC), wake_relay=lambda: None)
    await engine.dispose()


async def claimed(unit_of_work: UnitOfWork, event: ItemRequested, epoch: int) -> list[str]:
    """A turn of the item as a claimed attempt; nothing when it waits no longer."""
    claim = ClaimTurns(unit_of_work, "replicate", owner="one:1", lease_seconds=10)
    place = Place(event.instance_id, event.job_id, event.item_id)
    attempt_id = f"00000000-0000-7000-8000-{event.item_id:012}"
    return [call.claimed.attempt_id for call in await claim(Turns([Grant(place, "replicate-1", attempt_id, 1, 0.0)], 0.0, epoch))]


async def cancelled(unit_of_work: UnitOfWork, event: ItemRequested) -> None:
    async with unit_of_work.begin() as transaction:
        await stop_items(transaction, [(event.job_id, event.instance_id, "019a0000-0000-7000-8000-000000000000")])


async def failed(unit_of_work: UnitOfWork, fail: FailAttempts, attempts: list[str]) -> dict[str, Hints]:
    failures = [Failure(attempt_id=one, code="provider-error", message="", then=Then.RETRY) for one in attempts]
    async with unit_of_work.begin() as transaction:
        return await fail(transaction, failures)


async def filed(unit_of_work: UnitOfWork, events: list[ItemRequested]) -> int:
    async with unit_of_work.begin() as transaction:
        await insert_items(transaction, [Received(one, wrap(one, source="/tests", now=datetime.now(UTC))) for one in events])
    return await QueueTable(unit_of_work, "replicate").next_epoch()


async def states(unit_of_work: UnitOfWork) -> set[tuple[str, str | None]]:
    async with unit_of_work.read() as connection:
        statement = "SELECT q.state, a.state FROM queue_items q LEFT JOIN attempts a USING (item_id)"
        return {(row[0], row[1]) for row in await connection.execute(text(statement))}


async def test_a_cancel_in_the_middle_of_a_failure_is_not_overlooked(unit_of_work: UnitOfWork, predictor_database: str) -> None:
    """The failure has read the item and not yet put it back: a cancel now must wait for it, or be seen by it."""
    event = item_requested()
    attempts = await claimed(unit_of_work, event, await filed(unit_of_work, [event]))

    async def cancel_from_outside() -> None:
        engine = build_engine(predictor_database, pool_size=1)
        outside = UnitOfWork(engine, service="predictor", clock=lambda: datetime.now(UTC), wake_relay=lambda: None)
        await cancelled(outside, event)
        await engine.dispose()

    other = threading.Thread(target=asyncio.run, args=(cancel_from_outside(),))

    def chance() -> float:
        """Asked for by the failure between its reading and its writing."""
        other.start()
        other.join(timeout=0.5)
        return 0.5

    await failed(unit_of_work, FailAttempts(chance), attempts)
    await asyncio.to_thread(other.join)

    assert await states(unit_of_work) == {("ENDED", "FAILED")}


async def test_whatever_it_races_with_a_cancelled_item_never_waits_for_another_turn(unit_of_work: UnitOfWork) -> None:
    """The claim, the failure and the cancel of the same items, at once and in any order, on real locks."""
    events = [item_requested(job_id=number) for number in range(1, 61)]
    epoch = await filed(unit_of_work, events)
    fail = FailAttempts(random)

    async def attempt(event: ItemRequested) -> None:
        await failed(unit_of_work, fail, await claimed(unit_of_work, event, epoch))

    await asyncio.gather(*(call for event in events for call in (attempt(event), cancelled(unit_of_work, event))))

    assert await states(unit_of_work) <= {("ENDED", "FAILED"), ("ENDED", None)}


async def test_a_prediction_that_we_had_stopped_says_nothing_of_its_model(unit_of_work: UnitOfWork) -> None:
    """The provider ends it as if it had run out of time; eight of those in a row must not make everybody's items wait."""
    stopped, broken = item_requested(job_id=1), item_requested(job_id=2)
    epoch = await filed(unit_of_work, [stopped, broken])
    attempts = {event.job_id: await claimed(unit_of_work, event, epoch) for event in (stopped, broken)}
    async with unit_of_work.begin() as transaction:
        await mark_created(transaction, [(one, f"p{job}") for job, [one] in attempts.items()], margin_seconds=1)
    await cancelled(unit_of_work, stopped)

    of_stopped = await failed(unit_of_work, FailAttempts(random), attempts[1])
    of_broken = await failed(unit_of_work, FailAttempts(random), attempts[2])

    assert (of_stopped["replicate"].ran, of_broken["replicate"].ran) == ([], [(broken.model, broken.instance_id, 1)])


async def test_a_call_that_is_said_to_have_made_nothing_does_not_end_a_prediction_that_was_heard_of(
    unit_of_work: UnitOfWork,
) -> None:
    event = item_requested()
    [attempt] = await claimed(unit_of_work, event, await filed(unit_of_work, [event]))
    async with unit_of_work.begin() as transaction:
        await mark_created(transaction, [(attempt, "p1")], margin_seconds=1)

    fail = FailAttempts(random)
    for never_made, state in ((True, "CREATED"), (False, "FAILED")):
        failure = Failure(attempt_id=attempt, code="x", message="", then=Then.RETRY, never_made=never_made)
        async with unit_of_work.begin() as transaction:
            await fail(transaction, [failure])
        assert {found for _, found in await states(unit_of_work)} == {state}
