"""The HTTP side that all services share: health, readiness, metrics, problem+json, traces and timings. camelCase JSON."""

import time
from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager

import structlog
from fastapi import FastAPI, Request, Response
from opentelemetry.trace import SpanKind, Tracer
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from pydantic import BaseModel, ConfigDict
from pydantic.alias_generators import to_camel
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from darkroom_servicekit.health import Health, Readiness
from darkroom_servicekit.http_methods import HeadAndOptions, nul_in_path, nul_in_query
from darkroom_servicekit.metrics import KitMetrics
from darkroom_servicekit.openapi import DescribedApp
from darkroom_servicekit.outages import install_outage_handlers
from darkroom_servicekit.problems import NUL_RULE, Problem, answer, install_problem_handlers, invalid, printable
from darkroom_servicekit.rate_limit import ANSWER_FIELDS
from darkroom_servicekit.tracing import span

QUIET_PATHS = frozenset({"/healthz", "/readyz", "/metrics"})

log = structlog.get_logger()


class Body(BaseModel):
    """A JSON body, in or out: camelCase outside, snake_case inside."""

    model_config = ConfigDict(alias_generator=to_camel, populate_by_name=True)


class StrictBody(Body):
    """A JSON body that comes in: an unknown field is an error, so that a typing slip is told and not ignored."""

    model_config = ConfigDict(extra="forbid")


class Alive(BaseModel):
    """The answer of `/healthz`."""

    status: str = "ok"


def build_app(
    *,
    service: str,
    title: str,
    health: Health,
    metrics: KitMetrics,
    tracer: Tracer,
    lifespan: Callable[[FastAPI], AbstractAsyncContextManager[None]],
) -> FastAPI:
    """A FastAPI app with what every service answers; the service adds its own routes."""
    # A slash too many is another address: a redirect would name the scheme and host of this hop, not those that the caller used.
    app = DescribedApp(title=title, version="0.1.0", lifespan=lifespan, redirect_slashes=False)
    install_problem_handlers(app)
    install_outage_handlers(app)
    app.add_middleware(RefuseNul)
    app.add_middleware(ObserveRequests, tracer=tracer, metrics=metrics)
    app.add_middleware(HeadAndOptions, routes=app.router.routes)

    @app.get("/healthz", tags=["operation"])
    async def healthz() -> Alive:
        """The process is alive."""
        return Alive()

    @app.get("/readyz", tags=["operation"], response_model=Readiness)
    async def readyz() -> Response:
        """Ready to serve: connected, migrated, assigned. `503` with the failing checks otherwise."""
        readiness = await health.readiness()
        if readiness.ready:
            return Response(readiness.model_dump_json(), media_type="application/json")
        failing = {name: state for name, state in readiness.checks.items() if state != "ok"}
        detail = "; ".join(f"{name}: {state}" for name, state in failing.items())
        return answer(Problem(503, "Not ready", detail, headers={"Retry-After": "2"}, more={"checks": readiness.checks}))

    @app.get("/metrics", tags=["operation"], response_class=Response)
    async def prometheus() -> Response:
        """Prometheus metrics."""
        return Response(generate_latest(metrics.registry), media_type=CONTENT_TYPE_LATEST)

    app.state.service = service
    return app


class RefuseNul:
    """Refuses U+0000 in a path (404) and in a query (400, by the field's name); a plain ASGI middleware."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
        elif nul_in_path(scope):
            await answer(Problem(404, "Not Found", kind="/problems/not-found"))(scope, receive, send)
        elif (field := nul_in_query(scope)) is not None:
            await answer(invalid(printable(field) or "query", NUL_RULE))(scope, receive, send)
        else:
            await self._app(scope, receive, send)


class ObserveRequests:
    """Times each request by route, gives it a span below the caller's, and adds the RateLimit fields; a plain ASGI middleware."""

    def __init__(self, app: ASGIApp, *, tracer: Tracer, metrics: KitMetrics) -> None:
        self._app = app
        self._tracer = tracer
        self._metrics = metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["path"] in QUIET_PATHS:
            await self._app(scope, receive, send)
            return
        started = time.perf_counter()
        status = 500
        traceparent = next((value.decode("latin-1") for name, value in scope["headers"] if name == b"traceparent"), None)

        fields: dict[str, str] = {}
        scope[ANSWER_FIELDS] = fields  # the same dictionary in every copy of the scope

        async def observed_send(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                more = [(name.lower().encode(), value.encode()) for name, value in fields.items()]
                message = {**message, "headers": [*message.get("headers", ()), *more]}
            await send(message)

        try:
            with span(self._tracer, scope["method"], kind=SpanKind.SERVER, traceparent=traceparent) as current:
                await self._app(scope, receive, observed_send)
                route = _route_of(scope)
                current.update_name(f"{scope['method']} {route}")
                current.set_attribute("http.response.status_code", status)
        finally:
            self._metrics.http_seconds.labels(scope["method"], _route_of(scope), str(status)).observe(
                time.perf_counter() - started
            )


def _route_of(scope: Scope) -> str:
    """The route's pattern, so that the label is bounded; `unmatched` for what no route took."""
    return getattr(scope.get("route"), "path", "unmatched")


RequestHandler = Callable[[Request], Awaitable[Response]]
