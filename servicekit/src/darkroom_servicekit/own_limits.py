"""Requests per minute of tenants that have a number of their own: one Redis hash, written by predictor, read by every door.

The number stands in predictor's database; this is its copy for the doors' script (`rate_limit.py`), which reads it with each
request. A hash that was lost means the platform's number for everyone, until predictor has filled it again.
"""

from collections.abc import Mapping

from redis.asyncio import Redis

KEY = "darkroom:rate:own"
STAMP = "darkroom:rate:own:stamp"


class OwnLimits:
    """The writing side."""

    def __init__(self, redis: Redis) -> None:
        self._redis = redis

    async def set(self, instance_id: str, requests_per_minute: int | None) -> None:
        """A tenant's own number; None: the platform's."""
        if requests_per_minute is None:
            await self._redis.hdel(KEY, instance_id)
        else:
            await self._redis.hset(KEY, instance_id, str(requests_per_minute))

    async def stamp(self) -> int | None:
        """Which state of the table the hash was filled from; None when it was lost."""
        found = await self._redis.get(STAMP)
        return None if found is None else int(found)

    async def replace(self, numbers: Mapping[str, int], *, stamp: int) -> None:
        """Fill it anew, in one step."""
        async with self._redis.pipeline(transaction=True) as pipeline:
            pipeline.delete(KEY)
            if numbers:
                pipeline.hset(KEY, mapping={name: str(number) for name, number in numbers.items()})
            pipeline.set(STAMP, str(stamp))
            await pipeline.execute()
