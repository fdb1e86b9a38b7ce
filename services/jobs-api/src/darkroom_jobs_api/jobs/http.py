"""The routes of jobs: one call each, errors turned into problems here and nowhere deeper."""

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import Annotated

from darkroom_servicekit.auth import Principal
from darkroom_servicekit.database import UnitOfWork
from darkroom_servicekit.openapi import json_body
from darkroom_servicekit.problems import PROBLEM_TYPE, Problem, invalid_fields
from darkroom_servicekit.queue_view import QueueView
from fastapi import APIRouter, Depends, Header, Query, Request, Response

from darkroom_jobs_api.answers import MEANINGS, example, json_answer, problems
from darkroom_jobs_api.jobs import examples
from darkroom_jobs_api.jobs.accept_request import AcceptRequest
from darkroom_jobs_api.jobs.foresee import NOTHING_OF_ITEM, NOTHING_OF_JOB, foresee_items, foresee_jobs
from darkroom_jobs_api.jobs.paging import cursor_of, read_id, read_page
from darkroom_jobs_api.jobs.prefer import parse_prefer
from darkroom_jobs_api.jobs.store import JobNotFound, find_job, items_of, list_jobs
from darkroom_jobs_api.jobs.submission import EXAMPLE, SubmissionBody, read_order
from darkroom_jobs_api.jobs.views import AcceptedJob, JobAnswer, JobDetail, JobPage, item_view, job_view

ROUTE = "/api/image-optimization"

PrincipalDependency = Callable[..., Awaitable[Principal]]


def job_routes(
    accept: AcceptRequest, unit_of_work: UnitOfWork, view: QueueView, principal: PrincipalDependency, *, media_base: str
) -> APIRouter:
    """Create, list and read jobs of the product `optimize`."""
    router = APIRouter(prefix=ROUTE, tags=["jobs"])

    @router.post(
        "",
        status_code=201,
        response_model=AcceptedJob,
        responses=problems(400, 401, 402, 409, 413, 415, 422, 429, 503)
        | {
            201: example(examples.ACCEPTED),
            202: {"model": JobAnswer} | example(examples.NOT_DECIDED),
            402: {"description": MEANINGS[402]} | example(examples.TOO_FEW, PROBLEM_TYPE),
        },
        openapi_extra=json_body(SubmissionBody, EXAMPLE),
    )
    async def submit_job(
        request: Request,
        who: Annotated[Principal, Depends(principal)],
        idempotency_key: Annotated[str | None, Header(description="the same key answers the same, for 24 h")] = None,
        prefer: Annotated[list[str] | None, Header(description="`wait=n` (0 to 10 s), `respond-async`")] = None,
    ) -> Response:
        """Ask for up to ten pictures. `201`: the credits are held, `402`: they are too few, `202`: the decision takes longer."""
        raw = await read_order(request)
        return await accept(raw, who, key_header=idempotency_key, preference=parse_prefer(prefer or []))

    @router.get("/jobs", response_model=JobPage, responses=problems(400, 401, 429) | {200: example(examples.PAGE)})
    async def list_of_jobs(
        who: Annotated[Principal, Depends(principal)],
        status: Annotated[str | None, Query(description="such as `PENDING,RUNNING`; default: all")] = None,
        limit: Annotated[str | None, Query(description="1 to 100, default 20")] = None,
        cursor: Annotated[str | None, Query(description="`nextCursor` of the page before")] = None,
    ) -> Response:
        """The tenant's jobs, newest first."""
        page = read_page(status, limit, cursor)
        if isinstance(page, list):
            raise invalid_fields(page)
        async with unit_of_work.read() as connection:
            jobs, before = await list_jobs(
                connection, who.instance_id, statuses=page.statuses, before=page.before, limit=page.limit
            )
            foreseen = await foresee_jobs(connection, view, who.instance_id, jobs, now=datetime.now(UTC))
        views = [job_view(job, foreseen.get(job.id, NOTHING_OF_JOB)) for job in jobs]
        return json_answer(JobPage(jobs=views, next_cursor=cursor_of(before)))

    @router.get("/jobs/{job_id}", response_model=JobDetail, responses=problems(401, 404, 429) | {200: example(examples.DETAIL)})
    async def job_with_items(job_id: str, who: Annotated[Principal, Depends(principal)]) -> Response:
        """One job with its pictures. Another tenant's job does not exist."""
        number = read_id(job_id)
        if number is None:
            raise no_such_job()
        async with unit_of_work.read() as connection:
            try:
                job = await find_job(connection, who.instance_id, number)
            except JobNotFound as error:
                raise no_such_job() from error
            items = await items_of(connection, who.instance_id, number)
            of_job, of_items = await foresee_items(connection, view, who.instance_id, job, items, now=datetime.now(UTC))
        views = [item_view(item, media_base, of_items.get(item.id, NOTHING_OF_ITEM)) for item in items]
        return json_answer(JobDetail(job=job_view(job, of_job), items=views))

    return router


def no_such_job() -> Problem:
    """`404`, the same for a job that never was and for another tenant's."""
    return Problem(404, "No such job", kind="/problems/not-found")
