"""The answer to a request for a job, from the job's row: 201 held, 402 refused, 409 cancelled, 202 not decided yet. Pure."""

import json
from typing import Any

from darkroom_contracts.envelope import utc_text
from darkroom_servicekit.http import Body
from darkroom_servicekit.problems import PROBLEM_TYPE, Problem

from darkroom_jobs_api.idempotency.answer import StoredAnswer
from darkroom_jobs_api.jobs.job import Job
from darkroom_jobs_api.jobs.prefer import Preference
from darkroom_jobs_api.jobs.views import AcceptedJob, JobAnswer, job_view

JOBS_PATH = "/api/image-optimization/jobs"
VARY = "Authorization, Prefer, Idempotency-Key"


def decided_answer(job: Job, preference: Preference | None) -> StoredAnswer:
    """What to tell the caller. `preference` is None where the answer is rebuilt and the request's wait long over."""
    headers = {"Location": f"{JOBS_PATH}/{job.id}", "Vary": VARY}
    if preference and (applied := preference.applied(answered_async=job.decision == "WAITING")):
        headers["Preference-Applied"] = applied
    match job.decision:
        case "WAITING" if job.finished_at is not None:
            return StoredAnswer(409, json.dumps(canceled(job).body), headers | {"Content-Type": PROBLEM_TYPE})
        case "WAITING":
            return _json(202, JobAnswer(job=job_view(job)), headers)
        case "RESERVED":
            used = job.price_credits * job.items_total
            accepted = AcceptedJob(job=job_view(job), credits_used=used, credits_remaining=job.credits_available or 0)
            return _json(201, accepted, headers)
        case "REJECTED":
            body = json.dumps(insufficient_credits(job).body)
            return StoredAnswer(402, body, headers | {"Content-Type": PROBLEM_TYPE})


def insufficient_credits(job: Job) -> Problem:
    """`402` with what is needed and what is there."""
    needed, available = job.credits_needed or 0, job.credits_available or 0
    more: dict[str, Any] = {"needed": needed, "available": available, "held": job.credits_held or 0, "jobId": job.id}
    if job.credits_renew_at:
        more["renewsAt"] = utc_text(job.credits_renew_at)
    detail = f"This job costs {needed} credits and {available} are available. Nothing was started or taken."
    return Problem(402, "Too few credits", detail, kind="/problems/insufficient-credits", more=more)


def canceled(job: Job) -> Problem:
    """`409` for a job that was cancelled while its request waited for the decision on its credits."""
    detail = "This job was cancelled before its credits were held. Nothing was started or taken."
    return Problem(409, "The job was cancelled", detail, kind="/problems/job-canceled", more={"jobId": job.id})


def _json(status: int, body: Body, headers: dict[str, str]) -> StoredAnswer:
    return StoredAnswer(status, body.model_dump_json(by_alias=True), headers | {"Content-Type": "application/json"})
