"""How many sockets a tenant holds open over all replicas, counted in Redis and bounded.

Each process writes its own number and repeats it; what a dead process wrote is forgotten after some seconds.
"""

import asyncio
import secrets
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

from redis.asyncio import Redis
from redis.exceptions import RedisError

from darkroom_notifier.protocol import Closing, Code
from darkroom_notifier.redis_keys import places_key

REPEAT_SECONDS = 10.0
FORGET_SECONDS = 25

SET = """
local now = tonumber(redis.call('TIME')[1])
local others, stored = 0, redis.call('HGETALL', KEYS[1])
for i = 1, #stored, 2 do
  local count, expires = string.match(stored[i + 1], '^(%d+) (%d+)$')
  if tonumber(expires) <= now then
    redis.call('HDEL', KEYS[1], stored[i])
  elseif stored[i] ~= ARGV[1] then
    others = others + tonumber(count)
  end
end
local mine, bound, seconds = tonumber(ARGV[2]), tonumber(ARGV[3]), tonumber(ARGV[4])
if bound > 0 and others + mine > bound then return 0 end
if mine > 0 then
  redis.call('HSET', KEYS[1], ARGV[1], string.format('%d %d', mine, now + seconds))
  redis.call('EXPIRE', KEYS[1], seconds)
else
  redis.call('HDEL', KEYS[1], ARGV[1])
end
return 1
"""
"""Writes one process' count for a tenant, unless the sum would be above the bound (0: no bound)."""

UNBOUNDED = 0


class Places:
    """This process' sockets by tenant. `run` for ever."""

    def __init__(self, redis: Redis, *, places_max: int) -> None:
        self._redis = redis
        self._places_max = places_max
        self._process = secrets.token_hex(8)
        self._mine: Counter[str] = Counter()
        self._writing = asyncio.Lock()

    @asynccontextmanager
    async def held(self, tenant: str) -> AsyncIterator[None]:
        """Hold a place for the block. Raises Closing (4429) when the tenant has none left, and RedisError."""
        await self._take(tenant)
        try:
            yield
        finally:
            await self._give_back(tenant)

    async def run(self) -> None:
        """Repeat the counts, so that they are not forgotten."""
        while True:
            await asyncio.sleep(REPEAT_SECONDS)
            async with self._writing:
                for tenant, count in self._mine.items():
                    await self._write(tenant, count, UNBOUNDED)

    async def _take(self, tenant: str) -> None:
        # One after another, so that a crowd that comes at once is let in up to the bound, not refused as a whole.
        async with self._writing:
            if not await self._write(tenant, self._mine[tenant] + 1, self._places_max):
                raise Closing(Code.TOO_MANY, f"a tenant may have {self._places_max} sockets")
            self._mine[tenant] += 1

    async def _give_back(self, tenant: str) -> None:
        async with self._writing:
            self._mine[tenant] -= 1
            if not self._mine[tenant]:
                del self._mine[tenant]
            with suppress(RedisError, OSError):  # what cannot be taken back is forgotten by itself
                await self._write(tenant, self._mine[tenant], UNBOUNDED)

    async def _write(self, tenant: str, count: int, bound: int) -> bool:
        return bool(await self._redis.eval(SET, 1, places_key(tenant), self._process, count, bound, FORGET_SECONDS))
