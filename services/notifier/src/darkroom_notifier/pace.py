"""How many messages a client may send: at most so many in any second. Pure."""

from collections import deque

MESSAGES_PER_SECOND_MAX = 20
WINDOW_SECONDS = 1.0


class Pace:
    """The times of a client's last messages."""

    def __init__(self) -> None:
        self._times: deque[float] = deque(maxlen=MESSAGES_PER_SECOND_MAX)

    def admits(self, now: float) -> bool:
        """Whether one more message at `now` (seconds, never going back) is within the bound; counts it if so."""
        if len(self._times) == MESSAGES_PER_SECOND_MAX and now - self._times[0] < WINDOW_SECONDS:
            return False
        self._times.append(now)
        return True
