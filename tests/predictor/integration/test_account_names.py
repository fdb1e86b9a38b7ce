"""An account is its token: changing the list moves no cap, limit or call to another account; rows without a token are kept."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from time import monotonic
from typing import Any
from uuid import uuid4

import asyncpg
import pytest
from darkroom_contracts.envelope import wrap
from darkroom_contracts.predictions import AttemptFailed, PredictionCreated
from darkroom_predictor.claim_turns import ClaimTurns
from darkroom_predictor.fair_queue import Grant, Place, Turns
from darkroom_predictor.main import build
from darkroom_predictor.name_accounts import NameAccounts
from darkroom_predictor.queue_store import QueueTable, insert_items
from darkroom_servicekit.database import UnitOfWork, build_engine
from darkroom_servicekit.former_account_names import MisplacedAccounts
from darkroom_servicekit.provider_accounts import digest_name
from darkroom_servicekit.stages import Received
from predictor.conftest import MakeSettings
from predictor.events import item_requested
from predictor.integration.test_how_calls_end import first, of
from predictor.integration.test_limits_and_answers import headers, limits
from predictor.provider_double import ProviderDouble, never
from support.kafka import Log
from support.service import eventually, running

LIMITS = "/api/operator/limits"
SECOND = digest_name("replicate", "r8_second")


@pytest.fixture
async def unit_of_work(predictor_database: str) -> AsyncIterator[UnitOfWork]:
    engine = build_engine(predictor_database, pool_size=3)
    yield UnitOfWork(engine, service="predictor", clock=lambda: datetime.now(UTC), wake_relay=lambda: None)
    await engine.dispose()


@pytest.fixture
async def database(predictor_database: str) -> AsyncIterator[asyncpg.Connection]:
    connection = await asyncpg.connect(predictor_database)
    yield connection
    await connection.close()


async def called_by(unit_of_work: UnitOfWork, account: str) -> str:
    """An attempt under way, as a replica of any version writes it; its id."""
    event = item_requested()
    async with unit_of_work.begin() as transaction:
        await insert_items(transaction, [Received(event, wrap(event, source="/tests", now=datetime.now(UTC)))])
    place, attempt = Place(event.instance_id, event.job_id, event.item_id), str(uuid4())
    table = QueueTable(unit_of_work, "replicate")
    epoch = await table.epoch() or await table.next_epoch()
    claim = ClaimTurns(unit_of_work, "replicate", owner="one:1", lease_seconds=10)
    assert await claim(Turns([Grant(place, account, attempt, 1, monotonic())], 0.0, epoch))
    return attempt


async def accounts_of(database: asyncpg.Connection) -> list[str]:
    return [row["account"] for row in await database.fetch("SELECT account FROM attempts ORDER BY account")]


async def test_a_removed_token_takes_nothing_of_the_others_with_it(
    make_settings: MakeSettings, provider: ProviderDouble, log: Log
) -> None:
    both = {"replicate_api_tokens": "r8_first,r8_second", "replicate_cap_per_minute": 1}
    async with running(build(make_settings(**both))) as client:
        await client.put(f"{LIMITS}/{SECOND}", json={"capPerMinute": 3}, headers=headers("operator"))
        await log.publish(*(item_requested() for _ in range(9)))
        await first(log, PredictionCreated, 4)

    async with running(build(make_settings(**both | {"replicate_api_tokens": "r8_second"}))) as client:
        [account] = (await limits(client))["accounts"]

    assert account["account"] == SECOND
    assert (account["capPerMinute"], account["inLastMinute"]) == (3, 3), "its own cap, its own calls of the last minute"
    by_token = [arrival.account for arrival in provider.arrivals]
    assert (by_token.count("Bearer r8_first"), by_token.count("Bearer r8_second")) == (1, 3)


async def test_rows_of_an_older_version_are_renamed_once_with_their_limits_and_a_new_epoch(
    unit_of_work: UnitOfWork, database: asyncpg.Connection
) -> None:
    table = QueueTable(unit_of_work, "replicate")
    await called_by(unit_of_work, "replicate-1")
    await called_by(unit_of_work, "replicate-2")
    await called_by(unit_of_work, "replicate-3")
    await database.execute(
        "INSERT INTO provider_accounts (provider, account, cap_per_minute, changed_by)"
        " VALUES ('replicate', 'replicate-1', 11, 'ops'), ('replicate', 'replicate-2', 22, 'ops')"
    )
    before = await table.epoch()

    await NameAccounts(unit_of_work, "replicate", ["main", SECOND], guarded_seconds=61)()
    await NameAccounts(unit_of_work, "replicate", [SECOND, "other"], guarded_seconds=61)()

    assert await accounts_of(database) == sorted(["main", SECOND, "replicate-3"])
    caps = await database.fetch("SELECT account, cap_per_minute FROM provider_accounts ORDER BY cap_per_minute")
    assert [tuple(row) for row in caps] == [("main", 11), (SECOND, 22)]
    assert await table.epoch() == before + 1, "turns granted under the former names become no calls"


async def test_a_name_that_older_rows_use_for_another_place_is_refused_and_nothing_is_renamed(
    unit_of_work: UnitOfWork, database: asyncpg.Connection
) -> None:
    await called_by(unit_of_work, "replicate-1")
    await called_by(unit_of_work, "replicate-2")

    with pytest.raises(MisplacedAccounts, match="replicate-2"):
        await NameAccounts(unit_of_work, "replicate", ["replicate-2", "main"], guarded_seconds=61)()

    assert await accounts_of(database) == ["replicate-1", "replicate-2"]
    assert await database.fetch("SELECT 1 FROM account_names") == []


async def test_an_attempt_of_an_account_without_a_token_is_kept_and_shown(
    make_settings: MakeSettings, provider: ProviderDouble, log: Log, database: asyncpg.Connection
) -> None:
    provider.answer = never
    short = {"create_seconds_max": 0.5, "unknown_settle_seconds": 0.1, "attempt_abandon_seconds": 0.1}
    async with running(build(make_settings(replicate_api_tokens="gone=r8_gone", **short))):
        await log.publish(item_requested(cancel_after_seconds=5))
        await eventually(lambda: is_unknown(database))
    provider.answer = None
    await database.execute("UPDATE attempts SET granted_at = granted_at - interval '1 hour'")

    async with running(build(make_settings(replicate_api_tokens="main=r8_main", heartbeat_seconds=0.1, **short))) as client:

        async def is_shown() -> bool:
            return 'darkroom_attempts_without_account{account="gone"} 1.0' in (await client.get("/metrics")).text

        await eventually(is_shown)
        assert "darkroom_attempts_unknown 1.0" in (await client.get("/metrics")).text
        answer = await client.get("/api/operator/doctor", params={"olderThan": 0}, headers=headers("operator"))
        found: dict[str, Any] = {one["kind"]: one["found"] for one in answer.json()["checks"] if one["found"]}

    assert [thing["state"] for thing in found["account"]] == ["UNKNOWN of gone"]
    assert [tuple(row) for row in await database.fetch("SELECT account, state FROM attempts")] == [("gone", "UNKNOWN")]
    assert of(AttemptFailed, log.seen()) == []


async def is_unknown(database: asyncpg.Connection) -> bool:
    return bool(await database.fetchval("SELECT count(*) FROM attempts WHERE state = 'UNKNOWN'"))
