"""The routes that change a job that there is: cancel it, try its failed pictures again."""

from collections.abc import Awaitable, Callable
from typing import Annotated

from darkroom_servicekit.auth import Principal
from darkroom_servicekit.problems import PROBLEM_TYPE, Problem
from fastapi import APIRouter, Depends, Header, Response

from darkroom_jobs_api.answers import MEANINGS, example, json_answer, problems
from darkroom_jobs_api.jobs import examples
from darkroom_jobs_api.jobs.cancel_job import CancelJob, JobHasEnded
from darkroom_jobs_api.jobs.http import ROUTE, no_such_job
from darkroom_jobs_api.jobs.lineage import RetriedAlready
from darkroom_jobs_api.jobs.paging import read_id
from darkroom_jobs_api.jobs.prefer import parse_prefer
from darkroom_jobs_api.jobs.retry_job import JobIsOpen, NothingFailed, RetryJob
from darkroom_jobs_api.jobs.store import JobNotFound
from darkroom_jobs_api.jobs.views import AcceptedJob, JobAnswer, job_view

NOT_RETRIED = (
    "The job is running, none of its pictures failed, a later job (`jobId`) has made them or is making them, or a request with"
    " the same Idempotency-Key is still running"
)

PrincipalDependency = Callable[..., Awaitable[Principal]]


def change_routes(cancel: CancelJob, retry: RetryJob, principal: PrincipalDependency) -> APIRouter:
    """Cancel and retry jobs of the product `optimize`."""
    router = APIRouter(prefix=ROUTE, tags=["jobs"])

    @router.post("/jobs/{job_id}/cancel", response_model=JobAnswer, responses=problems(401, 404, 409, 429))
    async def cancel_job(job_id: str, who: Annotated[Principal, Depends(principal)]) -> Response:
        """Stop a job. What waits ends at once and its credits come back; what the studio has is stopped there, if it still can.

        `409` when the job has ended. Asking again while it ends changes nothing.
        """
        try:
            job = await cancel(who.instance_id, _number(job_id))
        except JobNotFound as error:
            raise no_such_job() from error
        except JobHasEnded as error:
            raise Problem(
                409, "The job has ended", f"Its status is {error.status}; there is nothing to cancel.", kind="/problems/job-ended"
            ) from error
        return json_answer(JobAnswer(job=job_view(job)))

    @router.post(
        "/jobs/{job_id}/retry",
        status_code=201,
        response_model=AcceptedJob,
        responses=problems(400, 401, 402, 404, 409, 422, 429, 503)
        | {
            201: example(examples.ACCEPTED),
            202: {"model": JobAnswer} | example(examples.NOT_DECIDED),
            402: {"description": MEANINGS[402]} | example(examples.TOO_FEW, PROBLEM_TYPE),
            409: {"description": NOT_RETRIED} | example(examples.RETRIED_ALREADY, PROBLEM_TYPE),
        },
    )
    async def retry_job(
        job_id: str,
        who: Annotated[Principal, Depends(principal)],
        idempotency_key: Annotated[str | None, Header(description="the same key answers the same, for 24 h")] = None,
        prefer: Annotated[list[str] | None, Header(description="`wait=n` (0 to 10 s), `respond-async`")] = None,
    ) -> Response:
        """A new job of the pictures that failed, at today's price; `retryOf` names the old one, which stays as it is.

        `409` while the job is running, or when none of its pictures failed. Pictures that a later job has made, or is making,
        are left out; when no other is left, the answer is `409` with the type `/problems/retried-already` and that job's number
        in `jobId`. Pictures that failed again there may be tried again, from either job.
        """
        try:
            return await retry(_number(job_id), who, key_header=idempotency_key, preference=parse_prefer(prefer or []))
        except JobNotFound as error:
            raise no_such_job() from error
        except JobIsOpen as error:
            detail = "Some of its pictures are still under way; they can be tried again once all have ended."
            raise Problem(409, "The job is running", detail, kind="/problems/job-open") from error
        except NothingFailed as error:
            detail = "None of its pictures failed."
            raise Problem(409, "Nothing to try again", detail, kind="/problems/nothing-failed") from error
        except RetriedAlready as error:
            raise _retried_already(error.job_id) from error

    return router


def _retried_already(job_id: int) -> Problem:
    detail = f"Job {job_id} has made these pictures, or is making them."
    return Problem(409, "Tried again already", detail, kind="/problems/retried-already", more={"jobId": job_id})


def _number(job_id: str) -> int:
    number = read_id(job_id)
    if number is None:
        raise no_such_job()
    return number
