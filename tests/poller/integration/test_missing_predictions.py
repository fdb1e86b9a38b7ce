"""A provider that does not show for a while what it has made: it is asked again, and the picture is not bought again."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any

import pytest
from darkroom_contracts.items import ItemCompleted, PredictionFailed
from darkroom_poller.poll_store import mark_missing
from darkroom_poller.providers.door import ProviderUnavailable
from darkroom_poller.providers.replicate import Replicate
from darkroom_servicekit.database import UnitOfWork, build_engine
from support.dripping_server import dripping_server
from support.poller_world import Attempt, World, shared_world
from support.service import eventually
from support.stack import StackAddresses

BLIND = {"webhook_expected": False, "expected_seconds": 0.1}


@pytest.fixture(scope="module")
async def world(parts: StackAddresses, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[World]:
    async with shared_world(parts, tmp_path_factory.mktemp("storage"), missing_seconds=3) as made:
        yield made


def path_of(attempt: Attempt) -> str:
    return f"/v1/predictions/{attempt.prediction_id}"


async def asked(world: World, attempt: Attempt, times: int) -> None:
    """Wait until the provider was asked so often."""
    await eventually(lambda: asyncio.sleep(0, world.double.asked[path_of(attempt)] >= times))


async def test_a_single_404_ends_nothing(world: World) -> None:
    attempt = world.attempt()
    world.double.statuses[path_of(attempt)] = 404
    await world.file(attempt, **BLIND)
    await asked(world, attempt, 1)
    world.succeed(attempt)
    del world.double.statuses[path_of(attempt)]
    assert isinstance(await world.event(attempt), ItemCompleted)


async def test_several_404s_over_a_time_end_it_and_are_not_the_models_fault(world: World) -> None:
    attempt = world.attempt()
    world.double.statuses[path_of(attempt)] = 404
    await world.file(attempt, **BLIND)
    event = await world.event(attempt)
    assert isinstance(event, PredictionFailed)
    assert (event.code, event.retryable, event.fault) == ("output-lost", True, "platform")
    assert world.double.asked[path_of(attempt)] >= 3


async def test_an_answer_in_between_begins_the_count_anew(world: World) -> None:
    attempt = world.attempt()
    world.double.statuses[path_of(attempt)] = 404
    await world.file(attempt, **BLIND)

    async def missed() -> bool:
        return bool((await world.row(attempt))["misses"] == 1)

    async def found() -> bool:
        return bool((await world.row(attempt))["misses"] == 0)

    await eventually(missed)
    del world.double.statuses[path_of(attempt)]
    await eventually(found)
    assert (await world.row(attempt))["missing_since"] is None


@pytest.mark.parametrize("hollow", [{"output": None}, {"output": None, "data_removed": True}])
async def test_a_webhook_without_its_output_is_looked_up_once(world: World, hollow: dict[str, Any]) -> None:
    attempt = world.attempt()
    await world.file(attempt, expected_seconds=600.0, cancel_after_seconds=3600)
    whole = world.succeed(attempt)
    answer = await world.webhook(attempt, whole | hollow)
    assert answer.json() == {"outcome": "progress"}
    assert isinstance(await world.event(attempt), ItemCompleted)
    assert world.double.asked[path_of(attempt)] == 1


async def test_an_early_webhook_without_its_output_is_looked_up_when_its_prediction_is_filed(world: World) -> None:
    attempt = world.attempt()
    whole = world.succeed(attempt)
    answer = await world.webhook(attempt, whole | {"output": None})
    assert answer.json() == {"outcome": "early"}
    await world.file(attempt, expected_seconds=600.0, cancel_after_seconds=3600)
    assert isinstance(await world.event(attempt), ItemCompleted)
    assert world.double.asked[path_of(attempt)] == 1


async def test_misses_count_over_a_time_however_many_there_are(world: World) -> None:
    attempt = world.attempt()
    await world.file(attempt, expected_seconds=600.0, cancel_after_seconds=3600)
    engine = build_engine(world.database_url, pool_size=2)
    unit_of_work = UnitOfWork(engine, service="poller", clock=lambda: datetime.now(UTC), wake_relay=lambda: None)

    async def miss() -> set[str]:
        async with unit_of_work.begin() as transaction:
            return await mark_missing(transaction, [attempt.attempt_id], missing_seconds=60)

    assert [await miss() for _ in range(5)] == [set()] * 5, "many within a minute are one look"
    await world.query_one("UPDATE predictions SET missing_since = missing_since - interval '61 s', misses = 1 RETURNING 1")
    assert await miss() == set(), "two are few"
    assert await miss() == {attempt.attempt_id}
    await engine.dispose()


async def test_a_look_up_has_a_total_time_limit() -> None:
    async with dripping_server() as address:
        replicate = Replicate(address, {"replicate-1": "r8_test"}, seconds_max=0.3)
        with pytest.raises(ProviderUnavailable):
            await asyncio.wait_for(replicate.look_up("replicate-1", "p1"), 30)
        with pytest.raises(ProviderUnavailable):
            await asyncio.wait_for(replicate.webhook_secret("replicate-1"), 30)
        await replicate.aclose()
