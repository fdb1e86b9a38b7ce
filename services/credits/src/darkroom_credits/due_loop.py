"""A loop that does what is due and sleeps until the next instant that is known, or until it is woken because one came nearer.

It also looks by itself now and then, for instants that another replica made. Whatever it does may be done by several at once.
"""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import datetime

from darkroom_servicekit.loops import set_within


class DueLoop:
    """`run` for ever; `look_again` when an instant may have come nearer."""

    def __init__(
        self,
        work: Callable[[], Awaitable[object]],
        next_at: Callable[[], Awaitable[datetime | None]],
        *,
        clock: Callable[[], datetime],
        look_seconds_max: float,
    ) -> None:
        self._work = work
        self._next_at = next_at
        self._clock = clock
        self._look_seconds_max = look_seconds_max
        self._woken = asyncio.Event()

    def look_again(self) -> None:
        """There may be something to do before the instant that was known."""
        self._woken.set()

    async def run(self) -> None:
        """Work, sleep, and so on; raises what the work raises, to be tried again."""
        while True:
            self._woken.clear()
            await self._work()
            await self._sleep()

    async def _sleep(self) -> None:
        following = await self._next_at()
        seconds = self._look_seconds_max
        if following is not None:
            seconds = min(seconds, max(0.0, (following - self._clock()).total_seconds()))
        await set_within(self._woken, seconds)
