"""Plans and their periods: pure. Periods are calendar months in UTC, counted from the instant at which the plan began."""

import calendar
from dataclasses import dataclass
from datetime import UTC, datetime

NEW_ACCOUNT_PLAN = "payg"
"""What a tenant never seen before is on."""


class UnknownPlan(LookupError):
    """There is no plan of that name."""


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


@dataclass(frozen=True)
class Period:
    """From `begins` up to, and without, `ends`."""

    begins: datetime
    ends: datetime


def months_after(anchor: datetime, months: int) -> datetime:
    """The same time of the same day `months` later, or of that month's last day where it has no such day."""
    utc = anchor.astimezone(UTC)
    year, month = divmod(utc.year * 12 + utc.month - 1 + months, 12)
    return utc.replace(year=year, month=month + 1, day=min(utc.day, calendar.monthrange(year, month + 1)[1]))


def period_at(anchor: datetime, now: datetime) -> Period:
    """The period that `now` lies in, of those counted from `anchor`: never from one another, or the 31st would drift."""
    assert now >= anchor, f"{now} precedes {anchor}"
    utc, start = now.astimezone(UTC), anchor.astimezone(UTC)
    months = (utc.year - start.year) * 12 + utc.month - start.month
    if months_after(anchor, months) > now:
        months -= 1
    return Period(months_after(anchor, months), months_after(anchor, months + 1))
