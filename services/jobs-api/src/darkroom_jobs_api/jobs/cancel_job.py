"""A job is asked to stop. The job's row decides: nothing is asked for after this in the log, and what was is the predictor's.

Asking again changes nothing. A job whose credits are not decided yet ends here; its hold, when it comes, its end gives back.
"""

from darkroom_contracts.jobs import JobCancelRequested
from darkroom_servicekit.database import UnitOfWork

from darkroom_jobs_api.jobs.decisions import Decisions
from darkroom_jobs_api.jobs.job import Job
from darkroom_jobs_api.jobs.progress_store import lock_jobs
from darkroom_jobs_api.jobs.rules import JobStatus, has_ended
from darkroom_jobs_api.jobs.stop_items import StopItems
from darkroom_jobs_api.jobs.stop_store import cancel_was_requested, request_cancel
from darkroom_jobs_api.jobs.store import JobNotFound, find_job


class JobHasEnded(Exception):
    """There is nothing left to stop."""

    def __init__(self, status: JobStatus) -> None:
        super().__init__(status)
        self.status = status


class CancelJob:
    """The use case. Raises JobNotFound, JobHasEnded."""

    def __init__(self, unit_of_work: UnitOfWork, stop_items: StopItems, decisions: Decisions) -> None:
        self._unit_of_work = unit_of_work
        self._stop_items = stop_items
        self._decisions = decisions

    async def __call__(self, instance_id: str, job_id: int) -> Job:
        """The job as it stands then; what is under way goes on to its end."""
        async with self._unit_of_work.begin() as transaction:
            job = (await lock_jobs(transaction, {job_id})).get(job_id)
            if job is None or job.instance_id != instance_id:
                raise JobNotFound(job_id)
            if has_ended(job.status):
                raise JobHasEnded(job.status)
            if not await cancel_was_requested(transaction, instance_id, job_id):
                stopped_by = transaction.publish(JobCancelRequested(instance_id=instance_id, job_id=job_id))
                await request_cancel(transaction, instance_id, job_id, stopped_by)
                await self._stop_items(transaction, [job_id])
                transaction.after_commit(lambda: self._decisions.announce([job_id]))
            return await find_job(transaction.connection, instance_id, job_id)
