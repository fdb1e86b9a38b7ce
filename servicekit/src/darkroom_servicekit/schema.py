"""Whether this code and its database's schema fit together; until they do, a service does no work.

Code needs at least the newest revision among its own migrations. It goes on working on a newer schema, as migrations are
additive; a migration that takes something away says from which revision on code can still be served (`serve_code_from`).
"""

import asyncio
from dataclasses import dataclass

import structlog
from sqlalchemy import Connection, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from darkroom_servicekit.health import NotReady
from darkroom_servicekit.outages import is_outage

LOOK_EVERY_SECONDS = 1.0
MISSING_STATES = frozenset({"42P01", "42703", "42883", "42704", "42P10"})
"""SQLSTATE of a table, column, function, object or unique constraint that the schema does not have."""

MARKER_TABLE = "schema_marker"
MAKE_MARKER = f"""
    CREATE TABLE IF NOT EXISTS {MARKER_TABLE} (
        only_row boolean PRIMARY KEY DEFAULT true CHECK (only_row), serves_code_from text NOT NULL
    )
"""
TABLES = text(f"SELECT to_regclass('alembic_version') IS NOT NULL, to_regclass('{MARKER_TABLE}') IS NOT NULL")
REVISION = text("SELECT version_num FROM alembic_version")
SERVES_CODE_FROM = text(f"SELECT serves_code_from FROM {MARKER_TABLE}")  # noqa: S608 - our own constant

log = structlog.get_logger()


class SchemaDoesNotFit(ConnectionError):
    """A statement failed because the schema is not the one that this code needs. Waited for like any outage."""


@dataclass(frozen=True)
class Schema:
    """What a database says of its schema: its revision, and the oldest code (by its newest revision) that it serves."""

    revision: str | None
    serves_code_from: str | None = None


def misfit(schema: Schema, code: str) -> str | None:
    """Why code whose newest migration is `code` cannot work with `schema`; None if it can. Revisions compare as texts."""
    if schema.revision is None or schema.revision < code:
        return f"schema is at revision {schema.revision}, this code needs {code}: run the migrations"
    if schema.serves_code_from is not None and code < schema.serves_code_from:
        return (
            f"schema is at revision {schema.revision} and serves code from {schema.serves_code_from} on, "
            f"this code is of {code}: deploy newer code"
        )
    return None


async def read_schema(connection: AsyncConnection) -> Schema:
    """The schema as the database tells it; without a revision before the first migration."""
    migrated, marked = (await connection.execute(TABLES)).one()
    revision = (await connection.execute(REVISION)).scalar_one_or_none() if migrated else None
    serves = (await connection.execute(SERVES_CODE_FROM)).scalar_one_or_none() if marked else None
    return Schema(revision, serves)


def make_marker(connection: Connection) -> None:
    """Make the table for `serve_code_from`. Part of every migration run."""
    connection.execute(text(MAKE_MARKER))


def serve_code_from(revision: str) -> str:
    """SQL for a migration that takes something away: only code that carries migration `revision` works from then on."""
    assert revision.isdecimal(), "revisions are numbers"
    return (
        f"INSERT INTO {MARKER_TABLE} (serves_code_from) VALUES ('{revision}') "  # noqa: S608 - a number, checked above
        "ON CONFLICT (only_row) DO UPDATE SET serves_code_from = excluded.serves_code_from"
    )


class SchemaGate:
    """Keeps work from starting before the schema fits, and tells a misfit from an error of ours while work is running."""

    def __init__(self, engine: AsyncEngine, code: str) -> None:
        self._engine = engine
        self._code = code
        self._said = ""
        self._waiting = asyncio.Lock()
        self.is_open = False
        """Whether the schema was last seen to fit."""

    async def check(self) -> None:
        """Raise NotReady unless the database answers and its schema fits."""
        if reason := await self.misfit():
            raise NotReady(reason)

    async def wait(self) -> None:
        """Return once the schema fits; at once while nothing says otherwise. A database that is away is waited for, too.

        Every loop of the service waits here at the start. One of them asks for all: each asking for itself would open a session.
        """
        async with self._waiting:
            while not self.is_open:
                if reason := await self._reason_to_wait():
                    self._say(reason)
                    await asyncio.sleep(LOOK_EVERY_SECONDS)

    async def _reason_to_wait(self) -> str | None:
        try:
            return await self.misfit()
        except Exception as error:
            if not is_outage(error):
                raise
            return f"the database does not answer ({type(error).__name__})"

    async def explains(self, error: DBAPIError) -> bool:
        """Whether a statement failed with `error` because the schema does not fit. Closes the gate then."""
        if getattr(error.orig, "sqlstate", None) not in MISSING_STATES:
            return False
        return bool(await self.misfit())

    async def misfit(self) -> str | None:
        """Why the schema does not fit now; None if it does."""
        async with self._engine.connect() as opened:
            connection = await opened.execution_options(isolation_level="AUTOCOMMIT")
            reason = misfit(await read_schema(connection), self._code)
        self.is_open = reason is None
        return reason

    def _say(self, reason: str) -> None:
        """Log each reason once, however long it lasts."""
        if reason != self._said:
            log.warning("no work before the schema fits", reason=reason)
            self._said = reason
