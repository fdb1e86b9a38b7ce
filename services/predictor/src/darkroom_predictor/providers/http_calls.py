"""Keep-alive HTTP/1.1 to one origin, which knows to the byte whether a request has left, and never sends one twice.

Written here because the answer to "was anything sent?" decides about money, and general clients blur it (and cost ten times the
CPU at some hundred calls in flight). It follows no redirects, reads no proxy settings, and bounds every wait and every answer.
"""

import asyncio
import ssl
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass
from time import monotonic
from typing import cast
from urllib.parse import urlsplit

import httptools

ANSWER_BYTES_MAX = 64_000_000
IDLE_SECONDS_MAX = 4.0
"""Below the 5 s after which common servers close, so that a request seldom meets a closing connection."""


class NotConnected(Exception):
    """No connection; nothing was sent."""


class SentTooLate(Exception):
    """The deadline came before the whole request had left, so the other side cannot have taken it."""


class NoAnswer(Exception):
    """The request left; what became of it is not known."""


@dataclass(frozen=True)
class Answer:
    """A complete answer. Header names in lower case."""

    status: int
    headers: Mapping[str, str]
    content: bytes


class HttpCalls:
    """Calls to one origin. Connections are made as needed; the caller bounds how many calls there are at once."""

    def __init__(self, origin: str, *, connect_seconds_max: float) -> None:
        address = urlsplit(origin)
        if address.scheme not in {"http", "https"} or not address.hostname:
            raise ValueError(f"not an http(s) address: {origin!r}")
        self._host, self._netloc = address.hostname, address.netloc
        self._tls = ssl.create_default_context() if address.scheme == "https" else None
        self._port = address.port or (443 if self._tls else 80)
        self._connect_seconds_max = connect_seconds_max
        self._idle: deque[_Connection] = deque()

    async def call(
        self,
        method: str,
        target: str,
        headers: Mapping[str, str],
        *,
        body: bytes = b"",
        answer_seconds_max: float,
        send_before: float | None = None,
    ) -> Answer:
        """Send one request, once. `send_before` by `time.monotonic`. Raises NotConnected, SentTooLate or NoAnswer."""
        lines = [f"{method} {target} HTTP/1.1", f"host: {self._netloc}", f"content-length: {len(body)}"]
        lines += [f"{name}: {value}" for name, value in headers.items()]
        request = "\r\n".join(lines).encode("latin-1") + b"\r\n\r\n" + body
        connection = self._take_idle() or await self._connect()
        try:
            await connection.send(request, send_before)
            answer = await connection.answer(answer_seconds_max)
        except BaseException:
            connection.abort()
            raise
        if connection.reusable:
            connection.idle_since = monotonic()
            self._idle.append(connection)
        else:
            connection.abort()
        return answer

    async def close(self) -> None:
        """Close the idle connections."""
        while self._idle:
            self._idle.pop().abort()

    def _take_idle(self) -> "_Connection | None":
        """The connection used last: the others age and are dropped."""
        oldest = monotonic() - IDLE_SECONDS_MAX
        while self._idle and self._idle[0].idle_since < oldest:
            self._idle.popleft().abort()
        while self._idle:
            connection = self._idle.pop()
            if connection.open:
                return connection
        return None

    async def _connect(self) -> "_Connection":
        loop = asyncio.get_running_loop()
        try:
            async with asyncio.timeout(self._connect_seconds_max):
                _, connection = await loop.create_connection(_Connection, self._host, self._port, ssl=self._tls)
        except (OSError, TimeoutError) as error:
            raise NotConnected(f"{type(error).__name__}: {error}".rstrip(": ")) from error
        return connection


class _Connection(asyncio.Protocol):
    """One connection, one request at a time."""

    def __init__(self) -> None:
        self.open = False
        self.reusable = False
        self.idle_since = 0.0
        self._drained = asyncio.Event()
        self._drained.set()
        self._begin()

    async def send(self, request: bytes, send_before: float | None) -> None:
        """Hand the whole request to the operating system before the deadline."""
        if not self.open:
            raise NotConnected("the connection was closed")
        if send_before is not None and monotonic() >= send_before:
            raise SentTooLate
        self._begin()
        self._transport.write(request)
        if self._drained.is_set():
            return
        try:
            async with asyncio.timeout(None if send_before is None else send_before - monotonic()):
                await self._drained.wait()
        except TimeoutError as error:
            raise SentTooLate from error

    async def answer(self, seconds_max: float) -> Answer:
        try:
            async with asyncio.timeout(seconds_max):
                await asyncio.shield(self._done)
        except TimeoutError as error:
            raise NoAnswer(f"no answer within {seconds_max:g} s") from error
        return Answer(self._status, self._headers, bytes(self._content))

    def abort(self) -> None:
        self.open = self.reusable = False
        self._transport.abort()

    def _begin(self) -> None:
        self._parser = httptools.HttpResponseParser(self)
        self._done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._done.add_done_callback(_retrieve)
        self._status = 0
        self._headers: dict[str, str] = {}
        self._content = bytearray()
        self.reusable = False

    def _fail(self, reason: str) -> None:
        if not self._done.done():
            self._done.set_exception(NoAnswer(reason))

    # asyncio.Protocol

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)  # uvloop's is none by its class
        self._transport.set_write_buffer_limits(high=0)
        self.open = True

    def data_received(self, data: bytes) -> None:
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserError as error:
            self._fail(f"the answer is no HTTP: {error}")
            self.abort()

    def connection_lost(self, exc: Exception | None) -> None:
        self.open = False
        self._drained.set()
        ends_with_connection = self._status and not self._headers.keys() & {"content-length", "transfer-encoding"}
        if ends_with_connection and exc is None and not self._done.done():
            self._done.set_result(None)
        self._fail(f"the connection was lost: {exc}" if exc else "the connection was closed before the answer was complete")

    def pause_writing(self) -> None:
        self._drained.clear()

    def resume_writing(self) -> None:
        self._drained.set()

    # httptools

    def on_header(self, name: bytes, value: bytes) -> None:
        self._headers[name.decode("latin-1").lower()] = value.decode("latin-1")

    def on_headers_complete(self) -> None:
        self._status = self._parser.get_status_code()

    def on_body(self, body: bytes) -> None:
        self._content += body
        if len(self._content) > ANSWER_BYTES_MAX:
            self._fail(f"the answer has more than {ANSWER_BYTES_MAX} bytes")
            self.abort()

    def on_message_complete(self) -> None:
        if 100 <= self._status < 200:
            self._status, self._headers = 0, {}
        elif not self._done.done():
            self.reusable = self.open and bool(self._parser.should_keep_alive())
            self._done.set_result(None)


def _retrieve(done: "asyncio.Future[None]") -> None:
    """A failure that came after its caller had gone is no news."""
    if not done.cancelled():
        done.exception()
