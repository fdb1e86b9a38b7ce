"""A job's failed items once more, as a new job: a request like any other, written from the old job's rows.

Cancelled items are not tried again: someone wanted them stopped. Neither are items that a later job has made or is making: they
are left out when the new job is written, so the same request is the same request, whatever has become of the items meanwhile.
"""

from datetime import UTC, datetime

from darkroom_servicekit.auth import Principal
from darkroom_servicekit.database import UnitOfWork
from fastapi import Response

from darkroom_jobs_api.catalogue.store import CatalogueStore
from darkroom_jobs_api.jobs.accept_request import AcceptRequest, Purpose
from darkroom_jobs_api.jobs.prefer import Preference
from darkroom_jobs_api.jobs.rules import has_ended
from darkroom_jobs_api.jobs.store import asked_of, find_job, items_of
from darkroom_jobs_api.jobs.submission import OPTIONS

ROUTE_NAME = "POST /api/image-optimization/jobs/{jobId}/retry"


class JobIsOpen(Exception):
    """Its items may still succeed."""


class NothingFailed(Exception):
    """There is nothing to try again."""


class RetryJob:
    """The use case. Raises JobNotFound, JobIsOpen, NothingFailed, RetriedAlready, and what a request for a job raises."""

    def __init__(self, unit_of_work: UnitOfWork, catalogue: CatalogueStore, accept: AcceptRequest) -> None:
        self._unit_of_work = unit_of_work
        self._catalogue = catalogue
        self._accept = accept

    async def __call__(self, job_id: int, who: Principal, *, key_header: str | None, preference: Preference) -> Response:
        """The answer of the new job: today's price and rules, its own reservation, its own idempotency key."""
        async with self._unit_of_work.read() as connection:
            job = await find_job(connection, who.instance_id, job_id)
            asked = await asked_of(connection, who.instance_id, job_id)
            items = await items_of(connection, who.instance_id, job_id)
            product = await self._catalogue.product(connection, asked.product, now=datetime.now(UTC))
        if not has_ended(job.status):
            raise JobIsOpen
        images = [
            {"imageId": item.image_id, "imageUrl": item.image_url, "prompt": item.prompt}
            for item in items
            if item.status == "FAILED"
        ]
        if not images:
            raise NothingFailed
        raw: dict[str, object] = {"productId": job.product_id, "productName": job.product_name, "images": images}
        raw["options"] = {name: value for name, value in product.still_allowed(asked.options).items() if name in OPTIONS}
        purpose = Purpose(route=ROUTE_NAME, product=asked.product, retry_of=job_id)
        return await self._accept(raw, who, key_header=key_header, preference=preference, purpose=purpose)
