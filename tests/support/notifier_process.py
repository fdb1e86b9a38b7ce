"""A real notifier process on real parts, and a client that speaks its protocol as a page would."""

import asyncio
import json
import os
import signal
import sys
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
from darkroom_contracts.event import Event
from darkroom_contracts.examples import EXAMPLES
from darkroom_servicekit.auth import DEVELOPMENT_KEY, make_instance_token
from support.kafka import Log
from support.ports import free_port
from support.service import eventually
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

PUBLIC_URL = "http://darkroom.localhost"
FRAME_SECONDS_MAX = 40.0
STOP_SECONDS_MAX = 40.0
START_SECONDS_MAX = 60.0
ANSWER_SECONDS_MAX = 30.0

Message = dict[str, Any]


@dataclass(frozen=True)
class Ground:
    """What a notifier stands on."""

    log: Log
    database_url: str
    redis_url: str


class NotifierProcess:
    """`python -m darkroom_notifier` with its port."""

    def __init__(self, process: asyncio.subprocess.Process, port: int) -> None:
        self.process = process
        self.port = port

    @property
    def http(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def url(self) -> str:
        return f"ws://127.0.0.1:{self.port}/ws"

    async def ready(self) -> bool:
        assert self.process.returncode is None, "the notifier ended"
        async with httpx.AsyncClient() as client:
            try:
                answer = await client.get(f"http://127.0.0.1:{self.port}/readyz")
            except httpx.TransportError:
                return False
        return answer.status_code == 200

    async def metric(self, name: str) -> float:
        """A metric's sum over its labels."""
        async with httpx.AsyncClient(timeout=ANSWER_SECONDS_MAX) as client:
            text = (await client.get(f"http://127.0.0.1:{self.port}/metrics")).text
        lines = [line for line in text.splitlines() if line.split("{")[0].split(" ")[0] == name]
        return sum(float(line.rpartition(" ")[2]) for line in lines)

    async def stop(self) -> int:
        """End it as a supervisor would; its exit code."""
        if self.process.returncode is None:
            self.process.send_signal(signal.SIGTERM)
        try:
            async with asyncio.timeout(STOP_SECONDS_MAX):
                return await self.process.wait()
        except TimeoutError:
            self.process.kill()
            await self.process.wait()
            raise


@asynccontextmanager
async def notifier_process(
    ground: Ground, settings: Callable[[int], Mapping[str, str]] = lambda _port: {}, *, port: int | None = None
) -> AsyncIterator[NotifierProcess]:
    """A ready notifier for as long as the context lasts. `settings` gives more of them, by its port."""
    port = port or free_port()
    own = {
        "DARKROOM_HTTP_PORT": str(port),
        "DARKROOM_KAFKA_BOOTSTRAP_SERVERS": ground.log.bootstrap,
        "DARKROOM_KAFKA_PREFIX": ground.log.prefix,
        "DARKROOM_DATABASE_URL": ground.database_url,
        "DARKROOM_REDIS_URL": ground.redis_url,
        "DARKROOM_PUBLIC_URL": PUBLIC_URL,
        "DARKROOM_WS_ORIGINS": "https://shop.example",
        "DARKROOM_WIX_APP_SECRET": DEVELOPMENT_KEY,
        "DARKROOM_JWT_SECRET": DEVELOPMENT_KEY,
        "DARKROOM_LOG_LEVEL": "WARNING",
        **settings(port),
    }
    environ = {name: value for name, value in os.environ.items() if not name.startswith("DARKROOM_")} | own
    process = await asyncio.create_subprocess_exec(sys.executable, "-m", "darkroom_notifier", env=environ)
    notifier = NotifierProcess(process, port)
    try:
        await eventually(notifier.ready, seconds=START_SECONDS_MAX)
        yield notifier
    finally:
        await notifier.stop()


class Page:
    """One socket of a page."""

    def __init__(self, socket: ClientConnection) -> None:
        self.socket = socket
        self.epoch = ""
        self.offset = -1
        self.recovered: bool | None = None

    @property
    def position(self) -> Message:
        return {"epoch": self.epoch, "offset": self.offset}

    async def send(self, message: Message | str | bytes) -> None:
        await self.socket.send(json.dumps(message) if isinstance(message, dict) else message)

    async def say_connect(self, token: str, position: Message | None = None) -> None:
        """Send `connect` and take the answer."""
        await self.send({"type": "connect", "token": token} | ({"position": position} if position else {}))
        answer = await self.receive()
        assert answer["type"] == "connected", answer
        self.epoch, self.offset, self.recovered = answer["epoch"], answer["offset"], answer["recovered"]

    async def receive(self) -> Message:
        async with asyncio.timeout(FRAME_SECONDS_MAX):
            message: Message = json.loads(await self.socket.recv())
        return message

    async def frames(self, count: int) -> list[Message]:
        """The next frames; their offsets rise by one."""
        found = []
        for _ in range(count):
            frame = await self.receive()
            assert frame["type"] == "event"
            assert frame["offset"] == self.offset + 1, frame
            self.offset = frame["offset"]
            found.append(frame)
        return found

    async def close_code(self) -> int | None:
        """The code with which the server closes, whatever comes before."""
        try:
            async with asyncio.timeout(FRAME_SECONDS_MAX):
                while True:
                    await self.socket.recv()
        except ConnectionClosed as closed:
            return closed.rcvd.code if closed.rcvd else None


@asynccontextmanager
async def page(url: str, *, token: str | None = None, position: Message | None = None, **options: Any) -> AsyncIterator[Page]:
    """A socket, connected when a token is given. `options` are those of the websockets client."""
    # No bound on what is unread: a client that stops reading would not see the answer to its own close either.
    async with connect(url, proxy=None, max_queue=None, open_timeout=FRAME_SECONDS_MAX, **options) as socket:
        opened = Page(socket)
        if token is not None:
            await opened.say_connect(token, position)
        yield opened


def example(kind: type[Event], tenant: str, **changes: Any) -> Event:
    """The contracts' example of an event, as one of `tenant`."""
    return EXAMPLES[kind].model_copy(update={"instance_id": tenant} | changes)


def token_for(instance_id: str, *, ttl_seconds: float = 3600.0) -> str:
    """An instance token of the development key."""
    ttl = timedelta(seconds=ttl_seconds)
    return make_instance_token(instance_id, key=DEVELOPMENT_KEY, now=datetime.now(UTC), ttl=ttl)
