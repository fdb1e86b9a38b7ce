"""Predictions that nobody asks after, outputs that nobody fetches, and what the poller knows of attempts."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import asyncpg
import pytest
from darkroom_contracts.items import ItemCompleted
from darkroom_servicekit.auth import make_jwt
from support.poller_world import World, shared_world
from support.stack import StackAddresses

DOOR = "/api/operator/doctor"
SECRET = "a-secret-of-this-test-that-is-long-enough"
TRIES = 20


@pytest.fixture(scope="module")
async def world(parts: StackAddresses, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[World]:
    async with shared_world(parts, tmp_path_factory.mktemp("storage"), jwt_secret=SECRET) as made:
        token = make_jwt("ops", key=SECRET, now=datetime.now(UTC), ttl=timedelta(hours=1), roles=("operator",))
        made.client.headers["Authorization"] = f"Bearer {token}"
        yield made


async def found(world: World, kind: str) -> list[str]:
    answer = await world.client.get(DOOR, params={"olderThan": 0})
    [check] = [one for one in answer.json()["checks"] if one["kind"] == kind]
    return [thing["id"] for thing in check["found"]]


async def repair(world: World, kind: str, attempt_id: str) -> None:
    answer = await world.client.post(f"{DOOR}/repair/{kind}", json={"ids": [attempt_id]})
    assert answer.json() == {"repaired": 1}


async def change(world: World, statement: str, *values: object) -> None:
    connection = await asyncpg.connect(world.database_url)
    await connection.execute(statement, *values)
    await connection.close()


async def test_a_prediction_not_asked_after_is_shown_and_asked_after(world: World) -> None:
    # No look-up is allowed for an hour: polls become due and are not made.
    await change(world, "UPDATE poll_budget SET next_free = clock_timestamp() + interval '1 hour'")
    attempt = world.attempt()
    world.succeed(attempt)
    await world.file(attempt)
    page = (await world.client.get(f"{DOOR}/open/predictions", params={"olderThan": 0})).json()
    assert [(thing["id"], thing["state"]) for thing in page["things"]] == [(attempt.attempt_id, "IN_FLIGHT")]
    assert await found(world, "poll") == []
    await change(world, "UPDATE predictions SET next_poll_at = clock_timestamp()")
    assert await found(world, "poll") == [attempt.attempt_id]

    await change(world, "UPDATE poll_budget SET next_free = clock_timestamp() - interval '1 minute'")
    await repair(world, "poll", attempt.attempt_id)
    assert isinstance(await world.event(attempt), ItemCompleted)
    assert await found(world, "poll") == []
    known = await world.client.post(f"{DOOR}/known/predictions", json={"ids": [attempt.attempt_id, "no-such-attempt"]})
    assert [(thing["id"], thing["state"]) for thing in known.json()["things"]] == [(attempt.attempt_id, "STORED")]


async def test_an_output_that_nobody_fetches_is_shown_and_fetched(world: World) -> None:
    for _ in range(TRIES):
        attempt = world.attempt()
        address = world.succeed(attempt)["output"]
        await world.file(attempt)
        # As a collector that died leaves it. The loop may be quicker than the look: then another one.
        await change(
            world,
            "UPDATE predictions SET state = 'OUTPUT_READY', output_address = $2, ready_at = now(), fetch_after = now(), "
            "expires_at = now() + interval '1 hour', lease_owner = 'gone', lease_until = now() WHERE attempt_id = $1",
            attempt.attempt_id,
            address if isinstance(address, str) else address[0],
        )
        if attempt.attempt_id in await found(world, "output"):
            break
    else:
        pytest.fail("the output was never seen")
    await repair(world, "output", attempt.attempt_id)
    assert isinstance(await world.event(attempt), ItemCompleted)
    assert attempt.attempt_id not in await found(world, "output")
