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
    balances: Balances


class CreditsGranted(Event):
    """Credits were added to a tenant: a plan's allowance, a top-up or an operator's grant."""

    topic: ClassVar[str] = "darkroom.credits"

    grant_id: int
    amount: int = Field(gt=0)
    reason: str
    expires_at: datetime | None = None
    balances: Balances
