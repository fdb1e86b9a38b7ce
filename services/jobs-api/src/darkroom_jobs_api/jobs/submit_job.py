"""Accept a job: its rows, its idempotency key and JobRequested in one transaction, then wait a little for its credits."""

import asyncio
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import timedelta

from darkroom_contracts.jobs import JobRequested
from darkroom_servicekit.database import Transaction, UnitOfWork

from darkroom_jobs_api.catalogue.product import Product
from darkroom_jobs_api.idempotency.key import Scope, fingerprint
from darkroom_jobs_api.idempotency.store import KeyTaken, find_key, take_key
from darkroom_jobs_api.jobs.decisions import Decisions
from darkroom_jobs_api.jobs.job import Job
from darkroom_jobs_api.jobs.lineage import RetriedAlready, job_that_has_it
from darkroom_jobs_api.jobs.lineage_store import lock_lineages
from darkroom_jobs_api.jobs.store import Owner, find_job, insert_job
from darkroom_jobs_api.jobs.submission import SubmissionBody

ANSWER_GRACE_SECONDS = 5.0
"""How long after its wait a request that holds a key is taken to be running still."""


@dataclass(frozen=True, kw_only=True)
class Order:
    """A checked request for a job."""

    owner: Owner
    product: Product
    body: SubmissionBody
    scope: Scope | None
    wait_seconds: float
    retry_of: int | None = None

    @property
    def fingerprint(self) -> str:
        return fingerprint(self.body, retry_of=self.retry_of)


class SubmitJob:
    """The use case. A call that raises has changed nothing.

    Raises KeyTaken when another request with the same key was first, and RetriedAlready when a later job has made or is making
    all pictures that are to be tried again.
    """

    def __init__(self, unit_of_work: UnitOfWork, decisions: Decisions) -> None:
        self._unit_of_work = unit_of_work
        self._decisions = decisions

    async def __call__(self, order: Order) -> Job:
        """The job as it stands when its credits were decided, or when the wait is over."""
        clock = asyncio.get_running_loop().time
        with ExitStack() as waiting:
            job, woken = await self._write(order, waiting)
            deadline = clock() + order.wait_seconds
            while job.decision == "WAITING" and job.finished_at is None and (left := deadline - clock()) > 0:
                await self._decisions.look_again(woken, seconds=left)
                job = await self._read(order.owner.instance_id, job.id)
        return job

    async def _write(self, order: Order, waiting: ExitStack) -> tuple[Job, asyncio.Event]:
        product = order.product
        async with self._unit_of_work.begin() as transaction:
            body = order.body if order.retry_of is None else await _left_to_retry(transaction, order, order.retry_of)
            job = await insert_job(transaction, order.owner, product, body, retry_of=order.retry_of)
            woken = waiting.enter_context(self._decisions.expected(job.id))
            if order.scope is not None:
                due = transaction.now + timedelta(seconds=order.wait_seconds + ANSWER_GRACE_SECONDS)
                await take_key(transaction, order.scope, fingerprint=order.fingerprint, job_id=job.id, answer_due_at=due)
            transaction.publish(
                JobRequested(
                    instance_id=order.owner.instance_id,
                    job_id=job.id,
                    product=product.name,
                    product_id=body.product_id,
                    product_name=body.product_name,
                    price_version=product.price_version,
                    price_credits=product.price_credits,
                    items_total=len(body.images),
                    subject_id=order.owner.subject,
                    retry_of=order.retry_of,
                    requested_at=transaction.now,
                )
            )
        return job, woken

    async def _read(self, instance_id: str, job_id: int) -> Job:
        async with self._unit_of_work.read() as connection:
            return await find_job(connection, instance_id, job_id)


async def _left_to_retry(transaction: Transaction, order: Order, retry_of: int) -> SubmissionBody:
    """Lock the pictures and return the order without those that a later job has made or is making.

    Raises KeyTaken, so that a key that was used answers what it answered, and RetriedAlready when no picture is left.
    """
    lineages = await lock_lineages(transaction, [retry_of])
    if order.scope is not None and await find_key(transaction.connection, order.scope) is not None:
        raise KeyTaken(order.scope.key)
    later = {image.image_id: job_that_has_it(lineages.of(retry_of, image.image_id)) for image in order.body.images}
    left = [image for image in order.body.images if later[image.image_id] is None]
    if not left:
        raise RetriedAlready(max(job_id for job_id in later.values() if job_id is not None))
    return order.body.model_copy(update={"images": left})
