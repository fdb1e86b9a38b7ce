"""What every service answers: health, readiness that tells the truth, problems that name field and rule."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx
from darkroom_servicekit.health import Health, NotReady
from darkroom_servicekit.http import StrictBody, build_app
from darkroom_servicekit.metrics import KitMetrics
from darkroom_servicekit.problems import Problem
from darkroom_servicekit.tracing import build_tracer
from fastapi import FastAPI
from prometheus_client import CollectorRegistry


class Order(StrictBody):
    """A body of the tests."""

    item_count: int


@asynccontextmanager
async def nothing(_app: FastAPI) -> AsyncIterator[None]:
    yield


def app_with(health: Health) -> FastAPI:
    tracer, _ = build_tracer("tests", None)
    app = build_app(
        service="tests", title="Tests", health=health, metrics=KitMetrics(CollectorRegistry()), tracer=tracer, lifespan=nothing
    )

    @app.post("/orders/{number}")
    async def order(number: int, body: Order) -> Order:
        return body

    @app.get("/refused")
    async def refused() -> None:
        raise Problem(402, "Not enough credits", "150 needed, 90 there", headers={"Retry-After": "7"}, more={"needed": 150})

    @app.get("/broken")
    async def broken() -> None:
        raise RuntimeError("secret inside")

    return app


def client(app: FastAPI) -> httpx.AsyncClient:
    return httpx.AsyncClient(transport=httpx.ASGITransport(app, raise_app_exceptions=False), base_url="http://tests")


async def test_ready_only_when_every_check_passes() -> None:
    health = Health()
    state: dict[str, Exception | None] = {"error": NotReady("no partitions assigned yet")}

    async def check() -> None:
        if state["error"]:
            raise state["error"]

    health.add("consumer", check)
    async with client(app_with(health)) as http:
        away = await http.get("/readyz")
        state["error"] = None
        there = await http.get("/readyz")
        alive = await http.get("/healthz")

    assert (away.status_code, away.headers["content-type"]) == (503, "application/problem+json")
    assert away.json()["checks"] == {"consumer": "NotReady: no partitions assigned yet"}
    assert (there.status_code, there.json()) == (200, {"ready": True, "checks": {"consumer": "ok"}})
    assert alive.json() == {"status": "ok"}


async def test_bad_input_names_field_and_rule_for_all_fields_at_once() -> None:
    async with client(app_with(Health())) as http:
        answer = await http.post("/orders/12", json={"itemCount": "many", "itemCuont": 3})

    assert (answer.status_code, answer.headers["content-type"]) == (400, "application/problem+json")
    assert sorted(error["field"] for error in answer.json()["errors"]) == ["itemCount", "itemCuont"]
    assert "itemCount: Input should be a valid integer" in answer.json()["detail"]


async def test_a_problem_keeps_its_figures_and_headers() -> None:
    async with client(app_with(Health())) as http:
        answer = await http.get("/refused")

    assert (answer.status_code, answer.headers["retry-after"], answer.json()["needed"]) == (402, "7", 150)


async def test_an_unexpected_error_says_nothing_of_the_inside() -> None:
    async with client(app_with(Health())) as http:
        answer = await http.get("/broken")

    assert (answer.status_code, answer.json()["title"]) == (500, "Internal error")
    assert "secret" not in answer.text


async def test_an_unknown_path_is_a_problem_too_and_metrics_count_by_route() -> None:
    async with client(app_with(Health())) as http:
        missing = await http.get("/nowhere/at-all")
        await http.post("/orders/12", json={"itemCount": 3})
        metrics = await http.get("/metrics")

    assert (missing.status_code, missing.json()["status"]) == (404, 404)
    assert 'route="/orders/{number}",status="200"' in metrics.text
    assert "/nowhere" not in metrics.text
