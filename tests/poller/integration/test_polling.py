"""Polling as the reconciler: webhooks that never come, overdue predictions, a provider that is away or asks for quiet."""

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager
from pathlib import Path

import pytest
from darkroom_contracts.items import ItemCompleted, PredictionFailed
from support.kafka import Log
from support.poller_world import World, poller_world, shared_world
from support.provider_double import provider_double
from support.service import eventually
from support.stack import StackAddresses

Start = Callable[..., AbstractAsyncContextManager[World]]
BLIND = {"webhook_expected": False, "expected_seconds": 0.1}


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
    await world.file(attempt, expected_seconds=0.1, webhook_expected=True)
    await world.webhook(attempt, world.succeed(attempt))
    await world.end(attempt)
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
    await world.file(attempt, **BLIND)
    assert isinstance(await world.event(attempt), ItemCompleted)
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
    assert (event.code, event.retryable) == ("provider-timeout", True)
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
    await world.file(attempt, **BLIND, cancel_after_seconds=0)

    async def failed() -> bool:
        return await world.metric('darkroom_polls_total{outcome="failed"') >= 1

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
        assert event.code == "provider-timeout"


async def test_a_prediction_that_the_provider_has_forgotten_has_failed(world: World) -> None:
    attempt = world.attempt()
    del world.double.predictions[attempt.prediction_id]
    await world.file(attempt, **BLIND)
    event = await world.event(attempt)
    assert isinstance(event, PredictionFailed)
    assert (event.code, event.retryable) == ("output-lost", True)


async def test_look_ups_keep_to_their_budget(start: Start) -> None:
    async with start(polls_per_minute=60) as world:
        attempts = [world.attempt() for _ in range(12)]
        for attempt in attempts:
            world.succeed(attempt)
        await world.log.publish(*(attempt.created(**BLIND) for attempt in attempts))
        await world.ends(attempts, count=2)
        assert sum(asked(world, attempt.prediction_id) for attempt in attempts) <= 5
        await world.ends(attempts, count=4)


async def test_a_429_makes_us_quiet_for_as_long_as_it_says(start: Start) -> None:
    async with start() as world:
        first, second = world.attempt(), world.attempt()
        world.double.statuses[f"/v1/predictions/{first.prediction_id}"] = 429
        await world.file(first, **BLIND)

        async def throttled() -> bool:
            return await world.metric('darkroom_polls_total{outcome="failed"') == 1

        await eventually(throttled)
        world.succeed(second)
        await world.file(second, **BLIND)
        await world.webhook(second, world.succeed(second))
        await world.end(second)
        assert asked(world, second.prediction_id) == 0
