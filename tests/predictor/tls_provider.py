"""A provider over real TLS that makes a prediction for every whole creation and then answers, or does not, as planned."""

import asyncio
import json
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Literal

import trustme

Ending = Literal["answer", "silence", "drip", "cut", "half"]
RECORD_GAP_SECONDS = 0.02
"""Between two TLS records of one answer, so that the client reads each of them by itself."""
DRIP_SECONDS = 0.05


@dataclass(frozen=True)
class Plan:
    """How one request is answered: after `seconds`, in `records` TLS records. `half`: cut in the middle of the answer."""

    ending: Ending = "answer"
    seconds: float = 0.0
    records: int = 1
    status: int | None = None


@dataclass
class TlsProvider:
    """`made` holds the attempt ids of the predictions, in order. Requests beyond `plans` are answered at once."""

    address: str
    tls: ssl.SSLContext
    plans: list[Plan] = field(default_factory=list)
    made: list[str] = field(default_factory=list)
    requests: int = 0
    connections: int = 0
    _serving: set[asyncio.Future[None]] = field(default_factory=set)

    def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection, kept alive."""
        self.connections += 1
        self._serving.add(task := asyncio.ensure_future(self._keep_answering(reader, writer)))
        task.add_done_callback(self._serving.discard)

    async def close(self) -> None:
        """End what is still being served."""
        for task in self._serving:
            task.cancel()
        await asyncio.gather(*self._serving, return_exceptions=True)

    async def _keep_answering(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while await self._answer_one(reader, writer):
                pass
        except (ConnectionError, asyncio.IncompleteReadError, ssl.SSLError):
            pass
        finally:
            writer.transport.abort()

    async def _answer_one(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
        lines = dict(line.lower().split(": ", 1) for line in head.splitlines()[1:] if line)
        body = await reader.readexactly(int(lines.get("content-length", "0")))
        plan = self.plans.pop(0) if self.plans else Plan()
        self.requests += 1
        if body:
            attempt = json.loads(body)["webhook"].rsplit("/", 1)[-1].partition("?")[0]
            self.made.append(attempt)
        await asyncio.sleep(plan.seconds)
        if plan.ending == "silence":
            await reader.read()  # until the client gives up
            return False
        if plan.ending == "cut":
            return False
        content = json.dumps({"id": f"p{len(self.made)}", "status": "starting", "results": [], "next": None}).encode()
        status = plan.status or (201 if body else 200)
        answer = f"HTTP/1.1 {status} X\r\ncontent-length: {len(content)}\r\n\r\n".encode() + content
        if plan.ending == "drip":
            for place in range(len(answer) - 1):  # the last byte never comes
                writer.write(answer[place : place + 1])
                await writer.drain()
                await asyncio.sleep(DRIP_SECONDS)
            await reader.read()
            return False
        for record in _records(answer, plan.records):
            writer.write(record)
            await writer.drain()
            await asyncio.sleep(RECORD_GAP_SECONDS if plan.records > 1 else 0)
            if plan.ending == "half":
                return False
        return True


def _records(answer: bytes, count: int) -> list[bytes]:
    """Head and body apart where there are two, the body halved where there are three."""
    head, _, body = answer.partition(b"\r\n\r\n")
    head += b"\r\n\r\n"
    middle = len(body) // 2
    return {1: [answer], 2: [head, body], 3: [head, body[:middle], body[middle:]]}[count]


def tls_contexts() -> tuple[ssl.SSLContext, ssl.SSLContext]:
    """Contexts of a server on 127.0.0.1 and of its clients, under an authority made here."""
    authority = trustme.CA()
    serving, asking = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER), ssl.create_default_context()
    authority.issue_cert("127.0.0.1").configure_cert(serving)
    authority.configure_trust(asking)
    return serving, asking


@asynccontextmanager
async def slow_reader() -> AsyncIterator[tuple[str, ssl.SSLContext, asyncio.Event, asyncio.Future[str]]]:
    """A TLS server that reads nothing until told to: its address, a client's context, what lets it read, and how it ended."""
    may_read = asyncio.Event()
    ended: asyncio.Future[str] = asyncio.get_running_loop().create_future()

    async def read_late(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await may_read.wait()
        try:
            while await reader.read(65_536):
                pass
            ended.set_result("closed after all that was sent")
        except ConnectionResetError:
            ended.set_result("reset")
        writer.transport.abort()

    serving, asking = tls_contexts()
    async with await asyncio.start_server(read_late, "127.0.0.1", 0, limit=1, ssl=serving) as server:
        yield f"https://127.0.0.1:{server.sockets[0].getsockname()[1]}", asking, may_read, ended


@asynccontextmanager
async def tls_provider(*plans: Plan) -> AsyncIterator[TlsProvider]:
    """The provider, serving on a port of its own under a certificate of an authority made here."""
    serving, asking = tls_contexts()
    provider = TlsProvider("", asking, list(plans))
    server = await asyncio.start_server(provider.serve, "127.0.0.1", 0, ssl=serving)
    provider.address = f"https://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    try:
        yield provider
    finally:
        server.close()
        await provider.close()
        await server.wait_closed()
