"""Sessions that a burst opened are closed again when nobody needs them; those in use, and their users, notice nothing."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable

import asyncpg
import pytest
from darkroom_servicekit import surplus_sessions
from darkroom_servicekit.database import build_engine
from darkroom_servicekit.runtime import Runtime
from darkroom_servicekit.schema import SchemaGate
from darkroom_servicekit.surplus_sessions import SURPLUS_AFTER_SECONDS, SurplusSessions
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine
from support.service import eventually, running

POOL = 5
BACKEND = text("SELECT pg_backend_pid()")
OTHERS = "SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"


class Watch:
    """Seconds that pass when the test says so."""

    def __init__(self) -> None:
        self.seconds = 1000.0

    def __call__(self) -> float:
        return self.seconds


@pytest.fixture
def watch() -> Watch:
    return Watch()


@pytest.fixture
async def engine(database_url: str) -> AsyncIterator[AsyncEngine]:
    engine = build_engine(database_url, pool_size=POOL)
    yield engine
    await engine.dispose()


@pytest.fixture
async def look(database_url: str) -> AsyncIterator[asyncpg.Connection]:
    """A connection of somebody else, to look with."""
    connection = await asyncpg.connect(database_url)
    yield connection
    await connection.close()


async def ask(engine: AsyncEngine) -> int:
    """Use one session; the server's process behind it."""
    async with engine.connect() as connection:
        return int((await connection.execute(BACKEND)).scalar_one())


async def burst(engine: AsyncEngine, count: int = POOL) -> list[int]:
    """Use so many sessions at the same time; the server's processes behind them."""
    all_in_use = asyncio.Barrier(count)

    async def use() -> int:
        async with engine.connect() as connection:
            pid = int((await connection.execute(BACKEND)).scalar_one())
            await all_in_use.wait()
            return pid

    return await asyncio.gather(*(use() for _ in range(count)))


def only(look: asyncpg.Connection, pids: set[int]) -> Callable[[], Awaitable[bool]]:
    """Whether these are all sessions that the server has."""

    async def holds() -> bool:
        return {row["pid"] for row in await look.fetch(OTHERS)} == pids

    return holds


async def test_sessions_of_a_burst_are_closed_and_the_one_in_regular_use_stays(
    engine: AsyncEngine, look: asyncpg.Connection, watch: Watch
) -> None:
    surplus = SurplusSessions(engine, watch=watch)
    await burst(engine)
    regular = set()
    for _ in range(POOL):
        watch.seconds += SURPLUS_AFTER_SECONDS / 2
        regular.add(await ask(engine))

    closed = await surplus.close_surplus()

    assert (len(regular), closed) == (1, POOL - 1)
    await eventually(only(look, regular))
    assert await ask(engine) in regular


async def test_sessions_that_rested_for_less_stay(engine: AsyncEngine, look: asyncpg.Connection, watch: Watch) -> None:
    surplus = SurplusSessions(engine, watch=watch)
    before = await burst(engine)
    watch.seconds += SURPLUS_AFTER_SECONDS

    assert await surplus.close_surplus() == 0
    assert sorted(await burst(engine)) == sorted(before)


async def test_a_session_in_use_is_never_surplus(engine: AsyncEngine, look: asyncpg.Connection, watch: Watch) -> None:
    surplus = SurplusSessions(engine, watch=watch)
    await burst(engine, 2)
    async with engine.connect() as connection:
        used = (await connection.execute(BACKEND)).scalar_one()
        watch.seconds += SURPLUS_AFTER_SECONDS * 2

        assert await surplus.close_surplus() == 1

        await eventually(only(look, {used}))
        assert (await connection.execute(BACKEND)).scalar_one() == used


async def test_after_sessions_were_closed_a_burst_gets_as_many_as_before(engine: AsyncEngine, watch: Watch) -> None:
    surplus = SurplusSessions(engine, watch=watch)
    before = await burst(engine)
    watch.seconds += SURPLUS_AFTER_SECONDS * 2
    assert await surplus.close_surplus() == POOL

    after = await burst(engine)

    assert len(set(after)) == POOL
    assert not set(after) & set(before)
    assert await surplus.close_surplus() == 0, "new sessions have not rested yet"


async def test_whoever_takes_a_session_while_it_is_being_closed_gets_another(
    engine: AsyncEngine, watch: Watch, monkeypatch: pytest.MonkeyPatch
) -> None:
    surplus = SurplusSessions(engine, watch=watch)
    before = await burst(engine)
    watch.seconds += SURPLUS_AFTER_SECONDS * 2
    closed: list[int] = []
    begun, go_on = asyncio.Event(), asyncio.Event()
    close = asyncpg.Connection.close

    async def close_slowly(self: asyncpg.Connection, *, timeout: float | None = None) -> None:
        closed.append(self.get_server_pid())
        if not begun.is_set():
            begun.set()
            await go_on.wait()
        await close(self, timeout=timeout)

    monkeypatch.setattr(asyncpg.Connection, "close", close_slowly)
    closing = asyncio.create_task(surplus.close_surplus())
    await begun.wait()
    after = await burst(engine)
    go_on.set()

    assert await closing == 1, "the others had been taken meanwhile"
    assert closed[0] in before
    assert set(after) == {*before, *after} - {closed[0]}
    assert sorted(await burst(engine)) == sorted(after)


async def test_waiting_for_the_schema_takes_one_session_however_many_wait(engine: AsyncEngine, look: asyncpg.Connection) -> None:
    await look.execute("CREATE TABLE alembic_version AS SELECT '0001' AS version_num")
    gate = SchemaGate(engine, "0001")

    await asyncio.gather(*(gate.wait() for _ in range(POOL)))

    assert len(await look.fetch(OTHERS)) == 1


async def test_a_service_closes_its_own_surplus(
    make_runtime: Callable[[], Runtime], kit_database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(surplus_sessions, "SURPLUS_AFTER_SECONDS", 0.0)
    monkeypatch.setattr(surplus_sessions, "LOOK_EVERY_SECONDS", 0.05)
    runtime = make_runtime()
    async with running(runtime.app):
        opened = await burst(runtime.engine)
        database = await asyncpg.connect(kit_database_url)

        async def surplus_has_gone() -> bool:
            left = {row["pid"] for row in await database.fetch(OTHERS)}
            return not left & set(opened)

        await eventually(surplus_has_gone)
        await database.close()
