"""Tokens that were given back before their time: signed out on one page, they are good for nothing at any service.

Redis holds the digests that every service asks for, each until its token would have ended by itself; whoever ends sessions keeps
the truth in a table and fills Redis again when it has forgotten. While Redis does not answer, no token is taken for revoked:
work goes on, and sockets are closed in any case.
"""

import asyncio
import math
import time
from collections.abc import Callable, Mapping

import structlog
from redis.asyncio import Redis
from redis.exceptions import RedisError

PREFIX = "darkroom:revoked"
REDIS_SECONDS_MAX = 0.25
REDIS_REST_SECONDS = 2.0
"""After a failure Redis is left alone for this long, so that its outage does not slow every request."""

log = structlog.get_logger()


class Revocations:
    """The digests of all revoked tokens (`token_digest`)."""

    def __init__(self, redis: Redis, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._redis = redis
        self._clock = clock
        self._redis_rests_until = -math.inf
        self.channel = revocation_channel(redis)

    async def has(self, digest: str) -> bool:
        """Whether the token was given back."""
        if self._clock() < self._redis_rests_until:
            return False
        try:
            async with asyncio.timeout(REDIS_SECONDS_MAX):
                return bool(await self._redis.exists(f"{PREFIX}:{digest}"))
        except (RedisError, OSError) as error:
            log.warning("revoked tokens are not known: Redis does not answer", error=repr(error)[:200])
            self._redis_rests_until = self._clock() + REDIS_REST_SECONDS
            return False

    async def add(self, seconds_left: Mapping[str, float]) -> None:
        """Revoke these digests for as long as their tokens would be good, and call them out. Raises RedisError."""
        async with self._redis.pipeline(transaction=False) as pipeline:
            for digest, seconds in seconds_left.items():
                pipeline.set(f"{PREFIX}:{digest}", 1, ex=max(1, math.ceil(seconds)))
                pipeline.publish(self.channel, digest)
            await pipeline.execute()

    async def are_filled(self) -> bool:
        """Whether Redis still has what was filled in last. Raises RedisError."""
        return bool(await self._redis.exists(f"{PREFIX}-filled"))

    async def note_filled(self) -> None:
        """From now on Redis has all. Raises RedisError."""
        await self._redis.set(f"{PREFIX}-filled", 1)


def revocation_channel(redis: Redis) -> str:
    """Where revoked digests are called out. Publish/subscribe knows no databases, so the number is part of the name."""
    return f"{PREFIX}:{int(redis.connection_pool.connection_kwargs.get('db') or 0)}"
