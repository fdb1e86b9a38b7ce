"""Where a plan's periods begin and end."""

from datetime import UTC, datetime, timedelta, timezone

import pytest
from darkroom_credits.plans import Period, months_after, period_at
from hypothesis import given
from hypothesis import strategies as st

INSTANTS = st.integers(0, 15 * 365 * 86_400).map(lambda seconds: datetime(2020, 1, 1, tzinfo=UTC) + timedelta(seconds=seconds))


@pytest.mark.parametrize(
    ("anchor", "months", "at"),
    [
        ("2026-03-04T05:06:07Z", 1, "2026-04-04T05:06:07Z"),
        ("2026-01-31T23:59:59Z", 1, "2026-02-28T23:59:59Z"),
        ("2026-01-31T23:59:59Z", 2, "2026-03-31T23:59:59Z"),
        ("2028-01-31T00:00:00Z", 1, "2028-02-29T00:00:00Z"),
        ("2026-12-15T12:00:00Z", 1, "2027-01-15T12:00:00Z"),
        ("2026-12-15T12:00:00Z", 0, "2026-12-15T12:00:00Z"),
        ("2026-11-30T12:00:00Z", 15, "2028-02-29T12:00:00Z"),
    ],
)
def test_a_month_later_is_the_same_day_or_the_months_last(anchor: str, months: int, at: str) -> None:
    assert months_after(datetime.fromisoformat(anchor), months) == datetime.fromisoformat(at)


def test_the_day_is_that_of_utc() -> None:
    late_evening_in_new_york = datetime(2026, 1, 30, 22, 0, tzinfo=timezone(timedelta(hours=-5)))
    assert months_after(late_evening_in_new_york, 1) == datetime(2026, 2, 28, 3, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("now", "begins", "ends"),
    [
        ("2026-01-31T08:00:00Z", "2026-01-31T08:00:00Z", "2026-02-28T08:00:00Z"),
        ("2026-02-28T07:59:59Z", "2026-01-31T08:00:00Z", "2026-02-28T08:00:00Z"),
        ("2026-02-28T08:00:00Z", "2026-02-28T08:00:00Z", "2026-03-31T08:00:00Z"),
        ("2026-12-01T00:00:00Z", "2026-11-30T08:00:00Z", "2026-12-31T08:00:00Z"),
    ],
)
def test_periods_are_counted_from_the_first_day_and_never_drift(now: str, begins: str, ends: str) -> None:
    anchor = datetime.fromisoformat("2026-01-31T08:00:00Z")
    found = period_at(anchor, datetime.fromisoformat(now))
    assert found == Period(datetime.fromisoformat(begins), datetime.fromisoformat(ends))


@given(one=INSTANTS, other=INSTANTS)
def test_every_instant_lies_in_one_period_that_its_end_leads_out_of(one: datetime, other: datetime) -> None:
    anchor, now = sorted((one, other))
    period = period_at(anchor, now)
    assert period.begins <= now < period.ends
    assert period_at(anchor, period.ends).begins == period.ends
