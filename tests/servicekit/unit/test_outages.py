"""What passes by itself is waited out and answered by `503`; what does not is an error."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx
import pytest
from darkroom_servicekit.health import Health
from darkroom_servicekit.http import build_app
from darkroom_servicekit.metrics import KitMetrics
from darkroom_servicekit.outages import is_outage
from darkroom_servicekit.tracing import build_tracer
from fastapi import FastAPI
from prometheus_client import CollectorRegistry
from sqlalchemy.exc import DBAPIError, IntegrityError, InternalError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout

STARTING = "57P03"


class ServerError(Exception):
    """What a driver raises: the server's word with its SQLSTATE."""

    def __init__(self, sqlstate: str | None) -> None:
        super().__init__("said the server")
        self.sqlstate = sqlstate


def said(sqlstate: str | None) -> DBAPIError:
    return DBAPIError("SELECT 1", {}, ServerError(sqlstate))


@pytest.mark.parametrize(
    "error",
    [
        *map(said, [STARTING, "57P01", "57P02", "53300", "53100", "40P01", "40001", "08006", "58030", "55P03", "25P03", "57014"]),
        DBAPIError("SELECT 1", {}, ServerError(None), connection_invalidated=True),
        OperationalError("SELECT 1", {}, ServerError(None)),
        InternalError("SELECT 1", {}, ServerError(None)),
        PoolTimeout("no connection was free"),
        ConnectionRefusedError(111, "refused"),
        OSError("Multiple exceptions: [Errno 111], [Errno 101]"),
        TimeoutError(),
    ],
    ids=lambda error: getattr(getattr(error, "orig", None), "sqlstate", None) or type(error).__name__,
)
def test_what_passes_by_itself(error: Exception) -> None:
    assert is_outage(error)


@pytest.mark.parametrize(
    "error",
    [
        *map(said, ["23505", "22001", "42P01", "25P02", "XX000", None]),
        InternalError("SELECT 1", {}, ServerError("XX000")),
        IntegrityError("INSERT", {}, ServerError("23514")),
        ValueError("a fault of ours"),
    ],
    ids=lambda error: getattr(getattr(error, "orig", None), "sqlstate", None) or type(error).__name__,
)
def test_what_does_not(error: Exception) -> None:
    assert not is_outage(error)


@asynccontextmanager
async def nothing(_app: FastAPI) -> AsyncIterator[None]:
    yield


async def test_over_http_an_outage_asks_to_come_again_and_an_error_is_ours() -> None:
    tracer, _ = build_tracer("tests", None)
    metrics = KitMetrics(CollectorRegistry())
    app = build_app(service="tests", title="Tests", health=Health(), metrics=metrics, tracer=tracer, lifespan=nothing)

    @app.get("/{sqlstate}")
    async def fail(sqlstate: str) -> None:
        raise said(sqlstate)

    transport = httpx.ASGITransport(app, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://tests") as http:
        starting, ours = await http.get(f"/{STARTING}"), await http.get("/42P01")

    assert (starting.status_code, starting.headers["retry-after"]) == (503, "2")
    assert starting.json()["type"] == "/problems/unavailable"
    assert (ours.status_code, ours.json()["title"]) == (500, "Internal error")
    assert "server" not in starting.text + ours.text
