"""A provider over real HTTP that counts arrivals by its own clock and answers as a test tells it."""

import asyncio
import json
import socket
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlencode

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route

Answer = Callable[["Arrival"], Awaitable[Response | None]]
"""What to answer to an arrival instead of making a prediction; None: make it."""


@dataclass
class Arrival:
    """A creation that arrived. `prediction` is set when one was made."""

    at: float
    account: str
    model: str
    body: dict[str, Any]
    cancel_after: str | None
    prediction: str | None = None


@dataclass
class ProviderDouble:
    """Predictions made, in order; newest first in the list, a hundred a page."""

    address: str = ""
    arrivals: list[Arrival] = field(default_factory=list)
    listed: list[dict[str, Any]] = field(default_factory=list)
    made_at: dict[str, datetime] = field(default_factory=dict)
    list_calls: int = 0
    list_lag_seconds: float = 0
    list_shows_webhooks: bool = True
    list_fails: Callable[[Request], bool] = lambda _request: False
    cancels: list[str] = field(default_factory=list)
    cancel_status: int = 200
    answer: Answer | None = None
    after: Answer | None = None

    async def create(self, request: Request) -> Response:
        body = await request.json()
        arrival = Arrival(
            at=time.monotonic(),
            account=request.headers["authorization"],
            model="/".join(request.path_params.values()) or body.get("version", ""),
            body=body,
            cancel_after=request.headers.get("cancel-after"),
        )
        self.arrivals.append(arrival)
        if self.answer and (answer := await self.answer(arrival)):
            return answer
        arrival.prediction = f"p{len(self.listed)}"
        made = {"id": arrival.prediction, "status": "starting", "output": None, "input": body["input"]}
        self.made_at[arrival.prediction] = datetime.now(UTC)
        made |= {"created_at": self.made_at[arrival.prediction].isoformat().replace("+00:00", "Z")}
        made |= {"webhook": body["webhook"]} if "webhook" in body else {}
        self.listed.append(made)
        if self.after and (answer := await self.after(arrival)):
            return answer
        return JSONResponse(made, 201)

    async def list_page(self, request: Request) -> Response:
        self.list_calls += 1
        if self.list_fails(request):
            return Response(status_code=500)
        query = dict(request.query_params)
        start = int(query.pop("cursor", 0))
        newest = [self._as_listed(one) for one in self.listed[::-1] if self._is_listed(one, query)]
        rest = urlencode(query | {"cursor": start + 100})
        following = f"{self.address}/v1/predictions?{rest}" if start + 100 < len(newest) else None
        return JSONResponse({"next": following, "previous": None, "results": newest[start : start + 100]})

    def _is_listed(self, prediction: dict[str, Any], query: dict[str, str]) -> bool:
        """The provider's own clock decides, also of entries whose time is shown in an odd way."""
        made_at: datetime = self.made_at.get(prediction["id"], datetime.now(UTC))
        shown = made_at.timestamp() + self.list_lag_seconds <= time.time()
        after, before = datetime.fromisoformat(query["created_after"]), datetime.fromisoformat(query["created_before"])
        return shown and after <= made_at < before

    def _as_listed(self, prediction: dict[str, Any]) -> dict[str, Any]:
        hidden = set() if self.list_shows_webhooks else {"webhook"}
        return {name: value for name, value in prediction.items() if name not in hidden}

    async def cancel(self, request: Request) -> Response:
        name = request.path_params["name"]
        self.cancels.append(name)
        return JSONResponse({"id": name, "status": "canceled"}, self.cancel_status)

    def most_within(self, seconds: float) -> int:
        """The largest number of arrivals in any half-open window of that length."""
        times = [arrival.at for arrival in self.arrivals]
        return max((sum(1 for one in times if start <= one < start + seconds) for start in times), default=0)


async def never(_arrival: Arrival) -> Response | None:
    """Answer nothing for as long as anyone may wait."""
    await asyncio.sleep(3600)
    return None


async def cut_off(_arrival: Arrival) -> Response | None:
    """Begin to answer and close the connection: what it would have said is lost."""

    async def nothing() -> AsyncIterator[bytes]:
        yield b"{"

    return StreamingResponse(nothing(), 201, headers={"content-length": "100"})


def refusing(status: int, **problem: Any) -> Answer:
    """Answer every creation so."""

    async def answer(_arrival: Arrival) -> Response | None:
        return Response(json.dumps(problem), status, media_type="application/problem+json")

    return answer


@asynccontextmanager
async def provider_double() -> AsyncIterator[ProviderDouble]:
    """The double, serving on a port of its own."""
    double = ProviderDouble()
    routes = [
        Route("/v1/predictions", double.list_page, methods=["GET"]),
        Route("/v1/predictions", double.create, methods=["POST"]),
        Route("/v1/predictions/{name}/cancel", double.cancel, methods=["POST"]),
        Route("/v1/models/{owner}/{name}/predictions", double.create, methods=["POST"]),
    ]
    listener = socket.create_server(("127.0.0.1", 0))
    double.address = f"http://127.0.0.1:{listener.getsockname()[1]}"
    config = uvicorn.Config(Starlette(routes=routes), log_config=None, lifespan="off", timeout_graceful_shutdown=0)
    server = uvicorn.Server(config)
    serving = asyncio.create_task(server.serve(sockets=[listener]))
    try:
        yield double
    finally:
        server.should_exit = True
        await serving
        listener.close()
