"""What a close found: pure. A difference is named, counted, and shown by its first examples."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, Literal

EXAMPLES_MAX = 20

StripeAsked = Literal["asked", "not-used", "unavailable"]


@dataclass(frozen=True)
class Difference:
    """Two figures that should be the same."""

    instance_id: str
    subject: str
    expected: int
    found: int


@dataclass(frozen=True)
class Compared:
    """One check, and what did not agree."""

    check: str
    says: str
    differences: int
    examples: Sequence[Difference] = ()


def compared(check: str, says: str, found: Sequence[Difference]) -> Compared:
    """A check with all that it found."""
    return Compared(check, says, len(found), tuple(found[:EXAMPLES_MAX]))


@dataclass(frozen=True, kw_only=True)
class Report:
    """All checks, the accounts at the end of the time, what moved in it, and what Stripe said."""

    checks: Sequence[Compared]
    accounts: dict[str, int] = field(default_factory=dict)
    movements: dict[str, int] = field(default_factory=dict)
    tenants: int = 0
    open_reservations: int = 0
    open_disputes: int = 0
    stripe: StripeAsked = "not-used"
    mended: int = 0
    """Payments and refunds that Stripe knew of and we did not, and that were booked by the close."""

    @property
    def differences(self) -> int:
        return sum(one.differences for one in self.checks)

    def document(self) -> dict[str, Any]:
        """As it is kept."""
        return asdict(self)


def days_to_close(last: date | None, now: datetime, *, after: timedelta, days_max: int) -> list[date]:
    """The days of UTC that have ended, by `after`, and are not closed yet: at first only the newest; after a sleep all of them,
    at most `days_max`."""
    newest = (now.astimezone(UTC) - after).date() - timedelta(days=1)
    first = newest if last is None else max(last + timedelta(days=1), newest - timedelta(days=days_max - 1))
    return [first + timedelta(days=number) for number in range((newest - first).days + 1)]


def end_of(day: date) -> datetime:
    """The instant at which a day of UTC ends."""
    return datetime.combine(day + timedelta(days=1), time(), UTC)
