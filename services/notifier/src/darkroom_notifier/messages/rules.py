"""When a message that did not go is tried again; it is given up by its age, not by a count. Pure."""

import math

from darkroom_servicekit.rate_limit import RateLimit

from darkroom_notifier.channels.door import SendFailed

# By class: seconds before the second attempt, the factor of each further one, and the most.
# An unknown outcome may already have sent the message: few attempts, far apart, keep the number of copies small.
DELAYS = {"soon": (2.0, 2.0, 900.0), "later": (60.0, 2.0, 900.0), "unknown": (60.0, 4.0, 43_200.0)}
DOUBLINGS_MAX = 30


def delay_before_retry(failure: SendFailed, *, attempts: int, jitter: float) -> float | None:
    """Seconds until the next attempt after `attempts` of them, None for never. `jitter` is between 0 and 1.

    The delay grows from the class' own beginning, half of it random so that many do not come back at once; it is never shorter
    than the vendor wants.
    """
    assert 0.0 <= jitter <= 1.0
    if failure.again == "never":
        return None
    first, factor, most = DELAYS[failure.again]
    grown = min(first * factor ** min(attempts - 1, DOUBLINGS_MAX), most)
    return max(grown * (0.5 + 0.5 * jitter), failure.after_seconds or 0.0)


def masked(address: str) -> str:
    """An address as logs may have it: enough to recognise one's own, too little to use."""
    name, at, domain = address.partition("@")
    if at:
        return f"{name[:1]}…@{domain[:1]}…"
    return f"{address[:3]}…{address[-2:]}"


def pace(vendor: str, per_minute: int) -> RateLimit:
    """A vendor's limit as an even stream, with no more at once than a second's worth."""
    if per_minute >= 60:
        return RateLimit(name=vendor, requests=per_minute // 60, seconds=1)
    return RateLimit(name=vendor, requests=1, seconds=math.ceil(60 / per_minute))
