"""Keep-alive HTTP/1.1 to one origin: sends a request at most once, and says whether any of it may have left this process.

The line is drawn before the first `write`: what fails earlier was not sent, and whatever fails later may have arrived. Nothing
is read from the state of a transport's buffers, because TLS transports report it differently from plain sockets. It follows no
redirects, reads no proxy settings, and bounds every wait and every answer.
"""

import asyncio
import socket
import ssl
import struct
from collections import deque
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from time import monotonic
from typing import cast
from urllib.parse import urlsplit

import httptools

ANSWER_BYTES_MAX = 64_000_000
IDLE_SECONDS_MAX = 4.0
"""Below the 5 s after which common servers close, so that a request seldom meets a closing connection."""
UNACKNOWLEDGED_SECONDS_MAX = 3.0
"""The kernel gives up a connection whose bytes the peer has not acknowledged for this long. Without it, a request that was
sent into a broken path could still arrive minutes later, when its place in the rate limit has long passed."""
DISCARD_UNSENT = struct.pack("ii", 1, 0)
"""SO_LINGER with a time of zero: closing discards what has not been sent, and resets the connection."""


class NotConnected(Exception):
    """No connection; nothing was sent."""


class SentTooLate(Exception):
    """The deadline had passed before the first byte was written; nothing was sent."""


class NoAnswer(Exception):
    """The request, or a part of it, may have arrived; what became of it is not known."""


@dataclass(frozen=True)
class Answer:
    """A complete answer. Header names in lower case."""

    status: int
    headers: Mapping[str, str]
    content: bytes


class HttpCalls:
    """Calls to one origin. Connections are made as needed; the caller bounds how many calls there are at once."""

    def __init__(self, origin: str, *, connect_seconds_max: float, tls: ssl.SSLContext | None = None) -> None:
        address = urlsplit(origin)
        if address.scheme not in {"http", "https"} or not address.hostname:
            raise ValueError(f"not an http(s) address: {origin!r}")
        self._host, self._netloc = address.hostname, address.netloc
        self._tls = (tls or ssl.create_default_context()) if address.scheme == "https" else None
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
        """Send one request, once. Raises NotConnected, SentTooLate or NoAnswer.

        It ends within `connect_seconds_max` and `answer_seconds_max`, whatever the other side does. A request of which bytes
        still wait in this process at `send_before` (by `time.monotonic`), encrypted or not, is cut off.
        """
        lines = [f"{method} {target} HTTP/1.1", f"host: {self._netloc}", f"content-length: {len(body)}"]
        lines += [f"{name}: {value}" for name, value in headers.items()]
        request = "\r\n".join(lines).encode("latin-1") + b"\r\n\r\n" + body
        connection = self._take_idle() or await self._connect()
        try:
            answer = await connection.exchange(request, answer_seconds_max=answer_seconds_max, send_before=send_before)
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
                plain, connection = await loop.create_connection(_Connection, self._host, self._port)
                if self._tls:
                    await connection.encrypt(plain, self._tls, self._host)
        except (OSError, TimeoutError) as error:
            raise NotConnected(f"{type(error).__name__}: {error}".rstrip(": ")) from error
        return connection


class _Connection(asyncio.Protocol):
    """One connection, one request at a time."""

    def __init__(self) -> None:
        self.open = False
        self.reusable = False
        self.idle_since = 0.0
        self._answer: asyncio.Future[Answer] | None = None

    async def encrypt(self, plain: asyncio.Transport, tls: ssl.SSLContext, host: str) -> None:
        """Begin TLS on a new connection. Raises OSError, and then the connection is closed."""
        # Not by create_connection: its TLS transport does not show how much the one below it has not written yet.
        try:
            encrypted = await asyncio.get_running_loop().start_tls(plain, self, tls, server_hostname=host)
        except BaseException:
            self.abort()
            raise
        if encrypted is None or not self.open:
            raise ConnectionResetError("the connection was closed during the TLS handshake")
        self._transport = encrypted

    async def exchange(self, request: bytes, *, answer_seconds_max: float, send_before: float | None) -> Answer:
        """Send the request and read its answer. Raises NotConnected and SentTooLate before, and only NoAnswer after the write."""
        if not self.open:
            raise NotConnected("the connection was closed")
        if send_before is not None and monotonic() >= send_before:
            raise SentTooLate
        answer = self._begin()
        loop = asyncio.get_running_loop()
        cut = loop.call_later(send_before - monotonic(), self._cut_off_unsent) if send_before is not None else None
        # From here on no failure proves that nothing was sent.
        self._transport.write(request)
        try:
            async with asyncio.timeout(answer_seconds_max):
                return await answer
        except TimeoutError as error:
            raise NoAnswer(f"no answer within {answer_seconds_max:g} s") from error
        finally:
            self._answer = None
            if cut:
                cut.cancel()

    def abort(self) -> None:
        """Close at once. What the peer has not taken yet is discarded."""
        if self.open:
            with suppress(OSError, ValueError):  # the socket is closed already; uvloop then has no descriptor
                self._socket().setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, DISCARD_UNSENT)
        self.open = self.reusable = False
        self._transport.abort()

    def _begin(self) -> "asyncio.Future[Answer]":
        self._parser = httptools.HttpResponseParser(self)
        self._status = 0
        self._headers: dict[str, str] = {}
        self._content = bytearray()
        self.reusable = False
        self._answer = asyncio.get_running_loop().create_future()
        return self._answer

    def _cut_off_unsent(self) -> None:
        """At the deadline: a request of which some bytes still wait in this process would arrive too late."""
        if self._transport.get_write_buffer_size() or self._plain.get_write_buffer_size():
            self._fail("the request had not left whole when its time was over")
            self.abort()

    def _finish(self) -> None:
        if self._answer and not self._answer.done():
            self._answer.set_result(Answer(self._status, self._headers, bytes(self._content)))

    def _fail(self, reason: str) -> None:
        if self._answer and not self._answer.done():
            self._answer.set_exception(NoAnswer(reason))

    def _socket(self) -> socket.socket:
        return cast(socket.socket, self._plain.get_extra_info("socket"))  # both loops' stand-ins set options

    # asyncio.Protocol

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        # Requests are written to `_transport`, which is another one as soon as the connection is encrypted.
        self._transport = self._plain = cast(asyncio.Transport, transport)  # uvloop's is none by its class
        if hasattr(socket, "TCP_USER_TIMEOUT"):  # Linux
            milliseconds = round(UNACKNOWLEDGED_SECONDS_MAX * 1000)
            self._socket().setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, milliseconds)
        self.open = True

    def data_received(self, data: bytes) -> None:
        if self._answer is None or self._answer.done():
            # Nobody has asked: it must not be taken for the answer to the next request.
            self.abort()
            return
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserError as error:
            self._fail(f"the answer is no HTTP: {error}")
            self.abort()

    def connection_lost(self, exc: Exception | None) -> None:
        self.open = self.reusable = False
        if self._answer is None or self._answer.done():
            return
        if self._status and not self._headers.keys() & {"content-length", "transfer-encoding"} and exc is None:
            self._finish()  # such an answer ends with its connection
        self._fail(f"the connection was lost: {exc}" if exc else "the connection was closed before the answer was complete")

    # httptools

    def on_message_begin(self) -> None:
        if self._answer and self._answer.done():
            self.reusable = False  # more than one answer to one request
            self._headers = {}

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
        elif self._answer and not self._answer.done():
            self.reusable = self.open and bool(self._parser.should_keep_alive())
            self._finish()
