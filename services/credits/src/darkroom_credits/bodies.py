"""The JSON shapes of credits' HTTP doors."""

from datetime import date, datetime
from typing import Annotated

from darkroom_contracts.envelope import utc_text
from darkroom_servicekit.http import Body, StrictBody
from darkroom_servicekit.instants import Instant
from pydantic import Field, PlainSerializer

GRANT_AMOUNT_MAX = 1_000_000_000
REASON_MAX = 500
PLAN_NAME_MAX = 50
ID_MAX = 2**63 - 1

UtcTime = Annotated[datetime, PlainSerializer(utc_text, return_type=str)]


class ExpiringBody(Body):
    """Credits that are lost at a time."""

    amount: int
    expires_at: UtcTime


class CreditsBody(Body):
    """A tenant's credits: what may be spent, what jobs hold, what was spent, what will be lost when."""

    available: int
    held: int
    spent: int
    expiring: list[ExpiringBody]
    plan: str
    renews_at: UtcTime | None


class TransactionBody(Body):
    """A line of the statement: the amounts sum to `available`."""

    id: int
    kind: str
    amount: int
    balance_after: int
    created_at: UtcTime
    job_id: int | None = Field(default=None, exclude_if=lambda value: value is None)
    reason: str | None = Field(default=None, exclude_if=lambda value: value is None)


class TransactionsBody(Body):
    """A page of the statement, newest first."""

    transactions: list[TransactionBody]
    next_cursor: str | None


class PriceBody(Body):
    """An amount of money."""

    amount: int = Field(description="in the currency's minor unit (ISO 4217): 2900 is 29.00 EUR, 1500 is 1,500 JPY")
    currency: str


class PlanBody(Body):
    """A plan as it is sold now."""

    name: str
    title: str
    credits_per_month: int
    weight: int
    cap_per_minute: int | None
    price: PriceBody


class PlansBody(Body):
    """All plans, and which one the caller is on."""

    plans: list[PlanBody]
    current: str


class GrantRequest(StrictBody):
    """Credits that an operator gives."""

    amount: int = Field(gt=0, le=GRANT_AMOUNT_MAX, strict=True)
    reason: str = Field(min_length=1, max_length=REASON_MAX)
    expires_at: Instant | None = None


class GrantBody(Body):
    """A grant as it was made."""

    id: int
    instance_id: str
    amount: int
    reason: str
    expires_at: UtcTime | None
    created_by: str
    created_at: UtcTime


class GrantedBody(Body):
    """The grant, and the available credits right after it."""

    grant: GrantBody
    balance_after: int


class AdjustmentRequest(StrictBody):
    """Credits that an operator adds (more than 0) or takes (less than 0)."""

    amount: int = Field(ge=-GRANT_AMOUNT_MAX, le=GRANT_AMOUNT_MAX, strict=True)
    reason: str = Field(min_length=1, max_length=REASON_MAX)


class RefundRequest(StrictBody):
    """Spent credits that an operator gives back: of a job, or of one item of it."""

    job_id: int = Field(ge=1, le=ID_MAX, strict=True)
    item_id: int | None = Field(default=None, ge=1, le=ID_MAX, strict=True)
    amount: int | None = Field(default=None, gt=0, le=GRANT_AMOUNT_MAX, strict=True, description="all that is left, if not said")
    reason: str = Field(min_length=1, max_length=REASON_MAX)


class DecisionRequest(StrictBody):
    """An operator's decision on a reservation that the log of jobs does not decide."""

    items_spent: int = Field(default=0, ge=0, strict=True, description="in all, those settled before included")
    reason: str = Field(min_length=1, max_length=REASON_MAX)


class DecidedBody(Body):
    """What such a decision made of the credits that were held still."""

    job_id: int
    instance_id: str
    spent: int
    released: int
    balance_after: int


class CorrectionBody(Body):
    """A correction as it was made. `lost`: how much of a taking was not available any more."""

    id: int
    instance_id: str
    kind: str
    amount: int
    lost: int
    job_id: int | None = Field(default=None, exclude_if=lambda value: value is None)
    item_id: int | None = Field(default=None, exclude_if=lambda value: value is None)
    reason: str
    created_by: str
    created_at: UtcTime


class CorrectedBody(Body):
    """The correction, and the available credits right after it."""

    correction: CorrectionBody
    balance_after: int


class PlanRequest(StrictBody):
    """The plan that a tenant goes on."""

    plan: str = Field(min_length=1, max_length=PLAN_NAME_MAX)


class ReservationBody(Body):
    """Credits that a job holds."""

    job_id: int
    instance_id: str
    product: str
    amount: int
    held: int
    items_total: int
    items_settled: int
    sweeps: int = Field(description="how often it was looked up in the log of jobs, which did not tell of its end")
    created_at: UtcTime
    updated_at: UtcTime


class ReservationsBody(Body):
    """Reservations that are open, the oldest first."""

    reservations: list[ReservationBody]


class UsageLineBody(Body):
    """What was spent on a product on one day."""

    day: date
    product: str
    spent: int = Field(description="less what was given back on that day, so it may be below zero")
    jobs: int


class UsageBody(Body):
    """What was spent in a time, by day and product."""

    since: UtcTime = Field(serialization_alias="from")
    until: UtcTime = Field(serialization_alias="to")
    usage: list[UsageLineBody]
    spent: int
