"""Where a plan's period ends."""

from datetime import UTC, datetime, timedelta, timezone

import pytest
from darkroom_credits.plans import a_month_after


@pytest.mark.parametrize(
    ("begins", "ends"),
    [
        ("2026-03-04T05:06:07Z", "2026-04-04T05:06:07Z"),
        ("2026-01-31T23:59:59Z", "2026-02-28T23:59:59Z"),
        ("2028-01-31T00:00:00Z", "2028-02-29T00:00:00Z"),
        ("2026-12-15T12:00:00Z", "2027-01-15T12:00:00Z"),
    ],
)
def test_a_period_lasts_a_calendar_month(begins: str, ends: str) -> None:
    assert a_month_after(datetime.fromisoformat(begins)) == datetime.fromisoformat(ends)


def test_the_day_is_that_of_utc() -> None:
    late_evening_in_new_york = datetime(2026, 1, 30, 22, 0, tzinfo=timezone(timedelta(hours=-5)))
    assert a_month_after(late_evening_in_new_york) == datetime(2026, 2, 28, 3, 0, tzinfo=UTC)
