"""CPU per paid call and rightness of two HTTP clients over TLS: `PYTHONPATH=tests .venv/bin/python -m load.provider_client`.

Ours (`HttpCalls`) beside httpcore's single connections (h11 over anyio) with the trace that tells when a request begins to leave.
The server is a process of its own; CPU is this process' own, by `time.process_time`.
"""

import argparse
import asyncio
import ssl
import statistics
import subprocess
import sys
import tempfile
import time
from collections import deque
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any, Protocol

import httpcore
import trustme
import uvloop
from darkroom_predictor.providers.http_calls import Answer, HttpCalls, NoAnswer, NotConnected, SentTooLate
from predictor.tls_provider import Plan, tls_provider

BODY = b'{"input":{"prompt":"p"},"webhook":"https://shop.example/webhooks/replicate/a1?token=t"}'
HEADERS: dict[bytes | str, bytes | str] = {"authorization": "Bearer r8_test", "content-type": "application/json"}
PATH = "/v1/models/google/nano-banana/predictions"
SCENES = (
    *(Plan(seconds=seconds, records=records) for records in (1, 2, 3) for seconds in (0.05, 1.0, 0.05, 1.0)),
    *(Plan(ending) for ending in ("silence", "drip", "cut")),
)


class Client(Protocol):
    """What both can do: one POST, NotConnected or SentTooLate only where nothing was sent."""

    async def post(self, *, send_before: float, seconds_max: float) -> Answer: ...


class Ours:
    def __init__(self, address: str, tls: ssl.SSLContext) -> None:
        self._calls = HttpCalls(address, connect_seconds_max=10, tls=tls)

    async def post(self, *, send_before: float, seconds_max: float) -> Answer:
        headers = {str(name): str(value) for name, value in HEADERS.items()}
        return await self._calls.call("POST", PATH, headers, body=BODY, answer_seconds_max=seconds_max, send_before=send_before)


class Core:
    """Connections of httpcore without its pool."""

    def __init__(self, address: str, tls: ssl.SSLContext) -> None:
        self._url = httpcore.URL(address + PATH)
        self._tls = tls
        self._idle: deque[httpcore.AsyncHTTP11Connection] = deque()

    async def post(self, *, send_before: float, seconds_max: float) -> Answer:
        headers: Mapping[bytes | str, bytes | str] = {"host": self._url.host, "content-length": str(len(BODY)), **HEADERS}
        connection = self._idle.pop() if self._idle else await self._connect()
        sent = False

        async def trace(name: str, _information: Mapping[str, Any]) -> None:
            nonlocal sent
            sent = sent or name == "http11.send_request_headers.started"

        if time.monotonic() >= send_before:
            raise SentTooLate
        try:
            async with asyncio.timeout(seconds_max):
                answer = await connection.request("POST", self._url, headers=headers, content=BODY, extensions={"trace": trace})
        except (httpcore.NetworkError, httpcore.ProtocolError, TimeoutError) as error:
            await connection.aclose()
            raise (NoAnswer if sent else NotConnected)(str(error)) from error
        self._idle.append(connection)
        return Answer(answer.status, {}, answer.content)

    async def _connect(self) -> httpcore.AsyncHTTP11Connection:
        backend = httpcore.AnyIOBackend()
        host, port = self._url.host.decode(), self._url.port or 443
        try:
            stream = await backend.connect_tcp(host, port, timeout=10)
            stream = await stream.start_tls(self._tls, server_hostname=host, timeout=10)
        except httpcore.NetworkError as error:
            raise NotConnected(str(error)) from error
        return httpcore.AsyncHTTP11Connection(origin=self._url.origin, stream=stream, keepalive_expiry=4.0)


async def cost(client: Client, calls: int, at_once: int) -> float:
    """Milliseconds of CPU of one call."""
    places = asyncio.Semaphore(at_once)

    async def one() -> None:
        async with places:
            await client.post(send_before=time.monotonic() + 30, seconds_max=30)

    await asyncio.gather(*(one() for _ in range(at_once)))  # connections are open from here on
    before = time.process_time()
    await asyncio.gather(*(one() for _ in range(calls)))
    return (time.process_time() - before) / calls * 1000


async def wrong(kind: type[Ours] | type[Core]) -> int:
    """Calls that arrived and were believed not to have been sent, of one for each scene."""
    believed = 0
    async with tls_provider(*SCENES) as provider:
        client = kind(provider.address, provider.tls)
        for _ in SCENES:
            made = len(provider.made)
            try:
                await client.post(send_before=time.monotonic() + 0.6, seconds_max=2.0)
            except (NotConnected, SentTooLate):
                believed += len(provider.made) > made
            except NoAnswer:
                pass
    return believed


async def serve(certificate: str) -> None:
    """Answer every request at once, head and body in one record, until killed."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    content = b'{"id":"p1","status":"starting","output":null}'
    answer = b"HTTP/1.1 201 Created\r\ncontent-length: %d\r\n\r\n" % len(content) + content

    async def answer_all(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(ConnectionError):
            while await reader.read(65_536):
                writer.write(answer)

    server = await asyncio.start_server(answer_all, "127.0.0.1", 0, ssl=context)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


async def measure(address: str, tls: ssl.SSLContext, arguments: argparse.Namespace) -> None:
    for kind in (Ours, Core):
        costs = [await cost(kind(address, tls), arguments.calls, arguments.at_once) for _ in range(arguments.rounds)]
        cpu = f"{statistics.median(costs):.2f} ms of CPU a call ({min(costs):.2f}-{max(costs):.2f}), {arguments.at_once} at once"
        print(f"{kind.__name__:5} {cpu}; sent, and taken for unsent: {await wrong(kind)} of {len(SCENES)}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--calls", type=int, default=2_000)
    parser.add_argument("--at-once", type=int, default=256)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--serve", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.serve:
        uvloop.run(serve(arguments.serve))
        return
    with tempfile.TemporaryDirectory() as folder:
        authority, file = trustme.CA(), Path(folder) / "server.pem"
        file.write_bytes(authority.issue_cert("127.0.0.1").private_key_and_cert_chain_pem.bytes())
        tls = ssl.create_default_context()
        authority.configure_trust(tls)
        command = [sys.executable, "-m", "load.provider_client", "--serve", str(file)]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as server:
            assert server.stdout
            try:
                uvloop.run(measure(f"https://127.0.0.1:{server.stdout.readline().strip()}", tls, arguments))
            finally:
                server.kill()


if __name__ == "__main__":
    main()
