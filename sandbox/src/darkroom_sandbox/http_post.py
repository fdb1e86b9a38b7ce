"""A lean HTTP/1.1 client that can do one thing: POST a body and tell the status. Keeps connections alive per origin.

Exists because a general client costs several times the rest of a webhook; never follows redirects, reads no more than
`ANSWER_BYTES_MAX` of an answer.
"""

import asyncio
import ssl
from collections import defaultdict
from typing import cast
from urllib.parse import urlsplit

import httptools

CONNECT_SECONDS = 5.0
ANSWER_BYTES_MAX = 1_000_000
IDLE_CONNECTIONS_MAX = 64
"""Kept open for each origin."""

Origin = tuple[str, str, int]


class PostFailed(Exception):
    """No answer came: the connection failed, broke or answered no HTTP."""


class _Connection(asyncio.Protocol):
    """One connection carrying one request at a time."""

    def __init__(self) -> None:
        self.transport: asyncio.Transport | None = None
        self.reusable = True
        self._parser = httptools.HttpResponseParser(self)
        self._answer: asyncio.Future[int] | None = None
        self._bytes = 0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        # uvloop's transports are of their own class, so this cannot be asserted.
        self.transport = cast(asyncio.Transport, transport)

    def ask(self, request: bytes) -> asyncio.Future[int]:
        """Writes the request; the future gives the status."""
        assert self.transport is not None
        assert self._answer is None
        self._answer = asyncio.get_running_loop().create_future()
        self._bytes = 0
        self.transport.write(request)
        return self._answer

    def data_received(self, data: bytes) -> None:
        self._bytes += len(data)
        if self._bytes > ANSWER_BYTES_MAX:
            self._fail(PostFailed("the answer is too long"))
            return
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserError as error:
            self._fail(PostFailed(f"no HTTP answer: {error}"))

    def on_message_complete(self) -> None:
        status: int = self._parser.get_status_code()
        if status < 200:
            return  # an interim answer; the real one follows
        self.reusable = self._parser.should_keep_alive()
        answer, self._answer = self._answer, None
        if answer is not None and not answer.done():
            answer.set_result(status)

    def connection_lost(self, exc: Exception | None) -> None:
        self._fail(PostFailed(f"connection lost: {exc or 'closed'}"))

    def close(self) -> None:
        """Closes at once."""
        self.reusable = False
        if self.transport is not None:
            self.transport.abort()

    @property
    def open(self) -> bool:
        """Whether another request may go over it."""
        return self.reusable and self.transport is not None and not self.transport.is_closing()

    def _fail(self, error: PostFailed) -> None:
        self.close()
        answer, self._answer = self._answer, None
        if answer is not None and not answer.done():
            answer.set_exception(error)


class HttpPoster:
    """Posts to any http or https address."""

    def __init__(self) -> None:
        self._idle: defaultdict[Origin, list[_Connection]] = defaultdict(list)
        self._tls: ssl.SSLContext | None = None

    async def post(self, url: str, headers: dict[str, str], body: bytes, *, timeout_seconds: float) -> int:
        """The status answered to the POST. Raises PostFailed, also when the time is up.

        A kept connection that the other side closed meanwhile is replaced once by a fresh one.
        """
        origin, request = _request(url, headers, body)
        try:
            async with asyncio.timeout(timeout_seconds):
                kept = self._take(origin)
                if kept is not None:
                    try:
                        return await self._exchange(origin, kept, request)
                    except PostFailed:
                        pass
                return await self._exchange(origin, await self._connect(origin), request)
        except TimeoutError:
            raise PostFailed(f"no answer within {timeout_seconds} s") from None
        except OSError as error:
            raise PostFailed(str(error)) from error

    def close(self) -> None:
        """Closes the idle connections."""
        for connections in self._idle.values():
            for connection in connections:
                connection.close()
        self._idle.clear()

    def _take(self, origin: Origin) -> _Connection | None:
        idle = self._idle[origin]
        while idle:
            connection = idle.pop()
            if connection.open:
                return connection
        return None

    async def _connect(self, origin: Origin) -> _Connection:
        scheme, host, port = origin
        if scheme == "https" and self._tls is None:
            self._tls = ssl.create_default_context()
        async with asyncio.timeout(CONNECT_SECONDS):
            _, connection = await asyncio.get_running_loop().create_connection(
                _Connection, host, port, ssl=self._tls if scheme == "https" else None
            )
        return connection

    async def _exchange(self, origin: Origin, connection: _Connection, request: bytes) -> int:
        try:
            status = await connection.ask(request)
        except BaseException:
            connection.close()  # also when cancelled: an answer coming late must not meet the next request
            raise
        idle = self._idle[origin]
        if connection.open and len(idle) < IDLE_CONNECTIONS_MAX:
            idle.append(connection)
        else:
            connection.close()
        return status


def _request(url: str, headers: dict[str, str], body: bytes) -> tuple[Origin, bytes]:
    parts = urlsplit(url)
    scheme, host = parts.scheme, parts.hostname or ""
    port = parts.port or (443 if scheme == "https" else 80)
    target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    lines = [f"POST {target} HTTP/1.1", f"Host: {parts.netloc.rpartition('@')[2]}", f"Content-Length: {len(body)}"]
    lines += [f"{name}: {value}" for name, value in headers.items()]
    head = "\r\n".join(lines)
    return (scheme, host, port), f"{head}\r\n\r\n".encode() + body
