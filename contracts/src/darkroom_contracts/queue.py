"""The fair queue as the predictor measures it, on the compacted topic `darkroom.queue`: of each tenant the last word.

These are measurements and no facts of the event log: nothing is rebuilt from them, and losing one costs a second of foresight.
What they mean for an item is `queue_place.py`.
"""

from datetime import datetime
from typing import ClassVar

from pydantic import Field

from darkroom_contracts.event import Event, Fact


class QueueLine(Fact):
    """Tenants that wait, one or several taken together, as the fair order sees them."""

    tenant: str | None = Field(default=None, description="the tenant, where it is one alone")
    tenants: int = Field(default=1, ge=1)
    tag: int = Field(description="virtual time of the next start")
    step: float = Field(gt=0, description="virtual time between two starts")
    waiting: int = Field(ge=1)
    cap_per_minute: int | None = Field(default=None, ge=1, description="where a cap of its own bounds them all")
    cap_left: int = Field(default=0, ge=0, description="starts that this cap allows at once")
    cap_frees: tuple[float, float] = Field(default=(0.0, 60.0), description="seconds until the first of the others, and the last")


class ProviderQueue(Fact):
    """One provider's queue: who waits, and how fast it goes."""

    provider: str
    epoch: int
    virtual: int = Field(description="the virtual clock")
    starts_per_minute: float = Field(ge=0, description="while it is open; 0: no telling")
    opens_at: datetime | None = Field(default=None, description="no start before this time")
    usual_seconds: float = Field(gt=0, description="from an item's start to its result, lately")
    waiting: int = Field(ge=0)
    in_flight: int = Field(ge=0)
    lines: tuple[QueueLine, ...] = ()


class QueueMeasured(Event):
    """The queues of all providers. Its key is `_platform`."""

    topic: ClassVar[str] = "darkroom.queue"

    measured_at: datetime
    queues: tuple[ProviderQueue, ...]


class Lane(Fact):
    """A tenant's waiting jobs in the order of their turns, each with its number of waiting items."""

    jobs: tuple[tuple[int, int], ...] = Field(default=(), description="job and items, the first so many of them")
    more_jobs: int = Field(default=0, ge=0, description="jobs behind those")
    more_waiting: int = Field(default=0, ge=0, description="the items of these")


class TenantPlace(Fact):
    """A tenant's place in one provider's queue."""

    provider: str
    epoch: int
    tag: int = Field(description="virtual time of its next start")
    step: int = Field(gt=0, description="virtual time that each start costs it")
    waiting: int = Field(ge=0)
    paused: bool = False
    cap_per_minute: int | None = Field(default=None, ge=1)
    cap_frees: tuple[tuple[int, float], ...] = Field(
        default=(), description="(n, seconds): when its own cap allows the n-th next start; in between, linear"
    )
    fresh: Lane = Lane()
    behind: Lane = Field(default=Lane(), description="redriven work, which goes while there is no fresh")


class TenantQueueMeasured(Event):
    """A tenant's places in the queues. A message without a value under its key: it waits nowhere, on the usual terms."""

    topic: ClassVar[str] = "darkroom.queue"

    measured_at: datetime
    places: tuple[TenantPlace, ...]
