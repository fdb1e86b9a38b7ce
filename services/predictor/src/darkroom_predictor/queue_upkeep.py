"""Keeping one provider's queue in Redis whole: what is missing or does not fit together, and putting it right."""

from collections.abc import Sequence
from dataclasses import dataclass

from darkroom_predictor.fair_queue import (
    FORMAT,
    ROWS_MAX,
    FairQueue,
    LimiterClosed,
    LimiterRefused,
    Place,
    microseconds,
    place_values,
)

SCAN_COUNT = 500
NO_EVICTION = "noeviction"
REMOVED_MAX = 500
"""Keys of older epochs that are removed by one command."""


@dataclass(frozen=True, kw_only=True)
class Weights:
    """Items as the sets of queued items count them, and as they stand in jobs or are delayed."""

    queued: int
    standing: int


class QueueUpkeep:
    """Of one queue. What asks the script raises LimiterClosed while the limiter is not open."""

    def __init__(self, queue: FairQueue) -> None:
        self._queue = queue

    async def missing(self, places: Sequence[Place]) -> set[int]:
        """The items among these that are not queued in Redis, or stand where no turn finds them."""
        found: set[int] = set()
        for start in range(0, len(places), ROWS_MAX):
            asked = places[start : start + ROWS_MAX]
            answer = await self._queue.run("standing", *(value for place in asked for value in place_values(place)))
            found |= {place.item_id for place, stands in zip(asked, answer, strict=True) if not stands}
        return found

    async def refile(self, filed: Sequence[tuple[Place, float]]) -> None:
        """File items that `missing` found: what is left of them in Redis is taken out first."""
        await self._queue.run_rows(
            "refile", self._queue.open_epoch(), [(*place_values(place), microseconds(delay)) for place, delay in filed]
        )

    async def some_filed(self, items_max: int) -> list[int]:
        """Return up to `items_max` ids of items that are queued in Redis, in no particular order."""
        found: list[int] = []
        async for key in self._queue.redis.scan_iter(match=self._queue.space("queued:*"), count=SCAN_COUNT):
            found += [int(item) for item in await self._queue.redis.smembers(key)]
            if len(found) >= items_max:
                break
        return found[:items_max]

    async def old_slots(self, account: str, *, seconds: float) -> set[str]:
        """The attempts that have held a slot of the account for longer than that."""
        return {slot.decode() for slot in await self._queue.run("old_slots", account, microseconds(seconds))}

    async def remove_older(self) -> int:
        """Remove what epochs before the open one have left, some keys at a time; how many there were."""
        removed, epoch = 0, self._queue.open_epoch()
        batch: list[bytes] = []
        async for key in self._queue.redis.scan_iter(match=f"{self._queue.pointer}:*", count=SCAN_COUNT):
            if int(key[len(self._queue.pointer) + 1 :].partition(b":")[0]) < epoch:
                batch.append(key)
            if len(batch) >= REMOVED_MAX:
                removed += await self._queue.redis.unlink(*batch)
                batch = []
        return removed + (await self._queue.redis.unlink(*batch) if batch else 0)

    async def lost(self) -> list[str]:
        """What is missing in Redis, in words: what its parts say does not fit together."""
        return [what.decode() for what in await self._queue.run("audit")]

    async def shut(self, what: str) -> None:
        """Close the limiter on all replicas, to be rebuilt: that was lost from Redis."""
        try:
            await self._queue.run("close", what)
        except LimiterClosed:
            return

    async def weigh(self) -> Weights:
        """Count what is really there, while it goes on changing."""
        cursor, sums = "0", [0, 0, 0, 0]
        while True:
            answer = await self._queue.run("weigh", cursor, SCAN_COUNT)
            cursor, sums = answer[0].decode(), [had + more for had, more in zip(sums, answer[1:], strict=True)]
            if cursor == "0":
                break
        queued, records, lists, listed = sums
        delayed = await self._queue.redis.zcard(self._queue.space("delayed"))
        return Weights(queued=queued, standing=records - lists + listed + delayed)

    async def require_no_eviction(self) -> None:
        """Raise LimiterRefused where Redis may drop keys by itself when its memory is full."""
        policy = (await self._queue.redis.info("memory")).get("maxmemory_policy", NO_EVICTION)
        if policy != NO_EVICTION:
            raise LimiterRefused(f"Redis may drop the limiter's keys: its maxmemory-policy is {policy}; set it to {NO_EVICTION}")

    async def refuse_newer(self) -> None:
        """Raise LimiterRefused where a version that keeps things in a later way has opened the limiter."""
        kept = await self._queue.redis.hget(self._queue.pointer, "format")
        if kept is not None and int(kept) > FORMAT:
            raise LimiterRefused(f"the limiter has been opened by a newer version (format {int(kept)}, here {FORMAT})")
