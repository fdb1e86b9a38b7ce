"""A local stack on a home of its own for measurements, and clients on it."""

import os
import shutil
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import psutil
from darkroom_cli.settings import StackSettings
from darkroom_cli.stack.home import Home
from darkroom_cli.stack.launch import down, up
from darkroom_cli.stack.selection import parse_only
from darkroom_cli.stack.status import status_document
from darkroom_servicekit.auth import DEVELOPMENT_KEY, make_instance_token, make_jwt

TOKEN_LIFE = timedelta(hours=1)


@dataclass(frozen=True)
class Stack:
    """A running stack: its status document and clients on it."""

    status: Mapping[str, Any]

    def tenant(self, instance_id: str, *, subject: str = "owner") -> httpx.AsyncClient:
        token = make_instance_token(instance_id, key=DEVELOPMENT_KEY, now=datetime.now(UTC), ttl=TOKEN_LIFE, subject=subject)
        headers = {"Authorization": f"Bearer {token}"}
        return httpx.AsyncClient(base_url=self.status["web"], headers=headers, timeout=60, trust_env=False)

    def operator(self, service: str) -> httpx.AsyncClient:
        token = make_jwt("operators", key=DEVELOPMENT_KEY, now=datetime.now(UTC), ttl=TOKEN_LIFE, roles=("operator",))
        headers = {"Authorization": f"Bearer {token}"}
        return httpx.AsyncClient(base_url=self.status["services"][service], headers=headers, timeout=60, trust_env=False)

    async def sandbox(self, settings: Mapping[str, Any]) -> None:
        async with httpx.AsyncClient(base_url=self.status["sandbox"], trust_env=False) as client:
            (await client.post("/sandbox/reset")).raise_for_status()
            (await client.put("/sandbox/replicate", json=settings)).raise_for_status()

    async def most_in_a_window(self, seconds: int = 60) -> int:
        """The largest number of creations in any rolling window, by the sandbox' own count."""
        async with httpx.AsyncClient(base_url=self.status["sandbox"], timeout=60, trust_env=False) as client:
            params: dict[str, str | int] = {"vendor": "replicate", "kind": "create", "window": seconds}
            return int((await client.get("/sandbox/rates", params=params)).json()["max"])

    async def calls(self) -> list[dict[str, Any]]:
        """Every creation that arrived at the sandbox, in order."""
        async with httpx.AsyncClient(base_url=self.status["sandbox"], timeout=60, trust_env=False) as client:
            found: list[dict[str, Any]] = []
            after = 0
            while True:
                answer = await client.get("/sandbox/calls", params={"vendor": "replicate", "kind": "create", "after": after})
                page = answer.json()["calls"]
                if not page:
                    return found
                found += page
                after = page[-1]["seq"]

    async def grant(self, instance_ids: Sequence[str], amount: int) -> None:
        async with self.operator("credits") as client:
            for instance_id in instance_ids:
                path = f"/api/operator/credits/{instance_id}/grants"
                (await client.post(path, json={"amount": amount, "reason": "bench"})).raise_for_status()

    def processes(self) -> dict[str, psutil.Process]:
        return {process["name"]: psutil.Process(process["pid"]) for process in self.status["processes"] if process["pid"]}


@contextmanager
def running_stack(home: Path, environ: Mapping[str, str], *, replicas: Mapping[str, int]) -> Iterator[Stack]:
    """Start a stack on this home, emptied of what an earlier run left, and stop it afterwards."""
    down(Home(home))
    shutil.rmtree(home, ignore_errors=True)
    settings = StackSettings.from_environment({**os.environ, **environ, "DARKROOM_HOME": str(home), "DARKROOM_PORT": ""})
    up(settings, only=parse_only(None), replicas=dict(replicas), tell=lambda text: print(text, file=sys.stderr))
    try:
        yield Stack(status_document(home))
    finally:
        down(Home(home))


def body(store: str, prompts: Sequence[str]) -> dict[str, Any]:
    """A request for one picture with each prompt."""
    picture = f"{store}/store/pictures/bench.jpg"
    pictures = [{"imageId": f"image-{n}", "imageUrl": picture, "prompt": prompt} for n, prompt in enumerate(prompts)]
    return {"productId": "bench", "productName": "Bench", "images": pictures}
