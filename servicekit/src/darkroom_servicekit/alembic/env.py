"""Alembic's entry: one connection, one transaction per migration, a short lock timeout, one run at a time.

Afterwards, when the schema's owner is not the service's own role, that role is granted what it may do.
"""

import asyncio

from alembic import context
from darkroom_servicekit.database import build_engine
from darkroom_servicekit.service_role import grant_to_service
from sqlalchemy import Connection, text

LOCK = 0x0DA2_3160
LOCK_TIMEOUT = "5s"


def run(connection: Connection) -> None:
    """Run what is missing, under a lock, so that two jobs do not run at once."""
    context.configure(connection=connection, transaction_per_migration=True)
    with context.begin_transaction():
        connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": LOCK})
        connection.execute(text(f"SET LOCAL lock_timeout = '{LOCK_TIMEOUT}'"))
        context.run_migrations()


def grant(connection: Connection, role: str) -> None:
    """Grant under the same lock: a table that is being made by another run is granted by that one."""
    connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": LOCK})
    grant_to_service(connection, role)


async def main() -> None:
    engine = build_engine(context.config.attributes["database_url"], pool_size=2)
    role = context.config.attributes["service_role"]
    async with engine.connect() as connection:
        await connection.run_sync(run)
        await connection.commit()
        if role is not None:
            await connection.run_sync(grant, role)
            await connection.commit()
    await engine.dispose()


asyncio.run(main())
