"""Items of a stopped job that were never asked for end here, in chunks, each its own transaction.

The job's row says how far it has got, as it does for asking; a loop finds what a dead process left. What was asked for is the
predictor's to end, since it alone knows whether the provider has it.
"""

import asyncio
from collections.abc import Sequence

from darkroom_contracts.jobs import ItemFinished
from darkroom_servicekit.database import Transaction, UnitOfWork
from darkroom_servicekit.loops import set_within

from darkroom_jobs_api.jobs.decision_store import mark_released
from darkroom_jobs_api.jobs.follow_items import CANCELED_TEXT, job_finished
from darkroom_jobs_api.jobs.progress_store import CountedJob, count_jobs, lock_jobs
from darkroom_jobs_api.jobs.rules import Totals, next_releases
from darkroom_jobs_api.jobs.stop_store import StoppedItem, is_left_to_stop, jobs_to_stop, stop_items

CHUNK_ITEMS_MAX = 500
TRANSACTION_ITEMS_MAX = 2_000
TRANSACTION_JOBS_MAX = 100
LOOK_SECONDS = 10.0
"""How often the loop looks by itself: only for what a process left that died."""
HELD_SECONDS = 0.1
"""Until it looks again at jobs that somebody held when it looked: their progress, or another replica."""


class StopItems:
    """Call it inside the transaction that stops a job; `run` for ever for what is too much for one."""

    def __init__(self, unit_of_work: UnitOfWork) -> None:
        self._unit_of_work = unit_of_work
        self._more = asyncio.Event()

    async def __call__(self, transaction: Transaction, job_ids: Sequence[int] | None) -> bool:
        """End the next chunk of these jobs, or of any; whether there may be more to do."""
        jobs = {job.id: job for job in await jobs_to_stop(transaction, job_ids, jobs_max=TRANSACTION_JOBS_MAX)}
        chunks = next_releases(
            [(job.id, job.released, job.total) for job in jobs.values()],
            chunk_max=CHUNK_ITEMS_MAX,
            total_max=TRANSACTION_ITEMS_MAX,
        )
        if not chunks:
            return False
        open_jobs = await lock_jobs(transaction, {chunk.job_id for chunk in chunks})
        totals = {job_id: job.totals for job_id, job in open_jobs.items()}
        for item in await stop_items(transaction, chunks, error=CANCELED_TEXT):
            totals[item.job_id] = totals[item.job_id].plus("CANCELED", "release")
            transaction.publish(_item_finished(item, totals[item.job_id]), cause=jobs[item.job_id].stopped_by)
        await mark_released(transaction, chunks)
        counted: dict[int, CountedJob] = {}
        for job_id, job in open_jobs.items():
            status = totals[job_id].end()
            counted[job_id] = CountedJob(status=status or job.status, totals=totals[job_id])
            if status is not None:
                transaction.publish(job_finished(job, totals[job_id], None), cause=jobs[job_id].stopped_by)
        await count_jobs(transaction, counted)
        whole = sum(chunk.to == jobs[chunk.job_id].total for chunk in chunks)
        more = whole < len(jobs) or len(jobs) == TRANSACTION_JOBS_MAX
        if more:
            transaction.after_commit(self._more.set)
        return more

    async def run(self) -> None:
        """Go on with what is left until cancelled."""
        while True:
            self._more.clear()
            while await self._stop_some():
                pass
            async with self._unit_of_work.read() as connection:
                wait = HELD_SECONDS if await is_left_to_stop(connection) else LOOK_SECONDS
            await set_within(self._more, wait)

    async def once(self) -> None:
        """Go on with one chunk of whatever is left."""
        await self._stop_some()

    async def _stop_some(self) -> bool:
        async with self._unit_of_work.begin() as transaction:
            return await self(transaction, None)


def _item_finished(item: StoppedItem, totals: Totals) -> ItemFinished:
    return ItemFinished(
        instance_id=item.instance_id,
        job_id=item.job_id,
        item_id=item.id,
        image_id=item.image_id,
        status="CANCELED",
        charge="release",
        items_total=totals.items,
        items_done=totals.done,
        items_failed=totals.failed,
        items_canceled=totals.canceled,
        error=CANCELED_TEXT,
    )
