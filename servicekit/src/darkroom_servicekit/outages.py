"""What is an outage: a dependency is away or overloaded, and the same thing is right later. Everything else is an error of ours.

Consumers wait an outage out, and over HTTP it is a `503` with Retry-After.
"""

import structlog
from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse
from sqlalchemy.dialects.postgresql.asyncpg import AsyncAdapt_asyncpg_dbapi
from sqlalchemy.exc import DBAPIError, InterfaceError, InternalError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from darkroom_servicekit.problems import Problem, answer

RETRY_AFTER_SECONDS = 2
PASSING_CLASSES = frozenset({"08", "40", "53", "57", "58"})
"""SQLSTATE classes: connection, rollback (as of a deadlock), resources, operator (starting, stopping, cancelled), system."""
PASSING_STATES = frozenset({"25P03", "25P04", "55P03"})
"""Idle in a transaction for too long, a transaction for too long (both after a freeze), a lock not to be had."""

STATEMENT_CANCELED = "57014"
"""As by the time limit of a statement: the server may be overloaded, or the statement may always be too slow."""
FILE_ERRORS = (FileNotFoundError, FileExistsError, IsADirectoryError, NotADirectoryError, PermissionError)
"""A socket's file that is missing says that a server is away; any other file says nothing about a dependency."""

log = structlog.get_logger()


def is_outage(error: BaseException) -> bool:
    """Whether the database, or what else was asked, is away, so that trying the same again later is right."""
    if isinstance(error, OSError | TimeoutError | PoolTimeout | OperationalError | InterfaceError):
        return True
    return isinstance(error, DBAPIError) and (error.connection_invalidated or _passes(error))


def may_be_the_request(error: BaseException) -> bool:
    """Whether an outage may as well be the fault of what was asked: with the same request it would then never end."""
    if isinstance(error, FILE_ERRORS):
        return True
    return isinstance(error, DBAPIError) and getattr(error.orig, "sqlstate", None) == STATEMENT_CANCELED


def install_outage_handlers(app: FastAPI) -> None:
    """Answer `503` where what is needed for an answer is away."""

    async def on_error(_request: Request, error: Exception) -> JSONResponse:
        if not is_outage(error):
            raise error
        log.warning("a part that is needed does not answer", error=repr(error)[:200])
        return answer(
            Problem(
                503,
                "Not available at the moment",
                "A part that is needed is away; try again soon.",
                kind="/problems/unavailable",
                headers={"Retry-After": str(RETRY_AFTER_SECONDS)},
            )
        )

    for kind in (DBAPIError, PoolTimeout, OSError, TimeoutError):
        app.add_exception_handler(kind, on_error)


def _passes(error: DBAPIError) -> bool:
    if isinstance(error.orig, AsyncAdapt_asyncpg_dbapi.InvalidCachedStatementError):
        return True  # a migration changed a table under a prepared statement; it is prepared anew the next time
    state = getattr(error.orig, "sqlstate", None) or ""
    if not state and isinstance(error, InternalError):
        return True  # no word of the server's: the driver's, about a connection that was lost between two of them
    return state in PASSING_STATES or state[:2] in PASSING_CLASSES
