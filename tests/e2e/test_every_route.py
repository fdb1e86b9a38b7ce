"""Every route of every service, from its own OpenAPI, against those who may not: nobody, the expired, the signed out, forgers.

A route that is not listed here fails the test, so that none is added without saying who may use it. Operators' routes are known
by their path. What is foreign must answer exactly like what does not exist.
"""

import asyncio
import json
import re
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import cycle
from typing import Any

import httpx
import pytest
from darkroom_servicekit.auth import DEVELOPMENT_KEY, make_instance_token, make_jwt
from support.forged_tokens import forged_tokens
from support.hostile import HOSTILE_TEXTS, quoted
from support.platform import HTTP_SECONDS_MAX, Platform, Tenant
from support.service import eventually
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed

OPEN = "open: no tenant's data"
SIGNED = "signed by a vendor or by us"
OWN = "the tenant's own"
OWNED = "one thing of the tenant's"
OPERATOR = "operator"

ROUTES = {
    "jobs-api POST /api/image-optimization": OWN,
    "jobs-api GET /api/image-optimization/jobs": OWN,
    "jobs-api GET /api/image-optimization/jobs/{job_id}": OWNED,
    "jobs-api GET /api/image-optimization/jobs/{job_id}/pictures.zip": OWNED,
    "jobs-api POST /api/image-optimization/jobs/{job_id}/cancel": OWNED,
    "jobs-api POST /api/image-optimization/jobs/{job_id}/retry": OWNED,
    "jobs-api POST /api/quote": OWN,
    "jobs-api GET /api/products": OWN,
    "jobs-api GET /api/products/{product_id}": OWN,
    "jobs-api GET /api/session": OWN,
    "jobs-api POST /api/session": OWN,
    "jobs-api DELETE /api/session": OPEN,  # gives back what it is given; a page's cookie only from our own page
    "jobs-api GET /api/session/development": OPEN,
    "jobs-api POST /api/session/development": OPEN,  # with development keys alone
    "credits GET /api/credits": OWN,
    "credits GET /api/plans": OWN,
    "credits GET /api/credits/transactions": OWN,
    "credits GET /api/credits/transactions.csv": OWN,
    "credits GET /api/credits/usage": OWN,
    "credits POST /api/credits/checkout": OWN,
    "credits GET /api/credits/checkout/{session_id}": OWNED,
    "credits GET /api/credits/top-ups": OWN,
    "credits POST /webhooks/stripe": SIGNED,
    "predictor GET /api/replicate-rate-limiter/stats": OWN,  # totals only
    "poller POST /webhooks/replicate/{attempt_id}": SIGNED,
    "poller GET /media/{key}": OPEN,  # under a name that nobody can guess
    "poller HEAD /media/{key}": OPEN,
    "notifier GET /api/notifications": OWN,
    "notifier POST /api/notifications/{notification_id}/read": OWNED,
    "notifier POST /api/notifications/read": OWN,
    "notifier GET /api/notifications/preferences": OWN,
    "notifier PUT /api/notifications/preferences": OWN,
    "notifier POST /api/notifications/confirmations": OWN,
    "notifier POST /api/notifications/confirm": SIGNED,
    "notifier GET /api/notifications/unsubscribe": SIGNED,
    "notifier POST /api/notifications/unsubscribe": SIGNED,
    "notifier POST /webhooks/sendgrid": SIGNED,
    "notifier POST /webhooks/twilio": SIGNED,
}
OF_EVERY_SERVICE = {"/healthz", "/readyz", "/metrics"}
ABSENT = {
    "job_id": "999999999",
    "notification_id": "0199f3a0-0000-7000-8000-000000000000",
    "product_id": "no-such-product",
    "session_id": "cs_test_none",
}
MARK = "a prompt that only its own shop may see"
METHODS = {"get", "put", "post", "delete", "patch", "head", "options"}
SOCKETS_AT_ONCE = 4


@dataclass(frozen=True)
class Route:
    """One operation at a service's own address."""

    service: str
    method: str
    path: str
    query: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        return f"{self.service} {self.method} {self.path}"

    @property
    def who(self) -> str | None:
        if self.path in OF_EVERY_SERVICE:
            return OPEN
        if self.path.startswith("/api/operator/"):
            return OPERATOR
        return ROUTES.get(self.name)

    def addresses_with(self, value: str) -> list[str]:
        """The route's addresses with a value in each of its parameters, one at a time."""
        text = quoted(value)
        in_path = [re.sub(r"\{\w+\}", text, self.path)] if "{" in self.path and value.strip(".") else []
        return in_path + [f"{self.filled({})}?{name}={text}" for name in self.query]

    def filled(self, values: dict[str, str]) -> str:
        return re.sub(r"\{(\w+)\}", lambda found: values.get(found[1], "1"), self.path)


@dataclass(frozen=True)
class World:
    """The routes, a shop with something to steal, and another one."""

    routes: list[Route]
    doors: dict[str, httpx.AsyncClient]
    things: dict[str, str]
    shop: Tenant
    other: Tenant

    async def ask(self, route: Route, token: str | None, values: dict[str, str] | None = None) -> httpx.Response:
        headers = {} if token is None else {"Authorization": f"Bearer {token}"}
        body: Any = {} if route.method in {"POST", "PUT", "PATCH"} else None
        path = route.filled(self.things if values is None else values)
        return await self.doors[route.service].request(route.method, path, headers=headers, json=body)

    def of(self, *who: str) -> list[Route]:
        return [route for route in self.routes if route.who in who]


async def routes_of(service: str, door: httpx.AsyncClient) -> list[Route]:
    paths = (await door.get("/openapi.json")).raise_for_status().json()["paths"]
    return [
        Route(service, method.upper(), path, tuple(one["name"] for one in item.get("parameters", ()) if one["in"] == "query"))
        for path, methods in paths.items()
        for method, item in methods.items()
        if method in METHODS
    ]


@pytest.fixture
async def world(quick: Platform, shop: Tenant) -> AsyncIterator[World]:
    """A shop with a finished job, its notification, and credits offered by card; another shop with nothing."""
    pictures = [picture | {"prompt": MARK} for picture in await quick.photographs(1)]
    job_id = (await shop.send(pictures)).json()["job"]["id"]
    await shop.ended(job_id)
    found: list[dict[str, Any]] = []

    async def told() -> bool:
        entries = (await shop.http.get("/api/notifications")).json()["notifications"]
        found[:] = [entry for entry in entries if entry.get("jobId") == job_id]
        return bool(found)

    await eventually(told, seconds=HTTP_SECONDS_MAX)
    offered = (await shop.http.post("/api/credits/checkout", json={"credits": 100})).json()
    things = {
        "job_id": str(job_id),
        "notification_id": found[0]["id"],
        "session_id": offered["sessionId"],
        "instanceId": shop.instance_id,
    }
    doors = {
        name: httpx.AsyncClient(base_url=url, timeout=HTTP_SECONDS_MAX, trust_env=False)
        for name, url in quick.status["services"].items()
    }
    async with quick.tenant() as other:
        try:
            routes = [route for name, door in doors.items() for route in await routes_of(name, door)]
            yield World(routes, doors, things, shop, other)
        finally:
            await asyncio.gather(*(door.aclose() for door in doors.values()))


async def test_every_route_says_who_may_use_it_and_lets_nobody_else_in(quick: Platform, world: World) -> None:
    named = {route.name for route in world.routes}
    assert [route.name for route in world.routes if route.who is None] == [], "list it in ROUTES: who may use it?"
    assert sorted(ROUTES.keys() - named) == [], "no such route any more"

    await _let_in_nobody(world)
    await _foreign_is_absent(world)
    await _own_means_own(world)
    await _operators_alone(world)


async def test_no_value_of_a_parameter_is_answered_with_an_error_of_ours(quick: Platform, world: World) -> None:
    """As shop or operator, in the path and in each field of the query; a person for each route, so that no limit is met."""
    now, hour = datetime.now(UTC), timedelta(hours=1)
    wrong: list[str] = []
    for number, route in enumerate(world.routes):
        roles = ("operator",) if route.who == OPERATOR else ()
        who = world.shop.instance_id if route.who != OPERATOR else "operators"
        token = make_jwt(who, key=DEVELOPMENT_KEY, now=now, ttl=hour, subject=f"tester-{number}", roles=roles)
        for name, value in HOSTILE_TEXTS.items():
            for address in route.addresses_with(value):
                answer = await world.doors[route.service].request(
                    route.method, address, headers={"Authorization": f"Bearer {token}"}
                )
                if answer.status_code >= 500 or answer.is_redirect:
                    wrong.append(f"{route.name} with {name}: {answer.status_code} {answer.text[:200]}")
    assert wrong == []


async def _let_in_nobody(world: World) -> None:
    """Without a token, with an expired one, one that was given back, and one of a foreign key."""
    now, hour = datetime.now(UTC), timedelta(hours=1)
    given_back = make_instance_token(world.shop.instance_id, key=DEVELOPMENT_KEY, now=now, ttl=hour)
    ended = await world.doors["jobs-api"].delete("/api/session", headers={"Authorization": f"Bearer {given_back}"})
    assert ended.status_code == 204
    tokens = {
        "nobody": None,
        "expired": make_instance_token(world.shop.instance_id, key=DEVELOPMENT_KEY, now=now - 2 * hour, ttl=hour),
        "expired operator": make_jwt("operators", key=DEVELOPMENT_KEY, now=now - 2 * hour, ttl=hour, roles=("operator",)),
        "given back": given_back,
        "forged": make_instance_token(world.shop.instance_id, key="another-key", now=now, ttl=hour),
    }
    for route in world.of(OWN, OWNED, OPERATOR):
        for who, token in tokens.items():
            answer = await world.ask(route, token)
            told = (answer.status_code, answer.headers.get("content-type"), "www-authenticate" in answer.headers)
            assert told == (401, "application/problem+json", True), f"{route.name} for {who}: {answer.text[:200]}"
    for route in world.of(SIGNED):
        answer = await world.ask(route, world.shop.token)
        assert 400 <= answer.status_code < 500, f"{route.name}: {answer.status_code}"


async def _foreign_is_absent(world: World) -> None:
    """Another tenant's thing and one that does not exist: the same answer, to the byte but for its own number."""
    before = await world.shop.job(int(world.things["job_id"]))
    for route in world.of(OWNED):
        foreign = await world.ask(route, world.other.token)
        absent = await world.ask(route, world.other.token, ABSENT)
        assert foreign.status_code == 404, f"{route.name}: {foreign.text[:200]}"
        assert (foreign.status_code, foreign.content) == (absent.status_code, absent.content), route.name
        assert foreign.headers.keys() == absent.headers.keys(), route.name
    assert await world.shop.job(int(world.things["job_id"])) == before


async def _own_means_own(world: World) -> None:
    """Nothing that another tenant may read has a word of the first one's."""
    secret = [MARK, world.shop.instance_id, world.things["notification_id"]]
    for route in world.of(OWN):
        if route.method == "GET":
            theirs = await world.ask(route, world.other.token)
            assert [word for word in secret if word in theirs.text] == [], route.name


async def _operators_alone(world: World) -> None:
    """A shop's owner is no operator, not even of its own shop."""
    owner = make_jwt(world.shop.instance_id, key=DEVELOPMENT_KEY, now=datetime.now(UTC), ttl=timedelta(hours=1), roles=("owner",))
    assert len(world.of(OPERATOR)) > 10
    for route in world.of(OPERATOR):
        for token in (world.shop.token, owner):
            answer = await world.ask(route, token)
            assert answer.status_code == 403, f"{route.name}: {answer.status_code} {answer.text[:200]}"


async def test_none_of_a_hundred_forged_tokens_opens_a_service_or_a_socket(quick: Platform, shop: Tenant) -> None:
    forged = forged_tokens(shop.instance_id, DEVELOPMENT_KEY)
    probes = {
        "jobs-api": "/api/image-optimization/jobs",
        "credits": "/api/credits",
        "predictor": "/api/replicate-rate-limiter/stats",
        "notifier": "/api/notifications",
    }
    status = quick.status
    doors = {service: status["services"][service] + path for service, path in probes.items()}
    answered: dict[str, int] = {}
    async with httpx.AsyncClient(timeout=HTTP_SECONDS_MAX, trust_env=False) as client:
        # All services check by the same code: each token goes to one of them, by turns, and all to the socket.
        for (name, token), (service, door) in zip(forged.items(), cycle(doors.items()), strict=False):
            as_bearer, as_cookie = {"Authorization": f"Bearer {token}"}, {"Cookie": f"darkroom_session={token}"}
            headers = as_cookie if service == "notifier" else as_bearer
            answered[f"{service}: {name}"] = (await client.get(door, headers=headers)).status_code
    gate = asyncio.Semaphore(SOCKETS_AT_ONCE)

    async def at_the_socket(name: str, token: str) -> None:
        async with gate:
            answered[f"socket: {name}"] = await _close_code(status["ws"], token)

    await asyncio.gather(*(at_the_socket(name, token) for name, token in forged.items()))
    assert len(forged) >= 80
    assert {name: code for name, code in answered.items() if code != _refusal(name)} == {}


def _refusal(name: str) -> int:
    if name.startswith("socket"):
        return 4400 if "very long" in name else 4401  # longer than a message may be: no token at all
    return 401


async def _close_code(url: str, token: str) -> int:
    """The code with which a socket is closed that connects with this token; 0 when it is not."""
    async with connect(url, proxy=None, max_size=None, open_timeout=HTTP_SECONDS_MAX) as socket:
        await socket.send(json.dumps({"type": "connect", "token": token}))
        try:
            await socket.recv()
        except ConnectionClosed as closed:
            return closed.rcvd.code if closed.rcvd else 1006
    return 0
