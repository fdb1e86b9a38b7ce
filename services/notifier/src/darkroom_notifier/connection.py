"""One socket from its first message to its close: `connect` within seconds, then the tenant's frames, nobody else's.

It is subscribed before it asks where the history stands, and drops what it then gets twice by the offsets; so between what it
missed and what is live nothing can fall. An offset that does not follow closes it: a reader never gets a hole unseen.
"""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime

import structlog
from darkroom_servicekit.auth import Authenticator, InvalidToken, NotTheOwner, Principal, token_digest
from darkroom_servicekit.session_cookie import SESSION_COOKIE
from fastapi import WebSocket, WebSocketDisconnect
from redis.exceptions import RedisError

from darkroom_notifier.backlog import SECONDS_BEHIND_MAX, Backlog
from darkroom_notifier.history import Batch, History, Resumption
from darkroom_notifier.hub import Hub
from darkroom_notifier.measures import Measures
from darkroom_notifier.pace import Pace
from darkroom_notifier.places import Places
from darkroom_notifier.protocol import Closing, Code, Connect, Position, Renewal, connected_message, read_message

CONNECT_SECONDS_MAX = 5.0
CLOSE_SECONDS_MAX = 1.0

log = structlog.get_logger()


class Gone(Exception):
    """The client has closed the socket or vanished."""


@dataclass(frozen=True, kw_only=True)
class Parts:
    """What all sockets of a process share."""

    authenticator: Authenticator
    hub: Hub
    history: History
    places: Places
    measures: Measures


class Connection:
    """One accepted socket."""

    def __init__(self, websocket: WebSocket, parts: Parts) -> None:
        loop = asyncio.get_running_loop()
        self._websocket = websocket
        self._parts = parts
        self._clock: Callable[[], float] = loop.time
        self._backlog = Backlog(loop.time)
        self._pace = Pace()
        self._ended: asyncio.Future[Closing | None] = loop.create_future()
        self._expiry: asyncio.TimerHandle | None = None
        self._digest = ""

    def take(self, batch: Batch) -> None:
        """Frames have come."""
        try:
            self._backlog.put(batch)
        except Closing as closing:
            self.end(closing)

    def revoked(self, digest: str) -> None:
        """A token was given back: perhaps this socket's."""
        if digest == self._digest:
            self.end(_no_longer_good())

    def end(self, closing: Closing | None) -> None:
        """Close the socket soon; None: without a word, since nobody is there."""
        if not self._ended.done():
            self._ended.set_result(closing)

    async def serve(self) -> None:
        """Talk until either side ends it."""
        talk = asyncio.create_task(self._talk())
        try:
            await asyncio.wait((talk, self._ended), return_when=asyncio.FIRST_COMPLETED)
            if not talk.done():
                talk.cancel()
            (outcome,) = await asyncio.gather(talk, return_exceptions=True)
        finally:
            talk.cancel()
            if self._expiry:
                self._expiry.cancel()
        await self._close(self._ended.result() if self._ended.done() else _why(outcome))

    async def _talk(self) -> None:
        try:
            async with asyncio.timeout(CONNECT_SECONDS_MAX):
                connect = await self._receive()
        except TimeoutError:
            raise Closing(Code.NO_CONNECT, f"no connect message within {CONNECT_SECONDS_MAX:g} s") from None
        if not isinstance(connect, Connect):
            raise Closing(Code.MALFORMED, "the first message is connect")
        # The Origin was checked before the socket was accepted, so the cookie is that of a page of ours.
        token = self._websocket.cookies.get(SESSION_COOKIE) if connect.token is None else connect.token
        if token is None:
            raise Closing(Code.MALFORMED, "connect has a token, unless a page's cookie has one")
        tenant = (await self._sign_in(token)).instance_id
        async with self._parts.places.held(tenant), self._parts.hub.listening(tenant, self):
            await self._refuse_revoked()  # from here on it is called out
            resumption = await self._parts.history.resume(tenant, connect.position)
            writer = asyncio.create_task(self._write(resumption))
            writer.add_done_callback(self._writer_ended)
            try:
                await self._read(tenant)
            finally:
                writer.cancel()

    async def _read(self, tenant: str) -> None:
        """Take new tokens, and nothing else, until the client goes."""
        while True:
            match await self._receive():
                case Renewal(token):
                    if (await self._sign_in(token)).instance_id != tenant:
                        raise Closing(Code.TOKEN, "the token is of another tenant")
                    await self._refuse_revoked()
                case Connect():
                    raise Closing(Code.MALFORMED, "connected already")

    async def _receive(self) -> Connect | Renewal:
        event = await self._websocket.receive()
        if event["type"] == "websocket.disconnect":
            raise Gone
        if not self._pace.admits(self._clock()):
            raise Closing(Code.TOO_MANY, "too many messages a second")
        return read_message(event.get("text"))

    async def _sign_in(self, token: str) -> Principal:
        """Return the token's principal; its expiry closes the socket. Raises Closing, KeysUnavailable (closes with 4503)."""
        now = datetime.now(UTC)
        try:
            principal = await self._parts.authenticator.identify(token, now)
        except NotTheOwner:
            raise Closing(Code.TOKEN, "only the owner may act for a shop") from None
        except InvalidToken:
            raise Closing(Code.TOKEN, "the token is wrong or no longer good") from None
        if self._expiry:
            self._expiry.cancel()
        if principal.expires_at:
            left = max(0.0, (principal.expires_at - now).total_seconds())
            self._expiry = asyncio.get_running_loop().call_later(left, self.end, _no_longer_good())
        self._digest = token_digest(token)
        return principal

    async def _refuse_revoked(self) -> None:
        if await self._parts.authenticator.is_revoked(self._digest):
            raise _no_longer_good()

    async def _write(self, resumption: Resumption) -> None:
        """Send what was missed, then what comes, each offset once."""
        await self._send((connected_message(resumption.position, recovered=resumption.recovered),))
        await self._send(resumption.missed.messages)
        at = Position(resumption.missed.epoch, resumption.missed.last)
        while True:
            batch = await self._backlog.next()
            at = await self._follow(at, batch)
            self._backlog.done()

    async def _follow(self, at: Position, batch: Batch) -> Position:
        """Send what is new in `batch`; where that leaves the reader."""
        if batch.epoch != at.epoch or batch.first > at.offset + 1:
            raise Closing(Code.RECONNECT, "frames were lost on the way")
        if batch.last <= at.offset:
            return at
        await self._send(batch.messages[at.offset + 1 - batch.first :])
        return Position(at.epoch, batch.last)

    async def _send(self, messages: tuple[str, ...]) -> None:
        try:
            async with asyncio.timeout(SECONDS_BEHIND_MAX):
                for message in messages:
                    await self._websocket.send({"type": "websocket.send", "text": message})
        except TimeoutError:
            raise Closing(Code.RECONNECT, "too far behind") from None
        except (WebSocketDisconnect, RuntimeError):  # the server has closed it, for want of an answer to its ping
            raise Gone from None
        self._parts.measures.sent.inc(len(messages))

    def _writer_ended(self, writer: asyncio.Task[None]) -> None:
        if not writer.cancelled():
            self.end(_why(writer.exception()))

    async def _close(self, closing: Closing | None) -> None:
        if closing is None:
            return
        self._parts.measures.closed.labels(code=str(closing.code.value)).inc()
        try:
            async with asyncio.timeout(CLOSE_SECONDS_MAX):
                await self._websocket.close(closing.code, closing.reason)
        except (TimeoutError, RuntimeError, WebSocketDisconnect):
            pass  # gone, or it does not read: the server cuts the connection


def _no_longer_good() -> Closing:
    return Closing(Code.TOKEN, "the token is no longer good")


def _why(outcome: BaseException | None) -> Closing | None:
    """How a socket closes that ended this way; None when the client has closed it."""
    match outcome:
        case Closing():
            return outcome
        case None | Gone() | asyncio.CancelledError():
            return None
        case RedisError() | OSError():
            log.warning("socket lost its part", error=repr(outcome)[:200])
            return Closing(Code.RECONNECT, "not ready")
    log.error("socket failed", exc_info=outcome)
    return Closing(Code.FAILED, "a fault of ours")
