"""When a message that did not go is tried again, and when it is given up. Pure."""

import math

from darkroom_servicekit.rate_limit import RateLimit

from darkroom_notifier.channels.door import SendFailed

ATTEMPTS_MAX = 8
DELAY_SECONDS = {"soon": 2.0, "later": 60.0}
DELAY_SECONDS_MAX = 900.0


def delay_before_retry(failure: SendFailed, *, attempts: int, jitter: float) -> float | None:
    """Seconds until the next attempt after `attempts` of them, None for never. `jitter` is between 0 and 1.

    Doubling from the class' own beginning, half of it random so that many do not come back at once; never before the vendor
    wants.
    """
    assert 0.0 <= jitter <= 1.0
    if failure.again == "never" or attempts >= ATTEMPTS_MAX:
        return None
    doubled = min(DELAY_SECONDS[failure.again] * 2.0 ** (attempts - 1), DELAY_SECONDS_MAX)
    return max(doubled * (0.5 + 0.5 * jitter), failure.after_seconds or 0.0)


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
