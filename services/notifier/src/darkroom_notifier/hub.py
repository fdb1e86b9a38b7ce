"""Brings live frames from Redis to the sockets of this process: one subscription for each tenant that has any here.

That a token was given back is told on a channel of its own, for all. Publish/subscribe promises nothing to a listener that was
away: when the connection is lost, every socket is told to reconnect, and closes its gap from the history.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Any, Protocol

import structlog
from darkroom_servicekit.revocation import revocation_channel
from redis.asyncio import Redis
from redis.asyncio.client import PubSub
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import RedisError

from darkroom_notifier.history import Batch, database_of, read_call
from darkroom_notifier.protocol import Closing, Code
from darkroom_notifier.redis_keys import live_channel

SILENCE_SECONDS_MAX = 10.0
"""After this long without a word Redis is asked whether it is there; after twice as long it is not."""
SUBSCRIBE_SECONDS_MAX = 3.0
CONNECT_SECONDS_MAX = 5.0

log = structlog.get_logger()


class Listener(Protocol):
    """One socket's end of the line."""

    def take(self, batch: Batch) -> None:
        """Frames have come. Must not wait."""

    def end(self, closing: Closing) -> None:
        """No more will come."""

    def revoked(self, digest: str) -> None:
        """The token of this digest was given back; it may be anyone's."""


class Hub:
    """The tenants with sockets here. `run` for ever."""

    def __init__(self, redis_url: str) -> None:
        # No retry: a connection made anew in silence would have missed frames.
        self._redis: Redis = Redis.from_url(
            redis_url, socket_connect_timeout=CONNECT_SECONDS_MAX, retry=Retry(NoBackoff(), 0), health_check_interval=0
        )
        self._database = database_of(self._redis)
        self._revocations = revocation_channel(self._redis)
        self._listeners: dict[str, set[Listener]] = {}
        self._confirmations: dict[str, asyncio.Future[None]] = {}
        self._pubsub: PubSub | None = None
        self._subscribing = asyncio.Lock()

    def tenants(self) -> list[str]:
        """Who has sockets here."""
        return list(self._listeners)

    async def run(self) -> None:
        """Listen until the connection is lost or this is cancelled."""
        pubsub = self._redis.pubsub()
        try:
            await pubsub.subscribe(self._revocations)
            self._pubsub = pubsub
            await self._listen(pubsub)
        except RedisError as error:
            raise ConnectionError(f"live frames: {error}") from error
        finally:
            self._pubsub = None
            self._end_all()
            await pubsub.aclose()  # type: ignore[no-untyped-call]  # redis-py has no types there
            await self._redis.connection_pool.disconnect()

    @asynccontextmanager
    async def listening(self, tenant: str, listener: Listener) -> AsyncIterator[None]:
        """Give `listener` all of the tenant's frames from before the block begins. Raises Closing (4503)."""
        async with self._subscribing:
            if tenant not in self._listeners:
                await self._subscribe(live_channel(self._database, tenant))
            self._listeners.setdefault(tenant, set()).add(listener)
        try:
            yield
        finally:
            await self._leave(tenant, listener)

    async def _leave(self, tenant: str, listener: Listener) -> None:
        async with self._subscribing:
            listeners = self._listeners.get(tenant, set())
            listeners.discard(listener)
            if not listeners and self._listeners.pop(tenant, None) is not None and self._pubsub:
                with suppress(RedisError, OSError):  # the connection is lost: `run` notices by itself
                    await self._pubsub.unsubscribe(live_channel(self._database, tenant))

    async def _subscribe(self, channel: str) -> None:
        if self._pubsub is None:
            raise Closing(Code.RECONNECT, "not ready")
        confirmation = asyncio.get_running_loop().create_future()
        self._confirmations[channel] = confirmation
        try:
            async with asyncio.timeout(SUBSCRIBE_SECONDS_MAX):
                await self._pubsub.subscribe(channel)
                await confirmation
        except (RedisError, OSError, TimeoutError) as error:
            raise Closing(Code.RECONNECT, "not ready") from error
        finally:
            self._confirmations.pop(channel, None)

    async def _listen(self, pubsub: PubSub) -> None:
        asked = False
        while True:
            message: dict[str, Any] | None = await pubsub.get_message(timeout=SILENCE_SECONDS_MAX)
            if message is not None:
                asked = False
                self._hear(message)
            elif asked:
                raise ConnectionError("live frames: Redis has gone silent")
            else:
                asked = True
                await pubsub.ping()

    def _hear(self, message: dict[str, Any]) -> None:
        channel = (message["channel"] or b"").decode()
        match message["type"]:
            case "message" if channel == self._revocations:
                for listener in self._all():
                    listener.revoked(message["data"].decode())
            case "message":
                self._deliver(channel.removeprefix(live_channel(self._database, "")), read_call(message["data"]))
            case "subscribe":
                confirmation = self._confirmations.get(channel)
                if confirmation and not confirmation.done():
                    confirmation.set_result(None)

    def _deliver(self, tenant: str, batch: Batch) -> None:
        for listener in self._listeners.get(tenant, ()):
            listener.take(batch)

    def _all(self) -> list[Listener]:
        return [listener for tenant in self._listeners.values() for listener in tenant]

    def _end_all(self) -> None:
        """Tell all to reconnect; the tenants are forgotten, since nothing is subscribed to any more."""
        listeners = self._all()
        self._listeners.clear()
        if listeners:
            log.warning("live frames interrupted, sockets told to reconnect", sockets=len(listeners))
        for listener in listeners:
            listener.end(Closing(Code.RECONNECT, "live frames interrupted"))
