"""A purchase of credits, and what Stripe's news of it means: pure. Only a payment in the amount and currency that were sold
counts, and what was paid stays paid; news may come in any order and any number of times.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from pydantic import BaseModel, field_validator

State = Literal["CREATED", "OPEN", "AWAITING", "PAID", "FAILED", "EXPIRED"]
DisputeState = Literal["OPEN", "WON", "LOST"]
INTENT_ENDED = frozenset({"requires_payment_method", "canceled"})


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


class Session(BaseModel):
    """What is read of a Checkout Session (external API facts, Stripe 3.2); the rest of it is of no concern."""

    id: str
    amount_total: int | None = None
    currency: str | None = None
    client_reference_id: str | None = None
    mode: str | None = None
    status: str | None = None
    payment_status: str | None = None
    payment_intent: str | None = None
    intent_status: str | None = None
    url: str | None = None

    @classmethod
    def read(cls, data: dict[str, Any]) -> "Session":
        """A session as it came; its payment intent may be expanded. Raises pydantic.ValidationError."""
        intent = data.get("payment_intent")
        if isinstance(intent, dict):
            data = {**data, "payment_intent": intent.get("id"), "intent_status": intent.get("status")}
        return cls.model_validate(data)

    def is_of(self, purchase: Purchase) -> bool:
        """Whether it is the session that the purchase was offered in."""
        return self.client_reference_id == purchase.id and purchase.session_id in (None, self.id)

    def pays(self, purchase: Purchase) -> bool:
        """Whether what was paid is what was asked for."""
        sold = (purchase.amount_minor, purchase.currency, "payment")
        return (self.amount_total, (self.currency or "").upper(), self.mode) == sold and self.payment_intent is not None


class Charge(BaseModel):
    """What is read of a charge that was refunded; `amount_refunded` is the total so far."""

    id: str
    payment_intent: str | None = None
    amount: int
    amount_refunded: int
    currency: str

    @field_validator("currency")
    @classmethod
    def _upper(cls, value: str) -> str:
        return value.upper()


class Dispute(BaseModel):
    """What is read of a dispute; `amount` is what is disputed of the payment."""

    id: str
    payment_intent: str | None = None
    amount: int
    currency: str
    status: str

    @field_validator("currency")
    @classmethod
    def _upper(cls, value: str) -> str:
        return value.upper()


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


@dataclass(frozen=True)
class PaidBack:
    """What Stripe told has gone back of a payment: refunded by the merchant, and taken by the bank in a dispute that was lost.

    `amount` is that of the payment, which only a refund tells.
    """

    currency: str
    amount: int | None
    refunded: int
    disputed: int

    def is_of(self, purchase: Purchase) -> bool:
        """Whether it can be about what was sold."""
        sold = self.amount in (None, purchase.amount_minor) and self.currency == purchase.currency
        return sold and max(self.refunded, self.disputed) <= purchase.amount_minor

    def of(self, purchase: Purchase) -> int:
        """The total; no more than was paid goes back, whatever both say together."""
        return min(self.refunded + self.disputed, purchase.amount_minor)


def credits_of_refund(purchase: Purchase, refunded_minor: int) -> int:
    """How many of the purchase's credits so much money stands for, rounded down; all of them for all of it."""
    return purchase.credits * refunded_minor // purchase.amount_minor
