"""Which days are closed when, and where a purchase and Stripe do not agree."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from darkroom_credits.close.compare_stripe import differences_of
from darkroom_credits.close.report import days_to_close, end_of
from darkroom_credits.payments.purchase import Purchase

AFTER = timedelta(minutes=5)
NOON = datetime(2026, 3, 4, 12, tzinfo=UTC)


def day(number: int) -> date:
    return date(2026, 3, number)


@pytest.mark.parametrize(
    ("last", "now", "due"),
    [
        (None, NOON, [day(3)]),
        (day(3), NOON, []),
        (day(1), NOON, [day(2), day(3)]),
        # Four minutes after midnight the day is not closed yet, five minutes after it is.
        (day(2), datetime(2026, 3, 4, 0, 4, 59, tzinfo=UTC), []),
        (day(2), datetime(2026, 3, 4, 0, 5, tzinfo=UTC), [day(3)]),
        # A clock that was put back closes nothing again.
        (day(9), NOON, []),
    ],
)
def test_the_days_that_are_due(last: date | None, now: datetime, due: list[date]) -> None:
    assert days_to_close(last, now, after=AFTER, days_max=31) == due


def test_of_a_long_sleep_only_the_newest_days_are_closed() -> None:
    assert days_to_close(date(2025, 1, 1), NOON, after=AFTER, days_max=2) == [day(2), day(3)]
    assert end_of(day(3)) == datetime(2026, 3, 4, tzinfo=UTC)


def session(*, paid: bool = True, amount: int = 1000, refunded: int = 0) -> dict[str, Any]:
    charge = {"id": "ch", "payment_intent": "pi", "amount": amount, "amount_refunded": refunded, "currency": "eur"}
    intent = {"id": "pi", "latest_charge": charge if paid else None}
    return {"id": "cs", "payment_status": "paid" if paid else "unpaid", "amount_total": amount, "payment_intent": intent}


@pytest.mark.parametrize(
    ("state", "refunded", "theirs", "disputed", "found"),
    [
        ("PAID", 0, session(), 0, []),
        ("OPEN", 0, session(paid=False), 0, []),
        ("PAID", 400, session(refunded=400), 0, []),
        ("PAID", 900, session(refunded=400), 500, []),
        ("EXPIRED", 0, None, 0, []),
        ("PAID", 0, None, 0, [("unknown at Stripe", 1000, 0)]),
        ("OPEN", 0, session(), 0, [("paid", 1000, 0)]),
        ("PAID", 0, session(paid=False), 0, [("paid", 0, 1000)]),
        ("PAID", 0, session(amount=900), 0, [("paid", 900, 1000)]),
        ("PAID", 0, session(refunded=250), 0, [("paid back", 250, 0)]),
        ("PAID", 250, session(), 0, [("paid back", 0, 250)]),
    ],
)
def test_what_does_not_agree_with_stripe(
    state: Any, refunded: int, theirs: dict[str, Any] | None, disputed: int, found: list[tuple[str, int, int]]
) -> None:
    purchase = Purchase(
        id="p",
        instance_id="shop",
        credits=1000,
        amount_minor=1000,
        currency="EUR",
        price_version=1,
        created_at=NOON,
        state=state,
        session_id="cs",
        payment_intent="pi",
        refunded_minor=refunded,
    )
    told = differences_of(purchase, {"cs": theirs} if theirs else {}, {"pi": [(disputed, "EUR")]})
    assert [(one.subject.partition(": ")[2], one.expected, one.found) for one in told] == found
