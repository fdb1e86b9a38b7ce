"""The database of one service, and the one place that commits: a unit of work whose events leave with its changes."""

from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from datetime import datetime
from functools import partial
from time import monotonic
from typing import Any

import structlog
from darkroom_contracts.envelope import Envelope, wrap
from darkroom_contracts.event import Event
from sqlalchemy import Executable, text
from sqlalchemy.engine import CursorResult
from sqlalchemy.event import listens_for
from sqlalchemy.exc import DBAPIError, InvalidatePoolError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine
from sqlalchemy.pool import ConnectionPoolEntry, PoolProxiedConnection

from darkroom_servicekit.outbox import OutboxRow, write_outbox
from darkroom_servicekit.schema import SchemaDoesNotFit, SchemaGate
from darkroom_servicekit.tracing import current_traceparent

CONNECT_SECONDS_MAX = 5.0
STATEMENT_SECONDS_MAX = 30.0
ANSWER_SECONDS_MAX = 40.0
"""A server that does not even say that the statement took too long is given up, with its connection."""
IDLE_IN_TRANSACTION_SECONDS_MAX = 30.0
POOL_WAIT_SECONDS_MAX = 10.0
REST_SECONDS_MAX = 30.0
"""A connection that was not used for longer is asked for a sign of life first: what lies between may have dropped it unsaid."""
RESTING_SINCE = "darkroom_resting_since"

log = structlog.get_logger()


def async_url(database_url: str) -> str:
    """The address for SQLAlchemy with asyncpg."""
    return database_url.replace("postgresql://", "postgresql+asyncpg://", 1)


def build_engine(database_url: str, *, pool_size: int) -> AsyncEngine:
    """An engine on asyncpg with one bounded pool; statements and idle transactions have a time limit."""
    engine = create_async_engine(
        async_url(database_url),
        pool_size=pool_size,
        max_overflow=0,
        pool_timeout=POOL_WAIT_SECONDS_MAX,
        pool_use_lifo=True,  # what is not needed rests for long, and is closed: see surplus_sessions.py
        connect_args={
            "timeout": CONNECT_SECONDS_MAX,
            "command_timeout": ANSWER_SECONDS_MAX,
            "server_settings": {
                "statement_timeout": str(int(STATEMENT_SECONDS_MAX * 1000)),
                "idle_in_transaction_session_timeout": str(int(IDLE_IN_TRANSACTION_SECONDS_MAX * 1000)),
                "timezone": "UTC",
                "jit": "off",
            },
        },
    )
    _replace_lost_connections(engine)
    return engine


def _replace_lost_connections(engine: AsyncEngine) -> None:
    """Hand out no connection that is known to be closed, nor, without a ping, one that has rested for long.

    SQLAlchemy's own `pool_pre_ping` asks the server before every use: two journeys more for each transaction of each event.
    """
    pool, dialect = engine.sync_engine.pool, engine.dialect

    @listens_for(pool, "checkin")
    def put_back(_connection: Any, record: ConnectionPoolEntry) -> None:
        record.info[RESTING_SINCE] = monotonic()

    @listens_for(pool, "checkout")
    def take(connection: Any, record: ConnectionPoolEntry, _proxy: PoolProxiedConnection) -> None:
        if connection.driver_connection.is_closed():
            raise InvalidatePoolError("the server has closed the connection")
        if monotonic() - record.info.get(RESTING_SINCE, monotonic()) > REST_SECONDS_MAX:
            try:
                dialect.do_ping(connection)
            except dialect.loaded_dbapi.Error as error:
                raise InvalidatePoolError("the server did not answer on the connection") from error


class Transaction:
    """An open transaction: statements and events, all or nothing."""

    def __init__(self, connection: AsyncConnection, *, source: str, now: datetime) -> None:
        self.connection = connection
        self.now = now
        self._source = source
        self.events: list[Event] = []
        """What was published so far."""
        self._outbox: list[OutboxRow] = []
        self._before_commit: list[Callable[[], Awaitable[None]]] = []
        self._after_commit: list[Callable[[], None]] = []

    async def execute(
        self, statement: Executable | str, parameters: dict[str, Any] | Sequence[dict[str, Any]] | None = None
    ) -> CursorResult[Any]:
        """Run one statement; a string is SQL with `:name` parameters."""
        return await self.connection.execute(text(statement) if isinstance(statement, str) else statement, parameters)

    def publish(self, event: Event, *, cause: Envelope | None = None) -> Envelope:
        """Send `event` when, and only when, the transaction commits. `cause` is the event that led to it.

        Raises EventTooLarge; the transaction can go on without the event.
        """
        traceparent = cause.traceparent if cause else current_traceparent()
        envelope = wrap(event, source=self._source, now=self.now, cause=cause, traceparent=traceparent)
        row = OutboxRow(event.topic, event.instance_id, envelope, event.to_json())
        row.refuse_if_too_large()
        self._outbox.append(row)
        self.events.append(event)
        return envelope

    def publish_raw(self, row: OutboxRow) -> None:
        """Send a message that is no event of ours, such as a dead letter, with the commit."""
        self._outbox.append(row)

    def before_commit(self, call: Callable[[], Awaitable[None]]) -> None:
        """Await `call` once all else is done, for work that is gathered over a whole batch; when it raises, nothing commits."""
        self._before_commit.append(call)

    def after_commit(self, call: Callable[[], None]) -> None:
        """Call `call` once the commit has succeeded; for hints only, since the process may die in between."""
        self._after_commit.append(call)

    async def complete(self) -> None:
        """Do the work that was put off to the end of the transaction."""
        for call in self._before_commit:
            await call()

    async def flush_events(self) -> int:
        """Write the pending events to the outbox; how many there were."""
        rows, self._outbox = self._outbox, []
        if rows:
            await write_outbox(self.connection, rows)
        return len(rows)

    def committed(self) -> None:
        """Run the hints that waited for the commit; one that fails undoes nothing and is only told."""
        for call in self._after_commit:
            try:
                call()
            except Exception:  # whatever it was, the change stands
                log.exception("hint after the commit failed")


class UnitOfWork:
    """Opens transactions. Nothing else in a service commits."""

    def __init__(
        self,
        engine: AsyncEngine,
        *,
        service: str,
        clock: Callable[[], datetime],
        wake_relay: Callable[[], None],
        schema: SchemaGate | None = None,
    ) -> None:
        self.engine = engine
        self._schema = schema
        self._source = f"/services/{service}"
        self._clock = clock
        self._wake_relay = wake_relay
        self._watchers: list[Callable[[Sequence[Event]], None]] = []

    def watch(self, call: Callable[[Sequence[Event]], None]) -> None:
        """Call `call` with the events of each transaction once it has committed, whoever opened it: for counting."""
        self._watchers.append(call)

    @asynccontextmanager
    async def begin(self) -> AsyncIterator[Transaction]:
        """A transaction that commits at the end of the block and rolls back when it raises."""
        async with self._told_apart(), self.engine.connect() as connection:
            transaction = Transaction(connection, source=self._source, now=self._clock())
            for watch in self._watchers:
                transaction.after_commit(partial(watch, transaction.events))
            async with connection.begin():
                yield transaction
                await transaction.complete()
                events = await transaction.flush_events()
        transaction.committed()
        if events:
            self._wake_relay()

    @asynccontextmanager
    async def read(self) -> AsyncIterator[AsyncConnection]:
        """A connection for reading: each statement sees what is committed then, and nothing stays open."""
        async with self._told_apart(), self.engine.connect() as connection:
            yield await connection.execution_options(isolation_level="AUTOCOMMIT")

    @asynccontextmanager
    async def _told_apart(self) -> AsyncIterator[None]:
        """Raise SchemaDoesNotFit in place of the error of a statement that the schema is too old, or too new, for."""
        try:
            yield
        except DBAPIError as error:
            if self._schema is not None and await self._schema.explains(error):
                raise SchemaDoesNotFit(str(error.orig)) from error
            raise
