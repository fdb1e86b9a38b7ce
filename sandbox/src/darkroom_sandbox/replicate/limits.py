"""Replicate's rate limits: a rolling minute per account, one for creations and one for everything else.

Invariant: no minute, wherever it begins, has more accepted requests than the limit; a refused request takes no place.
"""

import math
from collections import defaultdict, deque
from typing import Literal

from darkroom_sandbox.replicate.problems import insufficient_credit, throttled

Credit = Literal["enough", "low", "none"]

WINDOW_SECONDS = 60.0
OTHERS_PER_MINUTE = 3_000
OTHERS_PER_CREATION = 5
"""The vendor allows 600 creations and 3,000 others; a raised creation limit raises the other in the same ratio."""
LOW_CREDIT_PER_MINUTE = 6
LOW_CREDIT_SECONDS_APART = WINDOW_SECONDS / LOW_CREDIT_PER_MINUTE
"""A burst of one: the next creation after a sixth of a minute."""
LOW_CREDIT_WORDS = (
    "Request was throttled. Your rate limit for creating predictions is reduced to 6 requests per minute with a burst of 1 "
    "requests while you have less than $5.0 in credit."
)


class RollingLimits:
    """Times of accepted requests in the last minute, by account and kind."""

    def __init__(self) -> None:
        self._accepted: defaultdict[tuple[str, bool], deque[float]] = defaultdict(deque)

    def take(self, account: str, *, creation: bool, at: float, creations_per_minute: int) -> dict[str, str]:
        """Takes a place and returns the ratelimit headers. Raises the 429 problem when the minute is full."""
        limit = creations_per_minute if creation else max(OTHERS_PER_MINUTE, OTHERS_PER_CREATION * creations_per_minute)
        times = self._accepted[account, creation]
        while times and times[0] <= at - WINDOW_SECONDS:
            times.popleft()
        if len(times) >= limit:
            raise throttled(self._seconds_until_free(times, limit, at))
        times.append(at)
        remaining = limit - len(times)
        reset = self._seconds_until_free(times, limit, at) if remaining == 0 else 1
        return {"ratelimit-remaining": str(remaining), "ratelimit-reset": str(reset)}

    def check_credit(self, account: str, credit: Credit, *, at: float) -> None:
        """Raises the 402 of an account without credit, and with little the 429 of a creation too soon after the last."""
        if credit == "none":
            raise insufficient_credit()
        times = self._accepted[account, True]
        if credit == "low" and times and at < times[-1] + LOW_CREDIT_SECONDS_APART:
            raise throttled(max(1, math.ceil(times[-1] + LOW_CREDIT_SECONDS_APART - at)), why=LOW_CREDIT_WORDS)

    @staticmethod
    def _seconds_until_free(times: deque[float], limit: int, at: float) -> int:
        """Whole seconds until a place is free again; with a limit of 0 there never is one, so a full window is told."""
        if limit == 0:
            return int(WINDOW_SECONDS)
        leaving = times[len(times) - limit]
        return max(1, math.ceil(leaving + WINDOW_SECONDS - at))

    def clear(self) -> None:
        """Everyone starts anew."""
        self._accepted.clear()
