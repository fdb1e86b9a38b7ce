"""The states of jobs and items, and what follows from them. Pure.

An item only moves forward and never leaves a terminal state, so the order in which facts arrive makes no difference:
PROCESSING may come before RUNNING, and an end before either.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

from darkroom_contracts.jobs import Charge, ItemEnd, JobEnd

ItemStatus = Literal["PENDING", "RUNNING", "PROCESSING", "DONE", "FAILED", "CANCELED"]
JobStatus = Literal["PENDING", "RUNNING", "DONE", "FAILED", "CANCELED"]

JOB_STATUSES: tuple[JobStatus, ...] = ("PENDING", "RUNNING", "DONE", "FAILED", "CANCELED")
ITEM_STATUSES: tuple[ItemStatus, ...] = ("PENDING", "RUNNING", "PROCESSING", "DONE", "FAILED", "CANCELED")
_RANK: dict[ItemStatus, int] = {"PENDING": 0, "RUNNING": 1, "PROCESSING": 2, "DONE": 3, "FAILED": 3, "CANCELED": 3}

INSUFFICIENT_CREDITS = "insufficient-credits"
"""The error of a job whose credits were refused."""


def has_ended(status: JobStatus) -> bool:
    """Whether a job's state is terminal."""
    return status in ("DONE", "FAILED", "CANCELED")


def item_may_become(status: ItemStatus) -> list[ItemStatus]:
    """The states from which an item may go to `status`: all that come before it."""
    return [earlier for earlier in ITEM_STATUSES if _RANK[earlier] < _RANK[status]]


def item_after(status: ItemStatus, fact: ItemStatus) -> ItemStatus:
    """An item's state after a fact."""
    return fact if status in item_may_become(fact) else status


def charge_of(end: ItemEnd, *, reached_provider: bool, failed_items_refunded: bool, ours: bool = False) -> Charge:
    """What an item's end does to its credits: work that the provider was paid for is paid for, unless policy gives it back.

    `ours`: it failed for a reason of the platform's, or what came back cannot be used; that costs the customer nothing.
    """
    if end == "DONE":
        return "spend"
    if not reached_provider or (end == "FAILED" and (ours or failed_items_refunded)):
        return "release"
    return "spend"


@dataclass(frozen=True, kw_only=True)
class Totals:
    """How many of a job's items ended, and how. Never more than there are."""

    items: int
    done: int = 0
    failed: int = 0
    canceled: int = 0
    spent: int = 0

    def __post_init__(self) -> None:
        assert 0 <= self.ended <= self.items, f"{self.ended} of {self.items} items ended"
        assert 0 <= self.spent <= self.ended, f"{self.spent} of {self.ended} ended items spent"

    @property
    def ended(self) -> int:
        return self.done + self.failed + self.canceled

    def plus(self, end: ItemEnd, charge: Charge) -> "Totals":
        """The totals with one more item ended."""
        return replace(
            self,
            done=self.done + (end == "DONE"),
            failed=self.failed + (end == "FAILED"),
            canceled=self.canceled + (end == "CANCELED"),
            spent=self.spent + (charge == "spend"),
        )

    def end(self) -> JobEnd | None:
        """How the job ended; None while items are open. One good item makes it DONE; FAILED is only what failed wholly."""
        if self.ended < self.items:
            return None
        if self.done:
            return "DONE"
        return "CANCELED" if self.canceled else "FAILED"


def failure_text(totals: Totals, last_error: str | None) -> str:
    """Why a job FAILED, for a person."""
    if totals.items == 1 and last_error:
        return last_error
    return f"None of the {totals.items} pictures could be made; each tells its own reason."


@dataclass(frozen=True)
class Release:
    """Items of a job to be asked for now: places `after + 1` to `to`."""

    job_id: int
    after: int
    to: int


def next_releases(jobs: Sequence[tuple[int, int, int]], *, chunk_max: int, total_max: int) -> list[Release]:
    """The next chunk of each job `(id, released, total)`, in the order given, until `total_max` items are reached."""
    releases = []
    left = total_max
    for job_id, released, total in jobs:
        size = min(chunk_max, total - released, left)
        if size > 0:
            releases.append(Release(job_id, released, released + size))
            left -= size
    return releases
