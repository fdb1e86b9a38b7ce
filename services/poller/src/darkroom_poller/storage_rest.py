"""What collecting does while the storage is away or full: rest, try with one output, and go on when that one is stored."""

import asyncio

from darkroom_poller.predictions import fetch_retry_seconds

REST_SECONDS_MAX = 10.0
TRIES_MAX = 1_000_000
ALL = 1_000_000


class StorageRest:
    """Times are the caller's, of one clock."""

    def __init__(self) -> None:
        self._failures = 0
        self._until = 0.0

    def begin(self, chance: float, *, now: float) -> float:
        """The storage did not take a result; after how many seconds it is tried again: 1, 2, 4, … up to 10."""
        if now >= self._until:  # those that were under way when the first one failed say nothing new
            self._failures = min(self._failures + 1, TRIES_MAX)
            self._until = now + min(REST_SECONDS_MAX, fetch_retry_seconds(self._failures, chance))
        return self._until - now

    def over(self) -> bool:
        """The storage took a result; whether that is news."""
        was_away, self._failures, self._until = self._failures > 0, 0, 0.0
        return was_away

    def room(self, busy: int, *, now: float) -> int:
        """How many outputs may be taken while `busy` are under way."""
        if not self._failures:
            return ALL
        return 0 if now < self._until or busy else 1


class Alarm:
    """Sets an event at the earliest of the times asked for: one timer, however many ask."""

    def __init__(self, event: asyncio.Event) -> None:
        self._event = event
        self._timer: asyncio.TimerHandle | None = None

    def within(self, seconds: float) -> None:
        """Set the event no later than this."""
        loop = asyncio.get_running_loop()
        at = loop.time() + seconds
        if self._timer is not None and not self._timer.cancelled() and loop.time() <= self._timer.when() <= at:
            return
        if self._timer is not None:
            self._timer.cancel()
        self._timer = loop.call_at(at, self._event.set)
