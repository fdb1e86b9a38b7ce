"""The limiter's clock in the pure model: Redis' own clock, so far as the callers' watches confirm it.

Invariants: it never goes back; between any two calls it advances by no more than the time that really passed and SLACK_US,
however Redis' clock is set; a step of that clock costs at most the time since the call before, and never stops the limiter's.
"""

from dataclasses import dataclass

SLACK_US = 100_000
"""By which the clock may be ahead of the caller's reading: a request's time on its way."""
QUICK_NS = 20_000_000
"""A round trip that is short enough to set a watch by."""


@dataclass
class LimiterClock:
    """`ahead_us` is what Redis' clock has gained on this one: by steps, and by time that nobody saw pass."""

    now_us: int
    ahead_us: int = 0

    def advance(self, redis_us: int, reading_us: int | None) -> int:
        """The clock at a call. `reading_us`: the caller's (see Watch); None confirms SLACK_US and no more."""
        latest = (self.now_us if reading_us is None else reading_us) + SLACK_US
        self.now_us = max(self.now_us, min(redis_us - self.ahead_us, latest))
        self.ahead_us = redis_us - self.now_us
        return self.now_us


class Watch:
    """One caller's own measure of the limiter's clock, from one answer of the script on.

    A reading is ahead of the clock by no more than the round trip of the call that the watch was set by. It is set forward
    seldom: between two settings the script's slack is given once, however many calls there are. It is set back by every answer
    that is behind it: the clock has lost time to another caller's slow request, and must not make up for it.
    """

    def __init__(self, *, kept_ns: int) -> None:
        self._kept_ns = kept_ns
        self._epoch: int | None = None
        self._set_us = 0
        self._asked_ns = 0
        self._trip_ns = 0

    def reading_us(self, epoch: int, watch_ns: int) -> int | None:
        """None before the first answer of this epoch."""
        return self._set_us + (watch_ns - self._asked_ns) // 1000 if self._epoch == epoch else None

    def set(self, epoch: int, clock_us: int, *, asked_ns: int, answered_ns: int) -> bool:
        """Take over the clock that a call has answered, where that is of use; whether it was."""
        reading_us = self.reading_us(epoch, asked_ns)
        if reading_us is not None and reading_us <= clock_us and not self._is_due(asked_ns, answered_ns - asked_ns):
            return False
        self._epoch, self._set_us, self._asked_ns, self._trip_ns = epoch, clock_us, asked_ns, answered_ns - asked_ns
        return True

    def _is_due(self, asked_ns: int, trip_ns: int) -> bool:
        """After a while, by a quick answer; sooner by one that is much quicker than the last; late by any."""
        age_ns = asked_ns - self._asked_ns
        much_quicker = self._trip_ns > QUICK_NS and trip_ns <= self._trip_ns // 2
        return much_quicker or age_ns > 2 * self._kept_ns or (age_ns > self._kept_ns and trip_ns <= QUICK_NS)
