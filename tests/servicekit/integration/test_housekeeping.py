"""Old rows of inbox and outbox: all of them go, in bounded batches, and nothing else does."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path

import asyncpg
import pytest
from darkroom_servicekit import housekeeping
from darkroom_servicekit.consumer import INBOX_V1
from darkroom_servicekit.database import Transaction, UnitOfWork, build_engine
from darkroom_servicekit.housekeeping import forget, forget_old_events, forget_sent
from darkroom_servicekit.outbox import OUTBOX_V1, OUTBOX_V2
from darkroom_servicekit.runtime import Runtime
from darkroom_servicekit.settings import ServiceSettings
from support.migrations import write_migrations
from support.service import eventually
from support.stack import StackAddresses

OLD_ROWS = 45_000
SENT = """
    INSERT INTO outbox (event_id, topic, key, headers, payload, created_at, published_at)
    SELECT gen_random_uuid(), 'darkroom.test', 'shop', '{}', '', at, at
    FROM (SELECT clock_timestamp() - CAST($2::text AS interval) AS at) AS sent, generate_series(1, $1::int)
"""
UNSENT = """
    INSERT INTO outbox (event_id, topic, key, headers, payload, set_aside_at)
    SELECT gen_random_uuid(), 'unsent', 'shop', '{}', '', clock_timestamp() FROM generate_series(1, $1::int)
"""
SEEN = """
    INSERT INTO inbox (event_id, received_at)
    SELECT gen_random_uuid(), clock_timestamp() - CAST($2::text AS interval) FROM generate_series(1, $1::int)
"""


@pytest.fixture
async def database(database_url: str) -> AsyncIterator[asyncpg.Connection]:
    connection = await asyncpg.connect(database_url)
    for statement in (*OUTBOX_V1, *OUTBOX_V2, *INBOX_V1, "CREATE TABLE alembic_version AS SELECT '0001' AS version_num"):
        await connection.execute(statement)
    yield connection
    await connection.close()


@pytest.fixture
async def unit_of_work(database_url: str, database: asyncpg.Connection) -> AsyncIterator[UnitOfWork]:
    engine = build_engine(database_url, pool_size=3)
    yield UnitOfWork(engine, service="credits", clock=lambda: datetime.now(UTC), wake_relay=lambda: None)
    await engine.dispose()


@pytest.fixture
def counted(monkeypatch: pytest.MonkeyPatch) -> None:
    """Batches of ten, so that few rows are many batches."""
    monkeypatch.setattr(housekeeping, "BATCH_ROWS", 10)
    monkeypatch.setattr(housekeeping, "REST_SECONDS", 0.0)


async def test_a_service_forgets_all_that_is_old_soon_after_its_start(
    parts: StackAddresses, database_url: str, database: asyncpg.Connection, tmp_path: Path
) -> None:
    await database.execute(SENT, OLD_ROWS, "2 hours")
    await database.execute(SENT, 7, "1 minute")
    await database.execute(SEEN, OLD_ROWS, "31 days")
    await database.execute(SEEN, 3, "1 day")
    settings = ServiceSettings(
        kafka_bootstrap_servers=parts.kafka, database_url=database_url, redis_url=parts.redis, log_level="ERROR"
    )
    runtime = Runtime("credits", "A service of the tests", settings, migrations=write_migrations(tmp_path, ["0001"]))
    async with runtime.app.router.lifespan_context(runtime.app):

        async def only_the_young_are_left() -> bool:
            left = [await database.fetchval(f"SELECT count(*) FROM {table}") for table in ("outbox", "inbox")]
            return left == [7, 3]

        await eventually(only_the_young_are_left)


@pytest.mark.usefixtures("counted")
async def test_sent_rows_go_in_batches_past_rows_that_were_not_sent(
    unit_of_work: UnitOfWork, database: asyncpg.Connection
) -> None:
    await database.execute(SENT, 25, "2 hours")
    await database.execute(UNSENT, 30)
    await database.execute(SENT, 25, "2 hours")
    await database.execute(SENT, 5, "1 minute")
    await forget_sent(unit_of_work, keep_seconds=3600.0)
    rows = await database.fetch("SELECT topic, count(*) FROM outbox GROUP BY topic ORDER BY topic")
    assert [tuple(row) for row in rows] == [("darkroom.test", 5), ("unsent", 30)]


@pytest.mark.usefixtures("counted")
async def test_a_batch_is_a_transaction_of_its_own_and_what_fails_later_undoes_nothing(
    unit_of_work: UnitOfWork, database: asyncpg.Connection
) -> None:
    await database.execute(SEEN, 95, "31 days")
    left_at: list[int] = []

    async def look_then(transaction: Transaction, limit: int) -> int:
        left_at.append(await database.fetchval("SELECT count(*) FROM inbox"))
        if len(left_at) == 4:
            raise OSError("the connection breaks")
        statement = "DELETE FROM inbox WHERE event_id IN (SELECT event_id FROM inbox LIMIT :limit)"
        return (await transaction.execute(statement, {"limit": limit})).rowcount

    with pytest.raises(OSError, match="breaks"):
        await forget(unit_of_work, "inbox", look_then)
    assert left_at == [95, 85, 75, 65]
    await forget_old_events(unit_of_work, keep_days=30)
    assert await database.fetchval("SELECT count(*) FROM inbox") == 0


@pytest.mark.usefixtures("counted")
async def test_one_replica_forgets_at_a_time(unit_of_work: UnitOfWork, database: asyncpg.Connection) -> None:
    await database.execute(SEEN, 25, "31 days")
    async with database.transaction():
        await database.execute("SELECT pg_advisory_xact_lock($1, hashtext('inbox'))", housekeeping.LOCK)
        await forget_old_events(unit_of_work, keep_days=30)
        assert await database.fetchval("SELECT count(*) FROM inbox") == 25
    await forget_old_events(unit_of_work, keep_days=30)
    assert await database.fetchval("SELECT count(*) FROM inbox") == 0
