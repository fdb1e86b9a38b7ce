"""What is read of Stripe's objects (external API facts, Stripe 3.2 and 3.3): pure. Amounts stay as Stripe wrote them.

Adaptive Pricing lets a customer pay in another currency than the one that was asked for. Since 2025-03-30 the session keeps our
currency and tells of the other in `presentment_details`; before, it named the other and ours in `currency_conversion`.
"""

from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, Field, StringConstraints

INTENT_ENDED = frozenset({"requires_payment_method", "canceled"})
REFUND_ENDED_UNPAID = frozenset({"failed", "canceled"})

RefundState = Literal["PENDING", "SUCCEEDED", "FAILED"]
DisputeState = Literal["INQUIRY", "OPEN", "LOST", "WON"]

StripeId = Annotated[str, StringConstraints(pattern=r"^[!-~]{1,255}$")]
"""An id holds visible ASCII only; the database could not even store a NUL."""
Currency = Annotated[str, StringConstraints(pattern=r"^[A-Za-z]{3}$"), AfterValidator(str.upper)]
Amount = Annotated[int, Field(ge=0, lt=2**53)]


class Presented(BaseModel):
    """What the customer was shown, since 2025-03-30."""

    presentment_amount: Amount
    presentment_currency: Currency


class Conversion(BaseModel):
    """What we asked for, before 2025-03-30."""

    amount_total: Amount
    source_currency: Currency


class Session(BaseModel):
    """A Checkout Session."""

    id: StripeId
    amount_total: Amount | None = None
    currency: Currency | None = None
    currency_conversion: Conversion | None = None
    presentment_details: Presented | None = None
    client_reference_id: str | None = None
    mode: str | None = None
    status: str | None = None
    payment_status: str | None = None
    payment_intent: StripeId | None = None
    intent_status: str | None = None
    url: str | None = None

    @classmethod
    def read(cls, data: dict[str, Any]) -> "Session":
        """A session as it came; its payment intent may be expanded. Raises pydantic.ValidationError."""
        intent = data.get("payment_intent")
        if isinstance(intent, dict):
            data = {**data, "payment_intent": intent.get("id"), "intent_status": intent.get("status")}
        return cls.model_validate(data)

    @property
    def asked(self) -> tuple[int | None, str | None]:
        """The amount and currency that we asked for, in either shape."""
        if self.currency_conversion is not None:
            return self.currency_conversion.amount_total, self.currency_conversion.source_currency
        return self.amount_total, self.currency

    @property
    def presented(self) -> tuple[int, str] | None:
        """The amount and currency that the customer paid, if they are other than ours."""
        if self.currency_conversion is not None and self.amount_total and self.currency:
            return self.amount_total, self.currency
        details = self.presentment_details
        if details is not None and details.presentment_amount:
            return details.presentment_amount, details.presentment_currency
        return None


class Refund(BaseModel):
    """One refund of a payment."""

    id: StripeId
    payment_intent: StripeId | None = None
    amount: Amount
    currency: Currency
    status: str | None = None

    def state(self, *, failed: bool = False) -> RefundState:
        """Whether the money goes back; `failed` when the event itself says that it does not."""
        if failed or self.status in REFUND_ENDED_UNPAID:
            return "FAILED"
        return "SUCCEEDED" if self.status == "succeeded" else "PENDING"


class RefundList(BaseModel):
    """A page of a charge's refunds."""

    data: list[Refund]
    has_more: bool = False


class Charge(BaseModel):
    """A charge; `amount_refunded` is the total so far. Its refunds are there if they were asked for, or by an old version."""

    id: StripeId
    payment_intent: StripeId | None = None
    amount: Amount
    amount_refunded: Amount
    currency: Currency
    refunds: RefundList | None = None


class Dispute(BaseModel):
    """A dispute; `amount` is what is disputed of the payment."""

    id: StripeId
    payment_intent: StripeId | None = None
    amount: Amount
    currency: Currency
    status: str

    def state(self, *, closed: bool = False, reinstated: bool = False) -> DisputeState:
        """What it means for the money: an inquiry takes none, and money that was reinstated is ours whatever the status says."""
        if reinstated or self.status == "won":
            return "WON"
        if self.status.startswith("warning_"):
            return "INQUIRY"
        if self.status == "lost":
            return "LOST"
        return "WON" if closed else "OPEN"
