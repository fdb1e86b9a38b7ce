"""A purchase of credits, and what Stripe's news of it means: pure. Only a payment in the amount and currency that were sold
counts, and what was paid stays paid; news may come in any order and any number of times.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from darkroom_contracts.money import stripe_amount

from darkroom_credits.payments.stripe_objects import INTENT_ENDED, Session

State = Literal["CREATED", "OPEN", "AWAITING", "PAID", "FAILED", "EXPIRED"]


@dataclass(frozen=True, kw_only=True)
class Purchase:
    """Credits that were offered to a tenant at a price."""

    id: str
    instance_id: str
    credits: int
    amount_minor: int
    currency: str
    price_version: int
    created_at: datetime
    state: State = "CREATED"
    session_id: str | None = None
    url: str | None = None
    payment_intent: str | None = None
    grant_id: int | None = None
    refunded_minor: int = 0
    credits_refunded: int = 0
    checks: int = 0
    presented_minor: int | None = None
    """What the customer paid in `presented_currency`, as Stripe writes it, where that is not ours."""
    presented_currency: str | None = None
    stripe_key: int = 1
    """Which of its Idempotency-Keys at Stripe is the present one."""


def session_is_of(session: Session, purchase: Purchase) -> bool:
    """Whether it is the session that the purchase was offered in."""
    return session.client_reference_id == purchase.id and purchase.session_id in (None, session.id)


def session_pays(session: Session, purchase: Purchase) -> bool:
    """Whether what was paid is what was asked for, whatever currency the customer chose to pay in."""
    asked = (stripe_amount(purchase.amount_minor, purchase.currency), purchase.currency)
    return session.asked == asked and session.mode == "payment" and session.payment_intent is not None


def state_told(session: Session, *, failed: bool = False) -> State:
    """The state that a session tells of; `failed` when the event itself says that a delayed payment did not come."""
    if session.payment_status == "paid":
        return "PAID"
    if failed or (session.status == "complete" and session.intent_status in INTENT_ENDED):
        return "FAILED"
    if session.status == "expired":
        return "EXPIRED"
    return "AWAITING" if session.status == "complete" else "OPEN"


def next_state(now: State, told: State) -> State:
    """The state after hearing of one: paid is never left, an end only for a payment, and nothing goes back."""
    order: dict[State, int] = {"CREATED": 0, "OPEN": 1, "AWAITING": 2, "EXPIRED": 3, "FAILED": 3, "PAID": 4}
    return told if order[told] > order[now] else now


def credits_of_refund(purchase: Purchase, refunded_minor: int) -> int:
    """How many of the purchase's credits so much money stands for, rounded down; all of them for all of it."""
    return purchase.credits * refunded_minor // purchase.amount_minor
