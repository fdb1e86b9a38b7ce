"""A database that is away is a `503` with Retry-After, not an error of ours to be puzzled over."""

import structlog
from darkroom_servicekit.problems import Problem, answer
from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse
from sqlalchemy.exc import InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout

RETRY_AFTER_SECONDS = 2

log = structlog.get_logger()


def install_outage_handlers(app: FastAPI) -> None:
    """Answer `503` where the database cannot be reached."""

    async def on_outage(_request: Request, error: Exception) -> JSONResponse:
        log.warning("database does not answer", error=repr(error)[:200])
        return answer(
            Problem(
                503,
                "Not available at the moment",
                "A part that is needed is away; try again soon.",
                kind="/problems/unavailable",
                headers={"Retry-After": str(RETRY_AFTER_SECONDS)},
            )
        )

    for outage in (OperationalError, InterfaceError, PoolTimeout, ConnectionError, TimeoutError):
        app.add_exception_handler(outage, on_outage)
