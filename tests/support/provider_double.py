"""A small Replicate for the poller's tests: predictions and files by table, its own count of what was asked, over real HTTP."""

import asyncio
import json
from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any

from standardwebhooks.webhooks import Webhook

SECRET = "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD"


class ProviderDouble:
    """What it answers may be changed at any time."""

    def __init__(self) -> None:
        self.port = 0
        self.secret = SECRET
        self.predictions: dict[str, dict[str, Any]] = {}
        self.files: dict[str, bytes] = {}
        self.statuses: dict[str, int] = {}
        self.odd: dict[str, list[bytes]] = {}
        """By path: raw answers of the first requests, after each of which the connection is closed."""
        self.asked: Counter[str] = Counter()
        self.before_answer: Callable[[str], None] | None = None
        self.gate = asyncio.Event()
        self.gate.set()

    @property
    def place(self) -> str:
        return f"127.0.0.1:{self.port}"

    @property
    def url(self) -> str:
        return f"http://{self.place}"

    def end(self, prediction_id: str, **fields: Any) -> dict[str, Any]:
        """Set what is said of a prediction; by default it succeeded with the file of the same name."""
        body = {"id": prediction_id, "status": "succeeded", "output": f"{self.url}/files/{prediction_id}", "error": None}
        self.predictions[prediction_id] = body | fields
        return self.predictions[prediction_id]

    def signed(
        self, body: bytes, *, webhook_id: str = "msg_1", at: datetime | None = None, secret: str | None = None
    ) -> dict[str, str]:
        """The headers of a webhook with this body."""
        at = at or datetime.now(UTC)
        signature = Webhook(secret or self.secret).sign(webhook_id, at, body.decode())
        return {"webhook-id": webhook_id, "webhook-timestamp": str(int(at.timestamp())), "webhook-signature": signature}

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while True:
                head = (await reader.readuntil(b"\r\n\r\n")).decode()
                path = head.split(" ")[1]
                self.asked[path] += 1
                await self.gate.wait()
                if self.before_answer:
                    self.before_answer(path)
                if self.odd.get(path):
                    writer.write(self.odd[path].pop(0))
                    break
                status, body = self._answer(path)
                writer.write(f"HTTP/1.1 {status} X\r\nContent-Length: {len(body)}\r\n\r\n".encode() + body)
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()

    def _answer(self, path: str) -> tuple[int, bytes]:
        if path in self.statuses:
            return self.statuses[path], b'{"detail":"told to"}'
        name = path.split("/")[3 if path.startswith("/v1/") else 2] if path.count("/") > 1 else ""
        if path == "/v1/webhooks/default/secret":
            return 200, json.dumps({"key": self.secret}).encode()
        if path.endswith("/cancel") and name in self.predictions:
            if self.predictions[name]["status"] in {"starting", "processing"}:
                self.end(name, status="canceled", output=None)
            return 200, json.dumps(self.predictions[name]).encode()
        if path.startswith("/v1/predictions/") and name in self.predictions:
            return 200, json.dumps(self.predictions[name]).encode()
        if path.startswith("/files/") and name in self.files:
            return 200, self.files[name]
        return 404, b'{"detail":"not found","status":404}'


@asynccontextmanager
async def provider_double() -> AsyncIterator[ProviderDouble]:
    """The double, listening on a free port."""
    double = ProviderDouble()
    server = await asyncio.start_server(double.serve, "127.0.0.1", 0)
    double.port = server.sockets[0].getsockname()[1]
    yield double
    double.gate.set()
    server.close()
