"""The relay's database session: how it reads the outbox, and that its settings stay its own."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import cast

import asyncpg
import pytest
from darkroom_servicekit.database import UnitOfWork, build_engine
from darkroom_servicekit.metrics import KitMetrics
from darkroom_servicekit.outbox import OUTBOX_V1, OUTBOX_V2, SESSION_SETTINGS, TAKE, OutboxRelay
from faststream.kafka import KafkaBroker
from prometheus_client import CollectorRegistry
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine
from support.service import eventually

SENT = """
    INSERT INTO outbox (event_id, topic, key, headers, payload, published_at)
    SELECT gen_random_uuid(), 'darkroom.jobs', 'shop', '{}', repeat('x', 500)::bytea, CASE WHEN n <= 5000 THEN now() END
    FROM generate_series(1, 5020) AS n
"""
LAST_STATEMENTS = "SELECT query FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
SETTINGS = "SELECT current_setting('idle_session_timeout') AS idle, current_setting('enable_bitmapscan') AS bitmaps"


@pytest.fixture
async def engine(database_url: str) -> AsyncIterator[AsyncEngine]:
    """Of a pool with one session, so that everybody gets the same one."""
    engine = build_engine(database_url, pool_size=1)
    uow = UnitOfWork(engine, service="credits", clock=lambda: datetime.now(UTC), wake_relay=lambda: None)
    async with uow.begin() as transaction:
        for statement in (*OUTBOX_V1, *OUTBOX_V2):
            await transaction.execute(statement)
    yield engine
    await engine.dispose()


async def test_the_relay_reads_what_is_unsent_in_order_and_not_all_that_was_sent_since_the_last_vacuum(
    engine: AsyncEngine,
) -> None:
    async with engine.begin() as connection:
        await connection.execute(text(SENT))
        for setting in SESSION_SETTINGS:
            await connection.execute(text(setting))
        plan = "\n".join((await connection.execute(text(f"EXPLAIN {TAKE}"), {"limit": 500})).scalars())

    assert "Index Scan using outbox_unpublished on outbox o" in plan
    assert "Bitmap" not in plan, plan


async def test_a_relay_that_was_stopped_leaves_no_session_with_its_settings(engine: AsyncEngine, database_url: str) -> None:
    relay = OutboxRelay(engine, cast(KafkaBroker, None), KitMetrics(CollectorRegistry()), prefix="", batch_max=10)
    look = await asyncpg.connect(database_url)
    running = asyncio.create_task(relay.run())

    async def has_looked() -> bool:
        return any("pg_advisory_unlock" in row["query"] for row in await look.fetch(LAST_STATEMENTS))

    await eventually(has_looked)
    await look.close()
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)

    async with engine.connect() as connection:
        left = (await connection.execute(text(SETTINGS))).one()
    assert (left.idle, left.bitmaps) == ("0", "on")
