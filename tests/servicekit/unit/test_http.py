"""What every service answers: health, readiness that tells the truth, problems that name field and rule."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Annotated

import httpx
from darkroom_servicekit.auth import Principal
from darkroom_servicekit.health import Health, NotReady
from darkroom_servicekit.http import StrictBody, build_app
from darkroom_servicekit.metrics import KitMetrics
from darkroom_servicekit.openapi import json_body
from darkroom_servicekit.problems import Problem
from darkroom_servicekit.rate_limit import RateLimit, RateLimiter, limited
from darkroom_servicekit.request_body import read_body
from darkroom_servicekit.runtime import build_redis
from darkroom_servicekit.tracing import build_tracer
from fastapi import APIRouter, Depends, FastAPI, Request, Response
from fastapi.responses import StreamingResponse
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

    @app.post("/orders/{number}", openapi_extra=json_body(Order))
    async def order(number: int, request: Request) -> Order:
        return await read_body(request, Order)

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


async def test_a_slash_too_many_is_another_address_and_never_a_redirect() -> None:
    async with client(app_with(Health())) as http:
        for path in ("/refused/", "/healthz/", "/orders/12/"):
            assert (await http.get(path)).status_code == 404, path


async def test_head_is_answered_for_every_get_without_its_content() -> None:
    async with client(app_with(Health())) as http:
        for path, status in (("/healthz", 200), ("/readyz", 200), ("/metrics", 200), ("/refused", 402), ("/nowhere", 404)):
            head, get = await http.head(path), await http.get(path)
            assert (head.status_code, head.content) == (status, b""), path
            assert head.headers["content-type"] == get.headers["content-type"]
        assert (await http.head("/orders/12")).status_code == 405


async def test_head_produces_nothing_of_a_stream() -> None:
    app, produced = app_with(Health()), list[int]()

    async def endless() -> AsyncIterator[bytes]:
        while True:
            produced.append(1)
            yield b"x"

    @app.get("/stream")
    async def stream() -> StreamingResponse:
        return StreamingResponse(endless(), media_type="text/plain")

    async with client(app) as http:
        answer = await http.head("/stream")
    assert (answer.status_code, answer.content, produced) == (200, b"", [1])


async def test_options_and_405_name_all_methods_of_a_path() -> None:
    app = app_with(Health())
    router = APIRouter(prefix="/things")

    @router.get("/{name}")
    async def show(name: str) -> str:
        return name

    @router.put("/{name}")
    async def change(name: str) -> str:
        return name

    app.include_router(router)
    async with client(app) as http:
        options, wrong = await http.options("/things/a"), await http.delete("/things/a")
        assert (await http.options("/nowhere")).status_code == 404
    assert (options.status_code, options.headers["allow"]) == (204, "GET, HEAD, PUT, OPTIONS")
    assert (wrong.status_code, wrong.headers["allow"]) == (405, "GET, HEAD, PUT, OPTIONS")


async def test_u0000_in_an_address_is_refused_before_any_route() -> None:
    async with client(app_with(Health())) as http:
        assert (await http.get("/refused%00")).status_code == 404
        answers = {name: await http.get(f"/refused?{name}=a%00b") for name in ("search", "path")}
    for name, answer in answers.items():
        rule = "must not contain the character U+0000"
        assert (answer.status_code, answer.json()["errors"]) == (400, [{"field": name, "rule": rule}])


async def test_good_and_bad_answers_tell_how_much_of_the_limit_is_left() -> None:
    app = app_with(Health())
    away = build_redis("redis://127.0.0.1:1/0")

    async def anyone() -> Principal:
        return Principal("shop", "owner")

    principal = limited(anyone, RateLimiter(away, RateLimit("api", 2, 60)))

    @app.get("/mine")
    async def mine(_who: Annotated[Principal, Depends(principal)]) -> Response:
        return Response("mine")

    @app.get("/missing")
    async def missing(_who: Annotated[Principal, Depends(principal)]) -> None:
        raise Problem(404, "Not Found")

    async with client(app) as http:
        answers = [await http.get("/mine"), await http.get("/missing"), await http.get("/mine"), await http.get("/healthz")]
    await away.aclose()
    assert [answer.status_code for answer in answers] == [200, 404, 429, 200]
    assert [answer.headers.get_list("ratelimit-policy") for answer in answers] == [['"api";q=2;w=60']] * 3 + [[]]
    assert [answer.headers.get("ratelimit", "").split(";")[1:2] for answer in answers] == [["r=1"], ["r=0"], ["r=0"], []]
    assert 0 < int(answers[2].headers["retry-after"]) <= 30
