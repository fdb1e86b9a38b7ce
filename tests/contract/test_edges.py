"""The edges of the API are the kit's, the same at all five services: every route with a body, from each service's own OpenAPI.

The services are built but not started: what is refused here is refused before any database, log or cache is asked.
"""

import json
import re
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any

import darkroom_credits.main
import darkroom_jobs_api.main
import darkroom_notifier.main
import darkroom_poller.main
import darkroom_predictor.main
import httpx
import pytest
from darkroom_credits.settings import CreditsSettings
from darkroom_jobs_api.settings import JobsApiSettings
from darkroom_notifier.settings import NotifierSettings
from darkroom_poller.settings import PollerSettings
from darkroom_predictor.settings import PredictorSettings
from darkroom_servicekit.auth import DEVELOPMENT_KEY, make_jwt
from fastapi import FastAPI
from support.hostile import HOSTILE_TEXTS, quoted

NOWHERE: dict[str, Any] = {
    "kafka_bootstrap_servers": "127.0.0.1:1",
    "database_url": "postgresql://nobody@127.0.0.1:1/none",
    "redis_url": "redis://127.0.0.1:1/0",
    "public_url": "http://127.0.0.1:1",
    "wix_app_secret": DEVELOPMENT_KEY,
    "jwt_secret": DEVELOPMENT_KEY,
    "requests_per_minute": 100_000,
    "log_level": "ERROR",
}
SIGNED_BY_A_VENDOR = re.compile(r"/webhooks/.+")
ASKS_WHAT_IS_ALLOWED = {"/api/image-optimization", "/api/quote", "/api/operator/sandbox/{vendor}"}
"""The product's row or the sandbox says which fields there are, so a body within all bounds is refused with their help only."""
WITHIN_ALL_BOUNDS = {"one huge text", "a huge name"}
ANSWER_BYTES_MAX = 200_000


@pytest.fixture(scope="module")
def apps(tmp_path_factory: pytest.TempPathFactory) -> dict[str, FastAPI]:
    """All five services, on parts that are not there."""
    here = NOWHERE | {"storage_url": f"file://{tmp_path_factory.mktemp('storage')}", "media_secret": "a-secret-of-the-tests"}
    replicate = {"replicate_api_tokens": "r8_test", "replicate_base_url": "http://127.0.0.1:1"}
    return {
        "jobs-api": darkroom_jobs_api.main.build(JobsApiSettings(**(here | {"sandbox_url": "http://127.0.0.1:1"}))),
        "credits": darkroom_credits.main.build(CreditsSettings(**here)),
        "predictor": darkroom_predictor.main.build(PredictorSettings(**(here | replicate))),
        "poller": darkroom_poller.main.build(PollerSettings(**(here | replicate))),
        "notifier": darkroom_notifier.main.build(NotifierSettings(**(here | {"unsubscribe_secret": "a-secret-of-the-tests"}))),
    }


@dataclass(frozen=True)
class Operation:
    """One operation of a service."""

    service: str
    method: str
    path: str
    item: dict[str, Any]

    @property
    def name(self) -> str:
        return f"{self.service} {self.method} {self.path}"

    @property
    def address(self) -> str:
        """The path with something good in the place of each parameter."""
        values = {"letterId": "0199f3a0-0000-7000-8000-000000000000", "jobId": "1", "vendor": "stripe"}
        return re.sub(r"\{(\w+)(:path)?\}", lambda found: values.get(found[1], "known"), self.path)

    def addresses_with(self, value: str) -> Iterator[str]:
        """The operation's addresses with this value in each of its parameters, one at a time."""
        for parameter in self.item.get("parameters", []):
            name, text = parameter["name"], quoted(value)
            if parameter["in"] == "path" and value.strip("."):
                yield re.sub(r"\{\w+(:path)?\}", text, self.path)
            if parameter["in"] == "query":
                yield f"{self.address}?{name}={text}"


def operations(apps: dict[str, FastAPI]) -> Iterator[Operation]:
    for service, app in apps.items():
        for path, methods in app.openapi()["paths"].items():
            for method, item in methods.items():
                yield Operation(service, method.upper(), path, item)


@pytest.fixture
async def doors(apps: dict[str, FastAPI]) -> AsyncIterator[dict[str, httpx.AsyncClient]]:
    clients = {
        name: httpx.AsyncClient(transport=httpx.ASGITransport(app, raise_app_exceptions=False), base_url="http://tests")
        for name, app in apps.items()
    }
    yield clients
    for client in clients.values():
        await client.aclose()


_SUBJECTS = count(1)


def operator() -> dict[str, str]:
    token = make_jwt(
        "platform",
        key=DEVELOPMENT_KEY,
        now=datetime.now(UTC),
        ttl=timedelta(hours=1),
        subject=f"operator-{next(_SUBJECTS)}",
        roles=("operator",),
    )
    return {"Authorization": f"Bearer {token}", "Sec-Fetch-Site": "same-origin"}


def api_routes(routes: Any) -> Iterator[Any]:  # FastAPI keeps included routers as they are, under a private type
    for route in routes:
        inner = getattr(route, "original_router", None)
        yield from api_routes(inner.routes) if inner is not None else [route]


def test_no_route_lets_fastapi_read_its_body(apps: dict[str, FastAPI]) -> None:
    """FastAPI reads a body parameter before it knows who is asking, without a bound on bytes, values or errors."""
    found = list(api_routes([route for app in apps.values() for route in app.router.routes]))
    assert len(found) > 60
    assert [route.path for route in found if getattr(route, "body_field", None) is not None] == []


def test_every_creating_route_that_may_repeat_takes_an_idempotency_key_of_one_kind(apps: dict[str, FastAPI]) -> None:
    named = {
        operation.name: [one["schema"] for one in operation.item.get("parameters", []) if one["name"] == "idempotency-key"]
        for operation in operations(apps)
    }
    with_key = {name: schemas for name, schemas in named.items() if schemas}
    assert sorted(with_key) == [
        "credits POST /api/credits/checkout",
        "credits POST /api/operator/credits/{instanceId}/adjustments",
        "credits POST /api/operator/credits/{instanceId}/grants",
        "credits POST /api/operator/credits/{instanceId}/refunds",
        "credits PUT /api/operator/tenants/{instanceId}/plan",
        "jobs-api POST /api/image-optimization",
        "jobs-api POST /api/image-optimization/jobs/{job_id}/retry",
        "predictor POST /api/operator/dead-letters/redrive",
    ]
    assert {json.dumps(schema["anyOf"]) for schemas in with_key.values() for schema in schemas} == {
        '[{"type": "string"}, {"type": "null"}]'
    }, "bounds and spelling are the parser's, not the route's"


@pytest.mark.parametrize("value", HOSTILE_TEXTS.values(), ids=HOSTILE_TEXTS)
async def test_no_value_of_a_parameter_is_our_error(
    apps: dict[str, FastAPI], doors: dict[str, httpx.AsyncClient], value: str
) -> None:
    """Here without a database (`503` says that it would have been asked); with one in `tests/e2e/test_every_route.py`."""
    for one in operations(apps):
        for address in one.addresses_with(value):
            answer = await doors[one.service].request(one.method, address, headers=operator())
            assert answer.status_code not in {307, 500}, f"{one.method} {one.service} {address[:200]}"


def test_the_schema_of_every_body_has_a_name_that_generators_of_clients_can_use(apps: dict[str, FastAPI]) -> None:
    for one in with_json(apps):
        schema = one.item["requestBody"]["content"]["application/json"]["schema"]
        known = apps[one.service].openapi()["components"]["schemas"]
        assert schema.keys() == {"$ref"}, one.name
        assert one.item["responses"].keys() >= {"400", "413", "415"}, one.name
        referred = re.findall(r'"#/components/schemas/([^"]+)"', json.dumps([schema, known]))
        assert [name for name in referred if name not in known] == [], one.name
        assert "$defs" not in json.dumps(known), one.name


def with_json(apps: dict[str, FastAPI]) -> list[Operation]:
    found = [one for one in operations(apps) if "application/json" in one.item.get("requestBody", {}).get("content", {})]
    assert len(found) >= 20
    return found


HOSTILE = {
    "a million-digit number": b'{"a":' + b"9" * 1_000_000 + b"}",
    "deeply nested": b'{"a":' + b"[" * 500_000 + b"]" * 500_000 + b"}",
    "330,000 empty objects": b'{"a":[' + b",".join([b"{}"] * 330_000) + b"]}",
    "a megabyte of fields": b"{" + b",".join(b'"%x":0' % number for number in range(90_000)) + b"}",
    "one huge text": b'{"reason":"' + b"x" * 1_000_000 + b'"}',
    "a huge name": b'{"' + b"x" * 1_000_000 + b'":1}',
    "U+0000": b'{"reason":"\\u0000"}',
    "a lone surrogate": b'{"reason":"\\ud800"}',
    "not UTF-8": b'{"reason":"\xff"}',
    "not JSON": b"{",
    "nothing": b"",
    "a list": b"[]",
    "not a number": b'{"amount":NaN}',
}


@pytest.mark.parametrize("name", HOSTILE)
async def test_a_hostile_body_is_refused_at_every_route(
    apps: dict[str, FastAPI], doors: dict[str, httpx.AsyncClient], name: str
) -> None:
    body = HOSTILE[name]
    for one in with_json(apps):
        if one.path in ASKS_WHAT_IS_ALLOWED and name in WITHIN_ALL_BOUNDS:
            continue
        answer = await doors[one.service].request(
            one.method, one.address, content=body, headers=operator() | {"Content-Type": "application/json"}
        )
        assert answer.status_code == 400, f"{one.name}: {answer.status_code} {answer.text[:300]}"
        assert answer.headers["content-type"] == "application/problem+json", one.name
        assert answer.json()["errors"], one.name
        assert len(answer.content) < ANSWER_BYTES_MAX, one.name


@pytest.mark.parametrize(
    ("kind", "body", "status"),
    [
        ("text/plain", b'{"credits":100}', 415),
        ("application/x-www-form-urlencoded", b"credits=100", 415),
        (None, b'{"credits":100}', 415),
        ("application/json", b'{"reason":"' + b"x" * 1_048_576 + b'"}', 413),
    ],
)
async def test_another_type_is_415_and_too_many_bytes_are_413_at_every_route(
    apps: dict[str, FastAPI], doors: dict[str, httpx.AsyncClient], kind: str | None, body: bytes, status: int
) -> None:
    for one in with_json(apps):
        headers = operator() | ({} if kind is None else {"Content-Type": kind})
        answer = await doors[one.service].request(one.method, one.address, content=body, headers=headers)
        told = (answer.status_code, answer.headers["content-type"], answer.json()["status"])
        assert told == (status, "application/problem+json", status), one.name


async def test_who_asks_is_known_before_the_body_is_read(apps: dict[str, FastAPI], doors: dict[str, httpx.AsyncClient]) -> None:
    for one in with_json(apps):
        if one.path in {"/api/session/development", "/api/notifications/confirm"}:
            continue  # signs in without a token; the body has the token of a link
        answer = await doors[one.service].request(one.method, one.address, content=b"{", headers={"Content-Type": "text/plain"})
        assert answer.status_code == 401, one.name


async def test_a_webhook_has_the_same_bound(apps: dict[str, FastAPI], doors: dict[str, httpx.AsyncClient]) -> None:
    hooks = [one for one in operations(apps) if SIGNED_BY_A_VENDOR.fullmatch(one.path)]
    assert len(hooks) == 4
    for one in hooks:
        address = one.path.replace("{attempt_id}", "0199f3a0-0000-7000-8000-000000000000")
        answer = await doors[one.service].request(one.method, address, content=b" " * 1_048_577)
        assert answer.status_code in {413, 503}, one.name  # 503: without the vendor's key nothing is read at all


async def test_every_principals_request_counts_and_nothing_else_does(
    apps: dict[str, FastAPI], doors: dict[str, httpx.AsyncClient]
) -> None:
    """The fields of the limit are on every answer to a principal, and on no other."""
    for one in operations(apps):
        answer = await doors[one.service].request(one.method, one.address, headers=operator())
        counted = one.path.startswith("/api/") and not OPEN_TO_ALL.fullmatch(f"{one.method} {one.path}")
        if answer.status_code == 500:
            continue  # no database here: the outermost handler answers
        assert ("ratelimit" in answer.headers) == counted, f"{one.name}: {answer.status_code}"


OPEN_TO_ALL = re.compile(
    r"(POST|DELETE) /api/session|(GET|POST) /api/session/development|(GET|POST) /api/notifications/unsubscribe"
    r"|POST /api/notifications/confirm"
)


async def test_no_service_redirects_a_slash_and_each_answers_head(
    apps: dict[str, FastAPI], doors: dict[str, httpx.AsyncClient]
) -> None:
    for one in operations(apps):
        if one.path.endswith("}"):
            continue  # with a slash it is another name
        slash = await doors[one.service].request(one.method, one.address + "/", headers=operator())
        assert slash.status_code in {401, 404, 405}, f"{one.name}: {slash.status_code}"
    for door in doors.values():
        for path in ("/healthz", "/metrics"):
            assert (await door.head(path)).status_code == 200
        assert (await door.options("/healthz")).headers["allow"] == "GET, HEAD, OPTIONS"
