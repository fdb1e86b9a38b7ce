"""The kit's small service on real parts."""

from collections.abc import AsyncIterator, Callable
from pathlib import Path

import asyncpg
import pytest
from darkroom_servicekit.runtime import Runtime
from support.kafka import Log
from support.kit_service import make_schema, runtime_on
from support.stack import StackAddresses


@pytest.fixture
async def kit_database_url(database_url: str) -> str:
    """A database with outbox, inbox, dead letters and a table of effects."""
    return await make_schema(database_url)


@pytest.fixture
async def database(kit_database_url: str) -> AsyncIterator[asyncpg.Connection]:
    """A plain connection to look with."""
    connection = await asyncpg.connect(kit_database_url)
    yield connection
    await connection.close()


@pytest.fixture
def make_runtime(parts: StackAddresses, log: Log, kit_database_url: str, tmp_path: Path) -> Callable[..., Runtime]:
    """One more process of the same service."""

    def make(*, stall_seconds: float = 60.0, batch_max: int = 50) -> Runtime:
        return runtime_on(parts, log, kit_database_url, home=tmp_path, stall_seconds=stall_seconds, batch_max=batch_max)

    return make
