"""Connections that the server closed, or that have rested for long, are replaced before anybody works on them."""

import os
import signal
from collections.abc import AsyncIterator
from typing import Any

import pytest
from darkroom_servicekit import database
from darkroom_servicekit.database import build_engine
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine
from support.service import eventually

POOL = 3
BACKEND = text("SELECT pg_backend_pid()")
OTHERS = text("SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()")
KILL = text("SELECT pg_terminate_backend(pid) FROM unnest(CAST(:pids AS int[])) AS pid")


@pytest.fixture
async def engine(database_url: str) -> AsyncIterator[AsyncEngine]:
    engine = build_engine(database_url, pool_size=POOL)
    yield engine
    await engine.dispose()


@pytest.fixture
async def other(database_url: str) -> AsyncIterator[AsyncEngine]:
    """Someone else on the same database."""
    other = build_engine(database_url, pool_size=1)
    yield other
    await other.dispose()


async def all_used(engine: AsyncEngine) -> dict[int, Any]:  # Any: asyncpg's connection
    """The whole pool's connections, all of them used, by the server's process behind each."""
    connections = [await engine.connect() for _ in range(POOL)]
    try:
        return {
            (await connection.execute(BACKEND)).scalar_one(): (await connection.get_raw_connection()).driver_connection
            for connection in connections
        }
    finally:
        for connection in connections:
            await connection.close()


async def backends(engine: AsyncEngine) -> list[int]:
    """The server's processes behind the whole pool, all of them used."""
    return list(await all_used(engine))


async def kill(other: AsyncEngine, pids: list[int]) -> None:
    """End the server's processes, as a restart would, and wait until they are gone."""
    async with other.connect() as opened:
        # Each look in a transaction of its own: within one the server's list of its processes stays what it was at first.
        connection = await opened.execution_options(isolation_level="AUTOCOMMIT")
        await connection.execute(KILL, {"pids": pids})

        async def gone() -> bool:
            return not set((await connection.execute(OTHERS)).scalars()) & set(pids)

        await eventually(gone)


async def test_after_the_server_closed_them_all_the_next_user_notices_nothing(engine: AsyncEngine, other: AsyncEngine) -> None:
    before = await all_used(engine)
    await kill(other, list(before))

    async def all_have_heard() -> bool:  # a process is off the server's list before its connection is closed
        return all(connection.is_closed() for connection in before.values())

    await eventually(all_have_heard)
    after = await backends(engine)

    assert len(after) == POOL
    assert not set(before) & set(after)


async def test_one_that_has_rested_for_long_and_does_not_answer_is_replaced(
    engine: AsyncEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(database, "REST_SECONDS_MAX", 0.0)
    before = await backends(engine)
    silent = InterfaceErrorOnce(engine)
    monkeypatch.setattr(engine.dialect, "do_ping", silent)

    after = await backends(engine)

    assert silent.asked == 1, "one that does not answer speaks for all that are as old"
    assert not set(before) & set(after)


async def test_a_server_that_falls_silent_is_given_up(database_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(database, "ANSWER_SECONDS_MAX", 1.0)
    engine = build_engine(database_url, pool_size=1)
    async with engine.connect() as connection:
        silent = (await connection.execute(BACKEND)).scalar_one()
    os.kill(silent, signal.SIGSTOP)
    try:
        with pytest.raises(TimeoutError):
            async with engine.connect() as connection:
                await connection.execute(BACKEND)
        async with engine.connect() as connection:
            assert (await connection.execute(BACKEND)).scalar_one() != silent
    finally:
        os.kill(silent, signal.SIGCONT)
        await engine.dispose()


async def test_one_in_use_is_not_asked(engine: AsyncEngine, monkeypatch: pytest.MonkeyPatch) -> None:
    ping = InterfaceErrorOnce(engine)
    monkeypatch.setattr(engine.dialect, "do_ping", ping)

    first, second = await backends(engine), await backends(engine)

    assert sorted(first) == sorted(second)
    assert ping.asked == 0


class InterfaceErrorOnce:
    """A ping that fails the first time, as on a connection whose end the network swallowed."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._error = engine.dialect.loaded_dbapi.InterfaceError
        self.asked = 0

    def __call__(self, _connection: object) -> bool:
        self.asked += 1
        if self.asked == 1:
            raise self._error("connection lost")
        return True
