"""The whole local stack for end-to-end tests: started once per session on a home of its own, used through public doors only."""

import asyncio
import json
import os
import signal
import time
from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import psutil
from darkroom_cli.settings import TREE, StackSettings
from darkroom_cli.stack.home import Home
from darkroom_cli.stack.launch import down, up
from darkroom_cli.stack.selection import parse_only
from darkroom_cli.stack.status import status_document
from darkroom_servicekit.auth import DEVELOPMENT_KEY, make_instance_token, make_jwt
from support.redis_clock import RedisClock
from support.stack import unique_name
from websockets.asyncio.client import ClientConnection, connect

HOME = TREE / ".darkroom-e2e"
TOKEN_LIFE = timedelta(hours=1)
JOB_SECONDS_MAX = 180.0
READY_SECONDS_MAX = 120.0
SETTLED_SECONDS_MAX = 60.0
HTTP_SECONDS_MAX = 60.0
"""Deadlines that only fail a test: none is a measure of quality."""
ENDED = frozenset({"DONE", "FAILED", "CANCELED"})
UNKNOWN_SETTLE_SECONDS = 20
"""Until a call without an answer counts as never made: with a provider on this machine a third of the usual time is plenty."""
PROMPT = "clean white background"
LONGEST_WAIT = "wait=10"


@dataclass(frozen=True)
class Tenant:
    """A shop at the platform's one address, with its own token."""

    instance_id: str
    token: str
    http: httpx.AsyncClient
    ws_url: str

    async def send(self, images: Sequence[Mapping[str, Any]], **headers: str) -> httpx.Response:
        """Ask for pictures to be optimised, and wait for what is decided of the credits as long as one may."""
        body = {"productId": "p-1", "productName": "Ceramic mug", "images": list(images)}
        return await self.http.post("/api/image-optimization", json=body, headers={"Prefer": LONGEST_WAIT, **headers})

    async def job(self, job_id: int) -> dict[str, Any]:
        """A job with its items."""
        answer = await self.http.get(f"/api/image-optimization/jobs/{job_id}")
        assert answer.status_code == 200, answer.text
        detail: dict[str, Any] = answer.json()
        return detail

    async def ended(self, job_id: int) -> dict[str, Any]:
        """Wait until a job has ended; outages of the platform meanwhile are waited out."""
        deadline = time.monotonic() + JOB_SECONDS_MAX
        detail: dict[str, Any] = {}
        while time.monotonic() < deadline:
            try:
                answer = await self.http.get(f"/api/image-optimization/jobs/{job_id}")
            except httpx.TransportError:
                answer = None
            if answer is not None and answer.status_code == 200:
                detail = answer.json()
                if detail["job"]["status"] in ENDED:
                    return detail
            await asyncio.sleep(0.2)
        raise AssertionError(f"job {job_id} has not ended: {json.dumps(detail)[:2000]}")

    async def credits(self) -> dict[str, Any]:
        """The balance."""
        answer = await self.http.get("/api/credits")
        assert answer.status_code == 200, answer.text
        balance: dict[str, Any] = answer.json()
        return balance

    async def settled_credits(self) -> dict[str, Any]:
        """The balance once nothing is held any more: settlement follows a job's end by some milliseconds."""
        deadline = time.monotonic() + SETTLED_SECONDS_MAX
        while True:
            try:
                answer = await self.http.get("/api/credits")
            except httpx.TransportError:
                answer = None
            # A service that was killed by the test may not have been missed yet.
            if answer is not None and answer.status_code == 200 and not answer.json()["held"]:
                balance: dict[str, Any] = answer.json()
                return balance
            assert time.monotonic() < deadline, f"credits are still held: {answer and answer.text}"
            await asyncio.sleep(0.1)

    @asynccontextmanager
    async def socket(self) -> AsyncIterator[ClientConnection]:
        """A WebSocket that has been connected as this tenant."""
        async with connect(self.ws_url, proxy=None, open_timeout=HTTP_SECONDS_MAX) as socket:
            await socket.send(json.dumps({"type": "connect", "token": self.token}))
            connected = json.loads(await socket.recv())
            assert connected["type"] == "connected", connected
            yield socket


@dataclass(frozen=True)
class Platform:
    """A running stack."""

    settings: StackSettings

    @property
    def status(self) -> dict[str, Any]:
        return status_document(self.settings.home)

    @asynccontextmanager
    async def tenant(self, *, credits: int = 0, name: str | None = None) -> AsyncIterator[Tenant]:
        """A new tenant, granted so many credits."""
        instance_id = name or unique_name("shop")
        status = self.status
        if credits:
            await self.grant(instance_id, credits)
        token = make_instance_token(instance_id, key=DEVELOPMENT_KEY, now=datetime.now(UTC), ttl=TOKEN_LIFE)
        headers = {"Authorization": f"Bearer {token}"}
        async with httpx.AsyncClient(base_url=status["web"], headers=headers, timeout=HTTP_SECONDS_MAX, trust_env=False) as http:
            yield Tenant(instance_id, token, http, status["ws"])

    async def grant(self, instance_id: str, amount: int) -> None:
        """Give credits, as an operator."""
        operator = make_jwt("operators", key=DEVELOPMENT_KEY, now=datetime.now(UTC), ttl=TOKEN_LIFE, roles=("operator",))
        async with httpx.AsyncClient(
            base_url=self.status["services"]["credits"], trust_env=False, timeout=HTTP_SECONDS_MAX
        ) as http:
            path = f"/api/operator/credits/{instance_id}/grants"
            body = {"amount": amount, "reason": "test"}
            answer = await http.post(path, json=body, headers={"Authorization": f"Bearer {operator}"})
            assert answer.status_code in {200, 201}, answer.text

    async def terms(self, instance_id: str, **terms: Any) -> None:
        """Set a tenant's terms (weight, caps, pause), as an operator."""
        operator = make_jwt("operators", key=DEVELOPMENT_KEY, now=datetime.now(UTC), ttl=TOKEN_LIFE, roles=("operator",))
        async with httpx.AsyncClient(base_url=self.status["web"], trust_env=False, timeout=HTTP_SECONDS_MAX) as http:
            path = f"/api/operator/tenants/{instance_id}"
            answer = await http.put(path, json=terms, headers={"Authorization": f"Bearer {operator}"})
            assert answer.status_code == 200, answer.text

    async def sandbox(self, method: str, path: str, **arguments: Any) -> Any:
        """The sandbox' control."""
        async with httpx.AsyncClient(base_url=self.status["sandbox"], timeout=HTTP_SECONDS_MAX, trust_env=False) as http:
            answer = await http.request(method, f"/sandbox/{path}", **arguments)
            assert answer.is_success, answer.text
            return answer.json() if answer.content else None

    async def photographs(self, count: int) -> list[dict[str, str]]:
        """Pictures of the sample store, ready to be sent."""
        async with httpx.AsyncClient(base_url=self.status["sandbox"], trust_env=False, timeout=HTTP_SECONDS_MAX) as http:
            products = (await http.get("/store/products", params={"limit": 100})).json()["products"]
        images = next(product["images"] for product in products if len(product["images"]) >= count)[:count]
        return [{"imageId": image["id"], "imageUrl": image["url"], "prompt": PROMPT} for image in images]

    async def creations(self, prompt: str) -> list[dict[str, Any]]:
        """The paid calls with this prompt that arrived at the provider, by the provider's own log."""
        calls = await self.sandbox("GET", "calls", params={"vendor": "replicate", "kind": "create"})
        # What is still being read has neither an answer nor an input yet.
        return [call for call in calls["calls"] if call["status"] in {200, 201, 202} and call["input"].get("prompt") == prompt]

    async def at_work(self, prompt: str, count: int = 1) -> None:
        """Wait until the provider has so many predictions with this prompt."""
        deadline = time.monotonic() + READY_SECONDS_MAX
        while len(await self.creations(prompt)) < count:
            assert time.monotonic() < deadline, f"fewer than {count} predictions were asked for"
            await asyncio.sleep(0.02)

    async def let_end(self) -> None:
        """All predictions under way at the provider end now, however long they were to take."""
        await self.sandbox("POST", "replicate/finish")

    def kill(self, name: str) -> None:
        """`kill -9` of one process."""
        self.send_signal(name, signal.SIGKILL)

    def send_signal(self, name: str, number: signal.Signals) -> None:
        """A signal to one process; of PostgreSQL to its children too, which do its work."""
        pid = next(process["pid"] for process in self.status["processes"] if process["name"] == name)
        assert pid is not None, f"{name} does not run"  # psutil would take none for ourselves
        freezing = number in {signal.SIGSTOP, signal.SIGCONT}
        for process in [*(psutil.Process(pid).children(recursive=True) if freezing else []), psutil.Process(pid)]:
            process.send_signal(number)

    async def ready(self) -> None:
        """Wait until every process is ready again."""
        await self.until(lambda: self.status["state"] == "ready")

    async def until(self, condition: Callable[[], bool]) -> None:
        """Wait for a condition, with a deadline."""
        deadline = time.monotonic() + READY_SECONDS_MAX
        while not condition():
            assert time.monotonic() < deadline, json.dumps(self.status["processes"])
            await asyncio.sleep(0.2)


def stack_environment(home: Path) -> dict[str, str]:
    """What a stack of a test is started with: the provider by TLS, and a Redis whose clock can be stepped."""
    return {
        "DARKROOM_HOME": str(home),
        "DARKROOM_STACK_FSYNC": "off",
        "DARKROOM_PORT": "",
        "DARKROOM_SANDBOX_TLS": "on",
        "DARKROOM_STACK_REDIS_ENVIRONMENT": json.dumps(RedisClock(home).environment()),
    }


@contextmanager
def running_platform() -> Iterator[Platform]:
    """The whole stack, started for as long as the context lasts."""
    environ = {**os.environ, **stack_environment(HOME), "DARKROOM_UNKNOWN_SETTLE_SECONDS": str(UNKNOWN_SETTLE_SECONDS)}
    settings = StackSettings.from_environment(environ)
    up(settings, only=parse_only(None), replicas={}, tell=lambda _: None)
    try:
        yield Platform(settings)
    finally:
        down(Home(HOME))
