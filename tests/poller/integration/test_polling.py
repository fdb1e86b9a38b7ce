"""Polling as the reconciler: webhooks that never come, overdue predictions, a provider that is away or asks for quiet."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID

import asyncpg
import pytest
from darkroom_contracts.items import ItemCompleted, PredictionFailed
from darkroom_poller.poll_store import claim_polls
from darkroom_poller.predictions import FIRST_POLL_SECONDS_MIN
from darkroom_poller.providers import replicate
from darkroom_servicekit.database import UnitOfWork, build_engine
from support.kafka import Log
from support.poller_world import World, poller_world, shared_world
from support.provider_double import provider_double
from support.service import eventually, migrated
from support.stack import StackAddresses

Start = Callable[..., AbstractAsyncContextManager[World]]
BLIND = {"webhook_expected": False, "expected_seconds": 0.1}
PAUSE_SECONDS = 3.0
FAILED = 'darkroom_polls_total{outcome="failed"'


@pytest.fixture(scope="module")
async def world(parts: StackAddresses, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[World]:
    async with shared_world(parts, tmp_path_factory.mktemp("storage"), overdue_margin_seconds=0) as made:
        yield made


@pytest.fixture
async def start(log: Log, database_url: str, redis_url: str, tmp_path: Path) -> AsyncIterator[Start]:
    """Starts a poller with settings of the test's choice."""
    async with provider_double() as double:
        yield lambda **settings: poller_world(log, database_url, redis_url, double, tmp_path, **settings)


def asked(world: World, prediction_id: str) -> int:
    return world.double.asked[f"/v1/predictions/{prediction_id}"]


async def test_a_lost_webhook_is_made_up_for_by_a_poll(world: World) -> None:
    attempt = world.attempt()
    world.succeed(attempt)
    await world.file(attempt, **BLIND)
    assert isinstance(await world.event(attempt), ItemCompleted)
    assert asked(world, attempt.prediction_id) == 1


async def test_a_webhook_that_comes_spares_the_poll(world: World) -> None:
    attempt = world.attempt()
    await world.file(attempt)
    await world.webhook(attempt, world.succeed(attempt))
    await world.end(attempt)
    # Due from now on, before the other one: whoever looks at what is due looks at it first.
    await world.query_one(
        "UPDATE predictions SET next_poll_at = clock_timestamp() WHERE attempt_id = $1 RETURNING 1", UUID(attempt.attempt_id)
    )
    other = world.attempt()
    world.succeed(other)
    await world.file(other, **BLIND)
    await world.end(other)
    assert asked(world, attempt.prediction_id) == 0


async def test_it_asks_again_until_the_end(world: World) -> None:
    attempt = world.attempt()

    def finish_at_the_second_time(_path: str) -> None:
        if asked(world, attempt.prediction_id) == 2:
            world.succeed(attempt)

    world.double.before_answer = finish_at_the_second_time
    try:
        await world.file(attempt, **BLIND)
        assert isinstance(await world.event(attempt), ItemCompleted)
    finally:
        world.double.before_answer = None
    assert asked(world, attempt.prediction_id) == 2


async def test_a_status_that_we_do_not_know_is_told_and_polled_on(world: World) -> None:
    attempt = world.attempt()
    world.double.end(attempt.prediction_id, status="dreaming", output=None)
    await world.file(attempt, **BLIND)

    async def alarmed() -> bool:
        return await world.metric('darkroom_polls_total{outcome="unknown"') >= 1

    await eventually(alarmed)
    assert (await world.row(attempt))["state"] == "IN_FLIGHT"
    world.succeed(attempt)
    assert isinstance(await world.event(attempt), ItemCompleted)


async def test_an_overdue_prediction_is_asked_for_once_more_cancelled_and_closed(world: World) -> None:
    attempt = world.attempt()
    await world.file(attempt, **BLIND, cancel_after_seconds=1)
    event = await world.event(attempt)
    assert isinstance(event, PredictionFailed)
    assert (event.code, event.retryable, event.fault) == ("provider-timeout", True, "provider")
    assert world.double.asked[f"/v1/predictions/{attempt.prediction_id}/cancel"] == 1
    late = await world.webhook(attempt, world.succeed(attempt))
    assert late.json() == {"outcome": "repeated"}
    assert (await world.row(attempt))["state"] == "FAILED"


async def test_an_overdue_prediction_that_ends_while_it_is_cancelled_counts(world: World) -> None:
    attempt = world.attempt()

    def finish_before_the_cancel(path: str) -> None:
        if path.endswith("/cancel"):
            world.succeed(attempt)

    world.double.before_answer = finish_before_the_cancel
    try:
        await world.file(attempt, **BLIND, cancel_after_seconds=0)
        assert isinstance(await world.event(attempt), ItemCompleted)
    finally:
        world.double.before_answer = None


async def test_while_it_cannot_be_cancelled_it_may_run_and_stays_open(world: World) -> None:
    attempt = world.attempt()
    path = f"/v1/predictions/{attempt.prediction_id}/cancel"
    world.double.statuses[path] = 503
    await world.file(attempt, **BLIND, cancel_after_seconds=0)

    async def refused() -> bool:
        return world.double.asked[path] >= 1

    await eventually(refused)
    assert (await world.row(attempt))["state"] == "IN_FLIGHT"
    del world.double.statuses[path]
    event = await world.event(attempt)
    assert isinstance(event, PredictionFailed)
    assert event.code == "provider-timeout"


async def test_an_overdue_prediction_that_did_end_is_not_thrown_away(world: World) -> None:
    attempt = world.attempt()
    world.succeed(attempt)
    await world.file(attempt, webhook_expected=True, expected_seconds=0.1, cancel_after_seconds=0)
    assert isinstance(await world.event(attempt), ItemCompleted)


async def test_a_provider_that_is_away_is_waited_for_even_when_overdue(world: World) -> None:
    attempt = world.attempt()
    path = f"/v1/predictions/{attempt.prediction_id}"
    world.double.statuses[path] = 503
    failed_before = await world.metric(FAILED)
    await world.file(attempt, **BLIND, cancel_after_seconds=0)

    async def failed() -> bool:
        return await world.metric(FAILED) > failed_before

    await eventually(failed)
    assert (await world.row(attempt))["state"] == "IN_FLIGHT"
    world.succeed(attempt)
    del world.double.statuses[path]
    assert isinstance(await world.event(attempt), ItemCompleted)


async def test_a_provider_that_stays_away_is_given_up_in_the_end(start: Start) -> None:
    async with start(overdue_margin_seconds=0, unreachable_seconds_max=1) as world:
        attempt = world.attempt()
        world.double.statuses[f"/v1/predictions/{attempt.prediction_id}"] = 503
        await world.file(attempt, **BLIND, cancel_after_seconds=0)
        event = await world.event(attempt)
        assert isinstance(event, PredictionFailed)
        assert (event.code, event.retryable, event.fault) == ("provider-unreachable", True, "platform")


async def test_look_ups_keep_to_their_budget(start: Start) -> None:
    async with start(polls_per_minute=60) as world:
        attempts = [world.attempt() for _ in range(12)]
        for attempt in attempts:
            world.succeed(attempt)
        clock = asyncio.get_running_loop().time
        began = clock()
        await world.log.publish(*(attempt.created(**BLIND) for attempt in attempts))
        for ended in (2, 4):
            await world.ends(attempts, count=ended)
            # What two seconds may cost at once, and one in each second since, however many of them have gone by.
            assert sum(asked(world, attempt.prediction_id) for attempt in attempts) <= 2 + (clock() - began) + 1


async def test_a_429_makes_us_quiet_for_as_long_as_it_says(start: Start, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(replicate, "PAUSE_SECONDS_DEFAULT", PAUSE_SECONDS)
    async with start() as world:
        clock = asyncio.get_running_loop().time
        first, second, third = world.attempt(), world.attempt(), world.attempt()
        refused, quiet = (f"/v1/predictions/{attempt.prediction_id}" for attempt in (first, second))
        answered_at: dict[str, float] = {}

        def note(path: str) -> None:
            answered_at.setdefault(path, clock())

        async def throttled() -> bool:
            return refused in answered_at

        world.double.before_answer = note
        world.double.statuses[refused] = 429
        await world.file(first, **BLIND)
        await eventually(throttled)
        for attempt in (second, third):
            world.succeed(attempt)
            await world.file(attempt, **BLIND)
            # The second is due when the third is filed, which wakes whoever asks.
            await asyncio.sleep(FIRST_POLL_SECONDS_MIN)
        await world.ends([second, third])
        assert answered_at[quiet] - answered_at[refused] >= PAUSE_SECONDS


async def test_a_429_quiets_its_own_account_alone(start: Start, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(replicate, "PAUSE_SECONDS_DEFAULT", 120.0)
    async with start(replicate_api_tokens="one=r8_test_0001,two=r8_test_0002") as world:
        refused, other, later = world.attempt(), world.attempt(), world.attempt()
        path = f"/v1/predictions/{refused.prediction_id}"
        world.double.statuses[path] = 429
        await world.file(refused, **BLIND, account="one")
        await eventually(lambda: asyncio.sleep(0, world.double.asked[path] > 0))
        del world.double.statuses[path]
        for attempt in (refused, later):
            world.succeed(attempt)
        await world.file(later, **BLIND, account="one")
        world.succeed(other)
        await world.file(other, **BLIND, account="two")
        assert isinstance(await world.event(other), ItemCompleted)
        assert (asked(world, refused.prediction_id), asked(world, later.prediction_id)) == (1, 0)


async def test_an_overdue_prediction_costs_the_budget_its_look_up_and_its_cancellation(database_url: str) -> None:
    database = await asyncpg.connect(await migrated("poller", database_url))
    await database.execute(
        "INSERT INTO predictions (attempt_id, callback_token_sha256, instance_id, job_id, item_id, image_id, attempt, provider,"
        " account, model, prediction_id, expected_seconds, state, next_poll_at, overdue_at, cause_id)"
        " SELECT gen_random_uuid(), n::text, 'shop', 1, n, 'image', 1, 'replicate', 'replicate-1', 'model', n::text, 60,"
        " 'IN_FLIGHT', now() - interval '1 minute', now() + CASE n WHEN 1 THEN interval '-1 s' ELSE interval '1 h' END, 'cause'"
        " FROM generate_series(1, 3) AS n"
    )
    before = await database.fetchval("UPDATE poll_budget SET next_free = now() - interval '1 hour' RETURNING now()")
    engine = build_engine(database_url, pool_size=2)
    unit_of_work = UnitOfWork(engine, service="poller", clock=lambda: datetime.now(UTC), wake_relay=lambda: None)

    async with unit_of_work.begin() as transaction:
        claimed = await claim_polls(transaction, {"replicate": ["replicate-1"]}, per_minute=60, burst_seconds=3, lease_seconds=30)

    row = await database.fetchrow("SELECT next_free, clock_timestamp() FROM poll_budget")
    assert row is not None
    assert len(claimed) == 3
    # One second for each of four requests, from three seconds ago on.
    assert before + timedelta(seconds=1) <= row[0] <= row[1] + timedelta(seconds=1)
    await database.close()
    await engine.dispose()
