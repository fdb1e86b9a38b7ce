"""The errors a prediction can end with, in the vendor's spelling, and the dice that choose one."""

import random
import string
from collections.abc import Mapping

TRANSIENT_ERRORS = (
    "Director: timed out starting the prediction (E6716)",
    "Director: health check failed (E8765)",
    "Director: error starting the prediction (E9243)",
    "Director: unexpected error handling prediction (E1000)",
)
SUFFIX_LENGTH = 10


def drawn_fault(*, fail_rate: float, transient_rate: float, doomed: bool = False) -> str | None:
    """The error this prediction is fated to, or None. A permanent one goes before a transient one; `doomed` before any dice."""
    if doomed:
        return random.choice(TRANSIENT_ERRORS)
    if fail_rate and random.random() < fail_rate:
        return flagged()
    if transient_rate and random.random() < transient_rate:
        return random.choice(TRANSIENT_ERRORS)
    return None


def flagged() -> str:
    """A moderation error: the same input will fail again."""
    suffix = "".join(random.choices(string.ascii_letters + string.digits, k=SUFFIX_LENGTH))
    return f"The input or output was flagged as sensitive. Please try again with different inputs. (E005) ({suffix})"


def bad_picture(why: str) -> str:
    """The input picture cannot be had or read: the same input will fail again."""
    return f"The input was invalid: {why} (E006)"


def broken_worker() -> str:
    """Our own picture worker died or took too long."""
    return "Director: unexpected error handling prediction (E1000)"


def drawn_status(rates: Mapping[str, float]) -> int | None:
    """The status that a creation is answered with although its prediction was made, or None."""
    number = random.random()
    for status, rate in rates.items():
        if number < rate:
            return int(status)
        number -= rate
    return None
