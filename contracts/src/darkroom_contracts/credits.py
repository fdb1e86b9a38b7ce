"""Events of credits, on `darkroom.credits`: every change of every balance.

Each carries the tenant's balances after the change, so the topic alone rebuilds them.
"""

from datetime import datetime
from typing import ClassVar

from pydantic import Field

from darkroom_contracts.event import Event, Fact, JobEvent


class Balances(Fact):
    """A tenant's credits after a change."""

    available: int = Field(ge=0)
    held: int = Field(ge=0)
    spent: int = Field(ge=0)


class CreditsReserved(JobEvent):
    """A job's credits are held: it may start."""

    topic: ClassVar[str] = "darkroom.credits"

    amount: int = Field(ge=0)
    balances: Balances


class CreditsRejected(JobEvent):
    """A job costs more than is available; nothing was taken."""

    topic: ClassVar[str] = "darkroom.credits"

    needed: int
    balances: Balances
    renews_at: datetime | None = None


class CreditsSettled(JobEvent):
    """Held credits of a job's items that ended were spent or given back. One event may settle several items."""

    topic: ClassVar[str] = "darkroom.credits"

    spent: int = Field(ge=0)
    released: int = Field(ge=0)
    reason: str | None = Field(default=None, description="why, when a person decided on what the log of jobs does not tell")
    created_by: str | None = Field(default=None, description="that person's name")
    balances: Balances


class CreditsGranted(Event):
    """Credits were added to a tenant: a plan's allowance, a top-up or an operator's grant."""

    topic: ClassVar[str] = "darkroom.credits"

    grant_id: int
    kind: str | None = Field(default=None, description="`allowance`, `operator`, `purchase`; later there may be others")
    amount: int = Field(gt=0)
    reason: str
    created_by: str | None = Field(default=None, description="who gave them: a person's name, or the part of the platform")
    expires_at: datetime | None = None
    balances: Balances


class CreditsExpired(Event):
    """Available credits reached the end of their grant and left it unspent."""

    topic: ClassVar[str] = "darkroom.credits"

    grant_id: int
    amount: int = Field(gt=0)
    expired_at: datetime
    job_id: int | None = None
    """The job that had held them, when they came back after the grant's end."""
    balances: Balances


class CreditsTakenBack(Event):
    """Available credits of a purchase were taken back, because its payment was refunded."""

    topic: ClassVar[str] = "darkroom.credits"

    grant_id: int
    amount: int = Field(gt=0)
    job_id: int | None = None
    """The job that had held them, when they came back after the refund."""
    balances: Balances


class CreditsRestored(Event):
    """Credits that were taken back came back to their grant: the refund failed, or the lost dispute was won after all."""

    topic: ClassVar[str] = "darkroom.credits"

    grant_id: int
    amount: int = Field(gt=0)
    balances: Balances


class CreditsAdjusted(Event):
    """An operator corrected a tenant's credits, up or down. What was not there to be taken is booked as lost."""

    topic: ClassVar[str] = "darkroom.credits"

    adjustment_id: int
    amount: int = Field(description="what was asked for: more than 0 adds, less than 0 takes")
    lost: int = Field(default=0, ge=0, description="of a taking, what was not available any more; the rest was taken")
    grant_id: int | None = Field(default=None, description="of an adding, the grant that it made")
    reason: str
    created_by: str
    balances: Balances


class CreditsReimbursed(JobEvent):
    """An operator gave back credits that a job, or one item of it, had spent."""

    topic: ClassVar[str] = "darkroom.credits"

    adjustment_id: int
    item_id: int | None = None
    amount: int = Field(gt=0)
    reason: str
    created_by: str
    balances: Balances


class PlanChanged(Event):
    """A tenant is on a plan, or another version of it, from now on: its terms, and its first period."""

    topic: ClassVar[str] = "darkroom.credits"

    plan: str
    plan_version: int = Field(ge=1)
    credits_per_month: int = Field(ge=0)
    weight: int = Field(ge=1)
    cap_per_minute: int | None = Field(default=None, ge=1)
    period_started_at: datetime
    renews_at: datetime | None = None


class CreditPriceSet(Event):
    """What credits cost by card from a time on: one version of the price, which never changes. Its key is `_platform`."""

    topic: ClassVar[str] = "darkroom.credits"

    price_version: int = Field(ge=1)
    currency: str
    minor_per_thousand: int = Field(gt=0, description="for a thousand credits, in the currency's minor unit")
    credits_min: int = Field(ge=1, description="the fewest that are sold at once")
    credits_max: int = Field(ge=1, description="the most that are sold at once")
    valid_from: datetime


class PaymentSucceeded(Event):
    """A card payment for credits came in, in the amount that was asked for; the credits come by `CreditsGranted`."""

    topic: ClassVar[str] = "darkroom.credits"

    purchase_id: str
    grant_id: int
    credits: int = Field(gt=0)
    amount_minor: int = Field(gt=0)
    currency: str
    price_version: int = Field(ge=1)


class PaymentRefunded(Event):
    """A payment was paid back, in full or in part. All figures are the purchase's totals so far."""

    topic: ClassVar[str] = "darkroom.credits"

    purchase_id: str
    grant_id: int
    amount_minor: int = Field(gt=0)
    currency: str
    credits_refunded: int = Field(ge=0)
    credits_lost: int = Field(ge=0)
    """Refunded credits that could not be taken back, because jobs had spent or held them."""


class PaymentRestored(Event):
    """Money that had been paid back of a payment is ours again. All figures are the purchase's totals so far."""

    topic: ClassVar[str] = "darkroom.credits"

    purchase_id: str
    grant_id: int
    amount_minor: int = Field(ge=0, description="how much of the payment is paid back now")
    currency: str
    credits_refunded: int = Field(ge=0)
    credits_lost: int = Field(ge=0, description="refunded credits that could not be taken back")
