"""Alembic's entry: one session that holds the lock from the first migration to the last grant, one transaction per migration.

A run that finds the lock taken waits for the other run, then finds nothing left to do. Each lock that a migration needs on a
table is waited for only briefly: everything else on that table would queue behind it. A statement may take as long as it
needs. When the schema's owner is not the service's own role, that role is granted what it may do.
"""

import asyncio

from alembic import context
from darkroom_servicekit.database import CONNECT_SECONDS_MAX, async_url
from darkroom_servicekit.schema import make_marker
from darkroom_servicekit.service_role import grant_to_service
from sqlalchemy import Connection, text
from sqlalchemy.ext.asyncio import AsyncConnection, create_async_engine
from sqlalchemy.pool import NullPool

LOCK = 0x0DA2_3160
LOCK_TIMEOUT = "5s"
OTHER_RUN_SECONDS_MAX = 1800.0
LOOK_EVERY_SECONDS = 0.2


async def take_lock(connection: AsyncConnection) -> None:
    """Wait until no other run holds the lock. Raises TimeoutError after OTHER_RUN_SECONDS_MAX.

    Asks again and again instead of waiting in one statement: an open statement would keep CREATE INDEX CONCURRENTLY of the
    other run waiting for us.
    """
    async with asyncio.timeout(OTHER_RUN_SECONDS_MAX):
        while not await _has_taken_lock(connection):  # noqa: ASYNC110 - another process sets no event of ours
            await asyncio.sleep(LOOK_EVERY_SECONDS)


async def _has_taken_lock(connection: AsyncConnection) -> bool:
    taken = (await connection.execute(text("SELECT pg_try_advisory_lock(:lock)"), {"lock": LOCK})).scalar_one()
    await connection.commit()
    return bool(taken)


def run(connection: Connection) -> None:
    """Run the migrations that are missing, each in a transaction of its own."""
    make_marker(connection)
    connection.commit()
    context.configure(connection=connection, transaction_per_migration=True)
    with context.begin_transaction():
        context.run_migrations()
    connection.commit()


def grant(connection: Connection, role: str) -> None:
    grant_to_service(connection, role)
    connection.commit()


async def main() -> None:
    engine = create_async_engine(
        async_url(context.config.attributes["database_url"]),
        poolclass=NullPool,
        connect_args={
            "timeout": CONNECT_SECONDS_MAX,
            "server_settings": {"lock_timeout": LOCK_TIMEOUT, "statement_timeout": "0", "timezone": "UTC"},
        },
    )
    role = context.config.attributes["service_role"]
    async with engine.connect() as connection:
        await take_lock(connection)
        await connection.run_sync(run)
        if role is not None:
            await connection.run_sync(grant, role)
    await engine.dispose()


asyncio.run(main())
