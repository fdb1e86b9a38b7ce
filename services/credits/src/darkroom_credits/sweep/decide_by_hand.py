"""Use case: a person decides on a reservation that the log of jobs does not decide, with a reason and under his name.

Only on one that was looked up in vain and has had no news since: any other is decided by the events of its job.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from darkroom_servicekit.database import UnitOfWork

from darkroom_credits.bookkeeping import post_settlement
from darkroom_credits.reservations import Settled, clear
from darkroom_credits.store import close_books, open_books
from darkroom_credits.store_ledger import write_account
from darkroom_credits.sweep.store import standing_of


@dataclass(frozen=True, kw_only=True)
class Decision:
    """That of this job's items so many are spent, in all, and the rest of what it holds is given back."""

    job_id: int
    items_spent: int
    reason: str
    decided_by: str


@dataclass(frozen=True, kw_only=True)
class Decided:
    """What came of it."""

    instance_id: str
    settled: Settled
    available_after: int


class UnknownReservation(LookupError):
    """No job of this number has ever held credits."""


class NotLeftToAPerson(Exception):
    """The reservation is closed, or its job's events may still decide on it."""

    def __init__(self, state: str) -> None:
        super().__init__(state)
        self.state = state


class TooManyItems(ValueError):
    """More items are to be spent than the job has."""

    def __init__(self, items_total: int) -> None:
        super().__init__(f"the job has {items_total} items")
        self.items_total = items_total


class DecideByHand:
    """`quiet_seconds`: for how long there must have been no news of a job that holds credits."""

    def __init__(self, unit_of_work: UnitOfWork, *, clock: Callable[[], datetime], quiet_seconds: float) -> None:
        self._uow = unit_of_work
        self._clock = clock
        self._quiet = timedelta(seconds=quiet_seconds)

    async def __call__(self, decision: Decision) -> Decided:
        """Close the reservation. Raises UnknownReservation, NotLeftToAPerson, TooManyItems; then nothing has changed."""
        job_id, quiet_since = decision.job_id, self._clock() - self._quiet
        async with self._uow.begin() as transaction:
            before = await standing_of(transaction.connection, job_id, quiet_since=quiet_since)
            if before is None:
                raise UnknownReservation
            books = await open_books(transaction, instances=[before.instance_id], jobs=[job_id], items=[])
            standing = await standing_of(transaction.connection, job_id, quiet_since=quiet_since)
            assert standing is not None, "reservations are never removed"
            if not standing.undecided:
                raise NotLeftToAPerson(standing.state)
            if decision.items_spent > standing.items_total:
                raise TooManyItems(standing.items_total)
            settled = clear(books.reservations[job_id], items_spent=decision.items_spent)
            assert settled is not None, "it is open"
            books.touched_jobs[job_id] = None
            account = books.accounts[before.instance_id]
            facts = post_settlement(books, account, job_id, settled, reason=decision.reason, created_by=decision.decided_by)
            await write_account(transaction, account, created_by=decision.decided_by)
            await close_books(transaction, books)
            for fact in facts:
                transaction.publish(fact)
            return Decided(instance_id=account.instance_id, settled=settled, available_after=account.available)
