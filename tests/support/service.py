"""Running one service inside a test: its app's lifespan, readiness, and an HTTP client on it."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import httpx
from darkroom_servicekit.migrate import migrate
from fastapi import FastAPI

SERVICES = Path(__file__).parents[2] / "services"
READY_SECONDS_MAX = 60.0
EVENTUALLY_SECONDS_MAX = 40.0
"""Says that something is broken, never how busy the machine is."""


async def migrated(service: str, database_url: str) -> str:
    """Bring an empty database to the newest schema of `service`; its address again."""
    await asyncio.to_thread(migrate, SERVICES / service / "migrations", database_url)
    return database_url


@asynccontextmanager
async def running(app: FastAPI) -> AsyncIterator[httpx.AsyncClient]:
    """The app started as a server would start it, ready; a client on it."""
    async with app.router.lifespan_context(app):
        transport = httpx.ASGITransport(app)
        async with httpx.AsyncClient(transport=transport, base_url="http://service") as client:
            await eventually(lambda: _ready(client), seconds=READY_SECONDS_MAX)
            yield client


async def _ready(client: httpx.AsyncClient) -> bool:
    answer = await client.get("/readyz")
    assert answer.status_code in {200, 503}, answer.text
    return answer.status_code == 200


async def eventually(condition: Callable[[], Awaitable[bool]], *, seconds: float = EVENTUALLY_SECONDS_MAX) -> None:
    """Wait until the condition holds; fail when it does not within the deadline."""
    deadline = asyncio.get_running_loop().time() + seconds
    while not await condition():
        assert asyncio.get_running_loop().time() < deadline, f"did not become true within {seconds:g} s"
        await asyncio.sleep(0.02)
