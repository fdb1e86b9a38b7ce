"""The poller's accounts: rows and messages of an older version, and predictions of an account that has no token."""

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID

import asyncpg
import pytest
from darkroom_contracts.items import ItemCompleted
from darkroom_servicekit.auth import make_jwt
from support.kafka import Log
from support.poller_world import World, poller_world
from support.provider_double import provider_double
from support.service import eventually

Start = Callable[..., AbstractAsyncContextManager[World]]
BLIND = {"webhook_expected": False, "expected_seconds": 0.1}
SECRET = "a-secret-of-this-test-that-is-long-enough"


@pytest.fixture
async def start(log: Log, database_url: str, redis_url: str, tmp_path: Path) -> AsyncIterator[Start]:
    """Starts a poller with settings of the test's choice, again on the same surroundings."""
    async with provider_double() as double:
        yield lambda **settings: poller_world(log, database_url, redis_url, double, tmp_path, jwt_secret=SECRET, **settings)


async def test_rows_and_late_messages_of_an_older_version_are_asked_about_with_the_right_token(start: Start) -> None:
    async with start(replicate_api_tokens="replicate-1=r8_one,replicate-2=r8_two", polls_per_minute=1) as world:
        filed = world.attempt()
        await world.file(filed, account="replicate-2")
        connection = await asyncpg.connect(world.database_url)
        await connection.execute("TRUNCATE account_names")  # as an older version leaves the database

    async with start(replicate_api_tokens="main=r8_one,other=r8_two") as world:
        late = world.attempt()
        late.number = 2
        world.double.end(late.prediction_id, status="processing", output=None)
        await eventually(lambda: _is_of(world, filed.attempt_id, "other"))
        await world.file(late, account="replicate-1", **BLIND)
        assert (await world.row(late))["account"] == "main"
        world.succeed(late)
        assert isinstance(await world.event(late), ItemCompleted)
    await connection.close()


async def _is_of(world: World, attempt_id: str, account: str) -> bool:
    row = await world.query_one("SELECT account FROM predictions WHERE attempt_id = $1", UUID(attempt_id))
    return bool(row["account"] == account)


async def test_a_prediction_without_a_token_is_kept_however_overdue_and_costs_no_look_up(start: Start) -> None:
    token = make_jwt("ops", key=SECRET, now=datetime.now(UTC), ttl=timedelta(hours=1), roles=("operator",))
    headers = {"Authorization": f"Bearer {token}"}
    async with start(overdue_margin_seconds=0, unreachable_seconds_max=0) as world:
        kept, other = world.attempt(), world.attempt()
        world.succeed(other)
        await world.file(kept, account="gone", cancel_after_seconds=5, **BLIND)
        connection = await asyncpg.connect(world.database_url)
        await connection.execute("UPDATE predictions SET overdue_at = now() - interval '1 day', next_poll_at = now()")
        await connection.close()
        await world.file(other, **BLIND)
        await world.end(other)

        answer = await world.client.get("/api/operator/doctor", params={"olderThan": 0}, headers=headers)
        found = {check["kind"]: [thing["id"] for thing in check["found"]] for check in answer.json()["checks"] if check["found"]}
        row = await world.row(kept)

    assert (row["state"], row["polls"]) == ("IN_FLIGHT", 0)
    assert world.double.asked[f"/v1/predictions/{kept.prediction_id}"] == 0
    assert found["account"] == [kept.attempt_id]
    assert "poll" not in found, "nothing that a look-up would mend"
