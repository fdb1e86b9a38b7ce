"""Use case: a reservation that nobody has news of for long is decided by the state of its job in the log of jobs.

What the log tells is entered by the very rules that news goes through, so nothing is settled twice: the ends of items, the end of
the job. Once all is settled the reservation is closed, also when the job's own end never came. What the log does not tell stays
held: money is never guessed. Such jobs are counted and listed for operators, and looked up again, less and less often.
"""

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

import structlog
from darkroom_contracts.jobs import ItemFinished, JobFinished
from darkroom_servicekit.database import UnitOfWork
from darkroom_servicekit.stages import Received

from darkroom_credits.current_accounts import lock_accounts
from darkroom_credits.due_loop import DueLoop
from darkroom_credits.keep_books import KeepBooks
from darkroom_credits.metrics import CreditsMetrics
from darkroom_credits.sweep.read_ends import End, ReadEnds
from darkroom_credits.sweep.store import Overdue, claim_overdue, close_settled, count_undecided, next_sweep, still_open

LOOK_SECONDS_MAX = 300.0
JOBS_MAX = 200
"""Looked up in one reading."""
AGAIN_FIRST, AGAIN_LONGEST = timedelta(minutes=10), timedelta(days=1)
JOBS_NAMED_MAX = 20

log = structlog.get_logger()


class SweepReservations:
    """The loop. `quiet_seconds`: for how long there must have been no news of a job that holds credits."""

    def __init__(
        self,
        unit_of_work: UnitOfWork,
        books: KeepBooks,
        ends: ReadEnds,
        metrics: CreditsMetrics,
        *,
        clock: Callable[[], datetime],
        quiet_seconds: float,
    ) -> None:
        self._uow = unit_of_work
        self._books = books
        self._ends = ends
        self._metrics = metrics
        self._clock = clock
        self._quiet = timedelta(seconds=quiet_seconds)
        self.run = DueLoop(self._work, self._next, clock=clock, look_seconds_max=LOOK_SECONDS_MAX).run

    async def sweep(self) -> int:
        """Decide all that is due and can be decided; how many were cleared. Raises KafkaError, TimeoutError without the log."""
        cleared = 0
        while due := await self._claim():
            found = await self._ends.of(due)
            still = await self._enter(due, found)
            cleared += len(due) - len(still)
            self._metrics.swept.labels("cleared").inc(len(due) - len(still))
            self._metrics.swept.labels("undecided").inc(len(still))
            log.warning(
                "reservations without news looked up in the log of jobs",
                cleared=len(due) - len(still),
                undecided=len(still),
                undecided_jobs=still[:JOBS_NAMED_MAX],
            )
        return cleared

    async def _claim(self) -> list[Overdue]:
        async with self._uow.begin() as transaction:
            return await claim_overdue(transaction, quiet=self._quiet, first=AGAIN_FIRST, longest=AGAIN_LONGEST, limit=JOBS_MAX)

    async def _enter(self, due: Sequence[Overdue], found: Sequence[Received[End]]) -> list[int]:
        """Enter what the log tells; the jobs that are open still."""
        job_ids = [job.job_id for job in due]
        items = [one for one in found if isinstance(one.event, ItemFinished)]
        jobs = [one for one in found if isinstance(one.event, JobFinished)]
        async with self._uow.begin() as transaction:
            await lock_accounts(transaction, [job.instance_id for job in due])
            # Items before jobs: what is known of an item is told by its own charge, the job's totals cover the others.
            await self._books.on_job_events(transaction, [*items, *jobs])
            still: list[int] = []

            async def close() -> None:
                await close_settled(transaction, job_ids)
                still.extend(await still_open(transaction, job_ids))

            transaction.before_commit(close)
        return still

    async def _work(self) -> None:
        await self.sweep()
        async with self._uow.read() as connection:
            undecided = await count_undecided(connection, quiet_since=self._clock() - self._quiet)
        self._metrics.reservations_undecided.set(undecided)

    async def _next(self) -> datetime | None:
        async with self._uow.read() as connection:
            return await next_sweep(connection, quiet=self._quiet)
