"""A limiter whose time is in the test's hand: Redis' clock, and the watch of the process."""

from dataclasses import dataclass

from darkroom_predictor.fair_queue import FairQueue
from darkroom_predictor.fair_script import SCRIPT, ClockSource
from redis.asyncio import Redis

START_US = 1_000_000_000_000_000
READS_TIME = """    local time = call('TIME')
    return time[1] * 1000000 + time[2]
"""
assert SCRIPT.count(READS_TIME) == 1
SCRIPT_IN_HAND = SCRIPT.replace(READS_TIME, "    return tonumber(call('GET', 'time'))\n")


@dataclass
class ClockInHand:
    """`redis_us` is what Redis' clock says, `watch_us` what passes for the process; they differ after a step."""

    redis: Redis
    redis_us: int = START_US
    watch_us: int = 0

    def queue(self, redis_url: str, *, window_seconds: float, grant_seconds_max: float) -> FairQueue:
        """A queue that goes by this clock; `begin` first."""
        clock = ClockSource(script=SCRIPT_IN_HAND, watch_ns=lambda: 1000 * self.watch_us)
        return FairQueue(redis_url, "double", window_seconds=window_seconds, grant_seconds_max=grant_seconds_max, clock=clock)

    async def begin(self) -> None:
        await self.redis.set("time", self.redis_us)

    async def pass_time(self, us: int) -> None:
        """Time passes, for Redis and for the process."""
        self.watch_us += us
        await self.step(us)

    async def step(self, us: int) -> None:
        """Somebody sets Redis' clock."""
        self.redis_us += us
        await self.redis.set("time", self.redis_us)
