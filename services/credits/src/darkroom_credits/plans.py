"""Plans and their periods: pure. A period begins where the plan began and lasts a calendar month, in UTC."""

import calendar
from dataclasses import dataclass
from datetime import UTC, datetime


@dataclass(frozen=True, kw_only=True)
class Plan:
    """A version of a plan, as it is sold."""

    name: str
    version: int
    title: str
    credits_per_month: int
    weight: int
    cap_per_minute: int | None
    price_minor: int
    currency: str


def a_month_after(at: datetime) -> datetime:
    """The same time of the same day next month, or of that month's last day where it has no such day."""
    utc = at.astimezone(UTC)
    year, month = (utc.year + 1, 1) if utc.month == 12 else (utc.year, utc.month + 1)
    return utc.replace(year=year, month=month, day=min(utc.day, calendar.monthrange(year, month)[1]))
