"""`…/jobs/{id}/pictures.zip`: all results of a tenant's job in one download."""

from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from typing import Annotated

from darkroom_servicekit.auth import Principal
from darkroom_servicekit.database import UnitOfWork
from darkroom_servicekit.problems import Problem
from darkroom_servicekit.storage import ObjectStore, StorageUnavailable
from fastapi import APIRouter, Depends
from fastapi.responses import StreamingResponse

from darkroom_jobs_api.answers import problems
from darkroom_jobs_api.jobs.archive_pictures import Picture, archive_pictures
from darkroom_jobs_api.jobs.http import ROUTE, no_such_job
from darkroom_jobs_api.jobs.job import Item, Job
from darkroom_jobs_api.jobs.paging import read_id
from darkroom_jobs_api.jobs.picture_names import attachment, picture_name, slug
from darkroom_jobs_api.jobs.store import JobNotFound, find_job, items_of

ZIP_TYPE = "application/zip"
RETRY_AFTER_SECONDS = "5"

PrincipalDependency = Callable[..., Awaitable[Principal]]


def download_routes(unit_of_work: UnitOfWork, storage: ObjectStore, principal: PrincipalDependency) -> APIRouter:
    """The download of a job's results."""
    router = APIRouter(prefix=ROUTE, tags=["jobs"])

    @router.get(
        "/jobs/{job_id}/pictures.zip",
        response_class=StreamingResponse,
        responses=problems(401, 404, 429, 503)
        | {200: {"content": {ZIP_TYPE: {}}}, 409: {"description": "No picture is done yet"}},
    )
    async def pictures(job_id: str, who: Annotated[Principal, Depends(principal)]) -> StreamingResponse:
        """All results so far as a ZIP, streamed. `409` while there is none; another tenant's job does not exist."""
        number = read_id(job_id)
        if number is None:
            raise no_such_job()
        async with unit_of_work.read() as connection:
            try:
                job = await find_job(connection, who.instance_id, number)
            except JobNotFound as error:
                raise no_such_job() from error
            items = await items_of(connection, who.instance_id, number)
        wanted = pictures_of(job, items)
        if not wanted:
            raise Problem(409, "No picture is done yet", "This job has no results to download.", kind="/problems/no-results")
        headers = {"Content-Disposition": attachment(f"{slug(job.product_name)}-{job.id}.zip"), "Cache-Control": "no-store"}
        body = await _begun(archive_pictures(wanted, storage))
        return StreamingResponse(body, media_type=ZIP_TYPE, headers=headers)

    return router


def pictures_of(job: Job, items: Sequence[Item]) -> list[Picture]:
    """The results among a job's items, each named by its place in the job."""
    return [
        Picture(picture_name(place, job.product_name, key, number=number), key, item.updated_at)
        for place, item in enumerate(items, 1)
        if item.result_key
        for number, key in enumerate((item.result_key, *(one.key for one in item.more_results)), 1)
    ]


async def _begun(chunks: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    """The stream with its first chunk read, so that a storage that is away is still answered with a status."""
    try:
        first = await anext(chunks)
    except StorageUnavailable as error:
        raise Problem(
            503,
            "Not available at the moment",
            "The pictures cannot be read just now; they are safe. Try again soon.",
            kind="/problems/unavailable",
            headers={"Retry-After": RETRY_AFTER_SECONDS},
        ) from error

    async def whole() -> AsyncIterator[bytes]:
        yield first
        async for chunk in chunks:
            yield chunk

    return whole()
