"""The `Prefer` header of a job's creation: how long the caller would wait for the decision on its credits. Pure.

Source: RFC 7240 (`wait`, `respond-async`); what cannot be read is ignored, as the RFC asks.
"""

from collections.abc import Sequence
from dataclasses import dataclass

WAIT_SECONDS_DEFAULT = 2
WAIT_SECONDS_MAX = 10


@dataclass(frozen=True)
class Preference:
    """How long to wait, and which preferences of the caller that honours."""

    wait_seconds: int
    wait_sent: bool
    respond_async: bool

    def applied(self, *, answered_async: bool) -> str | None:
        """The `Preference-Applied` header."""
        parts = []
        if self.wait_sent:
            parts.append(f"wait={self.wait_seconds}")
        if self.respond_async and answered_async:
            parts.append("respond-async")
        return ", ".join(parts) or None


def parse_prefer(headers: Sequence[str]) -> Preference:
    """Read the `Prefer` headers. `respond-async` alone waits for nothing; `wait=n` is clamped to 0 to 10 seconds."""
    wait: int | None = None
    respond_async = False
    for part in ",".join(headers).split(","):
        name, _, value = part.partition(";")[0].partition("=")
        match name.strip().lower():
            case "respond-async":
                respond_async = True
            case "wait" if wait is None:
                wait = _seconds(value)
    seconds = wait if wait is not None else 0 if respond_async else WAIT_SECONDS_DEFAULT
    return Preference(seconds, wait is not None, respond_async)


def _seconds(value: str) -> int | None:
    digits = value.strip().strip('"')
    if not (digits.isascii() and digits.isdecimal()):
        return None
    return min(int(digits[:9]), WAIT_SECONDS_MAX)
