"""The database of credits as it stands in earnest: migrated by one role, used by another that cannot edit the ledger."""

import asyncio
from urllib.parse import urlsplit, urlunsplit

import asyncpg
from darkroom_servicekit.migrate import migrate
from support.service import SERVICES

ROLE = "darkroom_test_credits_service"
PASSWORD = "only-for-tests"


async def migrated_for_its_role(database_url: str) -> str:
    """Bring an empty database to the newest schema of credits; its address for the service's own role."""
    await _make_role(database_url)
    await asyncio.to_thread(migrate, SERVICES / "credits" / "migrations", database_url, service_role=ROLE)
    address = urlsplit(database_url)
    return urlunsplit((address.scheme, f"{ROLE}:{PASSWORD}@{address.netloc.rpartition('@')[2]}", address.path, address.query, ""))


async def _make_role(database_url: str) -> None:
    """Roles belong to the whole server, which other tests' sessions share."""
    connection = await asyncpg.connect(database_url)
    try:
        await connection.execute(f"CREATE ROLE {ROLE} LOGIN PASSWORD '{PASSWORD}'")
    except (asyncpg.DuplicateObjectError, asyncpg.UniqueViolationError):
        pass
    finally:
        await connection.close()
