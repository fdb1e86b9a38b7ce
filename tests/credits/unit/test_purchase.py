"""What credits cost, and what Stripe's news of a purchase means."""

from datetime import UTC, datetime
from itertools import permutations
from typing import Any

import pytest
from darkroom_credits.payments.prices import CreditsOutOfBounds, Price
from darkroom_credits.payments.purchase import (
    Purchase,
    State,
    credits_of_refund,
    next_state,
    session_is_of,
    session_pays,
    state_told,
)
from darkroom_credits.payments.stripe_objects import Session

SOLD = datetime(2026, 3, 4, tzinfo=UTC)
PURCHASE = Purchase(
    id="p-1", instance_id="shop", credits=1000, amount_minor=999, currency="EUR", price_version=1, created_at=SOLD
)
PAID: dict[str, Any] = {
    "id": "cs_1",
    "amount_total": 999,
    "currency": "eur",
    "client_reference_id": "p-1",
    "mode": "payment",
    "status": "complete",
    "payment_status": "paid",
    "payment_intent": "pi_1",
}


@pytest.mark.parametrize(("credits", "minor"), [(50, 50), (1000, 999), (1001, 1000), (1_000_000, 999_000)])
def test_an_amount_is_rounded_up_to_the_minor_unit(credits: int, minor: int) -> None:
    price = Price(version=1, currency="EUR", minor_per_thousand=999, credits_min=50, credits_max=1_000_000)
    assert price.of(credits) == minor


@pytest.mark.parametrize("credits", [0, 49, 1_000_001])
def test_fewer_and_more_than_is_sold_at_once_is_refused(credits: int) -> None:
    price = Price(version=1, currency="EUR", minor_per_thousand=1000, credits_min=50, credits_max=1_000_000)
    with pytest.raises(CreditsOutOfBounds):
        price.of(credits)


@pytest.mark.parametrize(
    "change",
    [
        {"amount_total": 998},
        {"amount_total": 1000},
        {"amount_total": None},
        {"currency": "usd"},
        {"currency": None},
        {"mode": "setup"},
        {"payment_intent": None},
    ],
)
def test_only_what_was_sold_pays(change: dict[str, Any]) -> None:
    assert session_pays(Session.read(PAID), PURCHASE)
    assert not session_pays(Session.read(PAID | change), PURCHASE)


def test_another_purchases_session_is_not_its_own() -> None:
    assert session_is_of(Session.read(PAID), PURCHASE)
    assert not session_is_of(Session.read(PAID | {"client_reference_id": "p-2"}), PURCHASE)
    offered = Purchase(**{**vars(PURCHASE), "session_id": "cs_2"})
    assert not session_is_of(Session.read(PAID), offered)


@pytest.mark.parametrize(
    ("change", "failed", "state"),
    [
        ({}, False, "PAID"),
        ({}, True, "PAID"),
        ({"payment_status": "unpaid"}, False, "AWAITING"),
        ({"payment_status": "unpaid"}, True, "FAILED"),
        ({"payment_status": "unpaid", "payment_intent": {"id": "pi_1", "status": "canceled"}}, False, "FAILED"),
        ({"payment_status": "unpaid", "payment_intent": {"id": "pi_1", "status": "processing"}}, False, "AWAITING"),
        ({"payment_status": "unpaid", "status": "expired"}, False, "EXPIRED"),
        ({"payment_status": "unpaid", "status": "open"}, False, "OPEN"),
        ({"payment_status": "no_payment_required"}, False, "AWAITING"),
    ],
)
def test_a_session_tells_a_state(change: dict[str, Any], failed: bool, state: State) -> None:
    assert state_told(Session.read(PAID | change), failed=failed) == state


def test_a_payment_wins_in_any_order_of_the_news() -> None:
    news: tuple[State, ...] = ("OPEN", "AWAITING", "EXPIRED", "PAID", "FAILED")
    for order in permutations(news):
        state: State = "CREATED"
        for told in order:
            state = next_state(state, told)
        assert state == "PAID"


@pytest.mark.parametrize(("minor", "credits"), [(0, 0), (1, 1), (500, 500), (998, 998), (999, 1000)])
def test_a_refund_stands_for_its_share_of_the_credits(minor: int, credits: int) -> None:
    assert credits_of_refund(PURCHASE, minor) == credits


OLD_SHAPE = PAID | {
    "amount_total": 860,
    "currency": "gbp",
    "currency_conversion": {"amount_subtotal": 999, "amount_total": 999, "fx_rate": "0.8609", "source_currency": "eur"},
}
NEW_SHAPE = PAID | {"presentment_details": {"presentment_amount": 860, "presentment_currency": "gbp"}}


@pytest.mark.parametrize("shape", [OLD_SHAPE, NEW_SHAPE])
def test_a_customer_may_pay_in_another_currency_by_adaptive_pricing(shape: dict[str, Any]) -> None:
    session = Session.read(shape)
    assert session_pays(session, PURCHASE)
    assert session.presented == (860, "GBP")


@pytest.mark.parametrize("change", [{"amount_total": 998}, {"source_currency": "usd"}])
def test_a_conversion_from_something_else_does_not_pay(change: dict[str, Any]) -> None:
    conversion = OLD_SHAPE["currency_conversion"] | change
    assert not session_pays(Session.read(OLD_SHAPE | {"currency_conversion": conversion}), PURCHASE)
