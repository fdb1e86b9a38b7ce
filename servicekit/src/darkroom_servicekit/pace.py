"""Promptness for a few, batches for many: a loop may turn at once until it has turned too often, then at a steady pace.

So an event on a quiet system waits for nothing, and under load batches grow, which costs less an event.
"""

import asyncio
from collections.abc import Callable


class Pace:
    """At most `per_second` turns in the long run, with up to `burst` at once. The schedule is a GCRA's."""

    def __init__(self, *, per_second: float, burst: int, clock: Callable[[], float]) -> None:
        self._interval = 1 / per_second
        self._tolerance = burst / per_second
        self._clock = clock
        self._due = clock()

    def turn(self) -> float:
        """Count a turn; the seconds to rest before the next one."""
        now = self._clock()
        self._due = max(self._due, now) + self._interval
        return max(0.0, self._due - now - self._tolerance)

    async def rest(self) -> None:
        """Count a turn and rest as long as it asks for."""
        if seconds := self.turn():
            await asyncio.sleep(seconds)
