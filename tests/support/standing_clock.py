"""A clock that stands until a test moves it."""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta


@dataclass
class StandingClock:
    """Tells `now`."""

    now: datetime = field(default_factory=lambda: datetime(2026, 3, 4, 5, 6, 7, tzinfo=UTC))

    def __call__(self) -> datetime:
        return self.now

    def move(self, **by: float) -> None:
        """Move the clock forward, by `seconds`, `minutes`, `hours` or `days`."""
        self.now += timedelta(**by)
