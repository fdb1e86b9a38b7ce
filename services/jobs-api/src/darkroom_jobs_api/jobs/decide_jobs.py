"""The decision on a job's credits: its items are asked for, or it fails with nothing started."""

from collections.abc import Sequence

from darkroom_contracts.credits import CreditsRejected, CreditsReserved
from darkroom_contracts.jobs import JobFinished
from darkroom_servicekit.database import Transaction
from darkroom_servicekit.stages import Received

from darkroom_jobs_api.jobs.decision_store import mark_rejected, mark_reserved
from darkroom_jobs_api.jobs.decisions import Decisions
from darkroom_jobs_api.jobs.progress_store import lock_jobs
from darkroom_jobs_api.jobs.release_items import ReleaseItems
from darkroom_jobs_api.jobs.rules import INSUFFICIENT_CREDITS
from darkroom_jobs_api.quotes.store import see_balances


class DecideJobs:
    """Handlers of what credits says."""

    def __init__(self, release: ReleaseItems, decisions: Decisions) -> None:
        self._release = release
        self._decisions = decisions

    async def on_credits_reserved(self, transaction: Transaction, batch: Sequence[Received[CreditsReserved]]) -> None:
        """Credits are held: whoever waits is told, then the items are asked for."""
        await see_balances(transaction, batch)
        job_ids = await mark_reserved(transaction, batch)
        if job_ids:
            transaction.after_commit(lambda: self._decisions.announce(job_ids))
            transaction.after_commit(self._release.wake)

    async def on_credits_rejected(self, transaction: Transaction, batch: Sequence[Received[CreditsRejected]]) -> None:
        """Credits are refused: the job has FAILED, nothing was started, nothing is charged."""
        await see_balances(transaction, batch)
        jobs = await lock_jobs(transaction, {received.event.job_id for received in batch})
        job_ids = await mark_rejected(transaction, batch)
        causes = {received.event.job_id: received.envelope for received in reversed(batch)}
        for job_id in job_ids:
            job = jobs[job_id]
            finished = JobFinished(
                instance_id=job.instance_id,
                job_id=job.id,
                product_id=job.product_id,
                product_name=job.product_name,
                status="FAILED",
                items_total=job.totals.items,
                items_done=0,
                items_failed=job.totals.items,
                items_canceled=0,
                items_spent=0,
                error=INSUFFICIENT_CREDITS,
            )
            transaction.publish(finished, cause=causes[job_id])
        if job_ids:
            transaction.after_commit(lambda: self._decisions.announce(job_ids))
