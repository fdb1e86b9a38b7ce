"""A request for a job, from its JSON to its answer: rules, idempotency, addresses, then the job.

A request that is refused has changed nothing. A key that was used answers what it answered, or says why it cannot.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import structlog
from darkroom_servicekit.auth import Principal
from darkroom_servicekit.database import UnitOfWork
from darkroom_servicekit.idempotency_key import parse_key
from darkroom_servicekit.problems import ERRORS_MAX, FieldError, Problem, invalid_fields
from fastapi import Response

from darkroom_jobs_api.catalogue.not_sold import not_sold
from darkroom_jobs_api.catalogue.store import CatalogueStore
from darkroom_jobs_api.idempotency.answer import StoredAnswer
from darkroom_jobs_api.idempotency.key import Scope, fingerprint
from darkroom_jobs_api.idempotency.store import KeyTaken, UsedKey, find_key, store_answer
from darkroom_jobs_api.jobs.job import Job
from darkroom_jobs_api.jobs.picture_addresses import AddressDoor, address_errors, not_looked_up
from darkroom_jobs_api.jobs.prefer import Preference
from darkroom_jobs_api.jobs.store import Owner, find_job
from darkroom_jobs_api.jobs.submission import SubmissionBody, former_body, read_submission
from darkroom_jobs_api.jobs.submit_answers import decided_answer
from darkroom_jobs_api.jobs.submit_job import Order, SubmitJob

ROUTE_NAME = "POST /api/image-optimization"
PRODUCT = "optimize"
RETRY_AFTER_SECONDS = 1

log = structlog.get_logger()


@dataclass(frozen=True)
class Purpose:
    """Why a job is asked for: `route` is where its idempotency key counts."""

    route: str = ROUTE_NAME
    product: str = PRODUCT
    retry_of: int | None = None


A_NEW_JOB = Purpose()


class AcceptRequest:
    """Takes one request; raises Problem for every answer that is an error of the caller's."""

    def __init__(self, unit_of_work: UnitOfWork, catalogue: CatalogueStore, guard: AddressDoor, submit: SubmitJob) -> None:
        self._unit_of_work = unit_of_work
        self._catalogue = catalogue
        self._guard = guard
        self._submit = submit

    async def __call__(
        self,
        raw: dict[str, Any],  # unchecked JSON
        who: Principal,
        *,
        key_header: str | None,
        preference: Preference,
        purpose: Purpose = A_NEW_JOB,
    ) -> Response:
        key = parse_key(key_header)
        scope = Scope(who.instance_id, who.subject, purpose.route, key) if isinstance(key, str) else None
        async with self._unit_of_work.read() as connection:
            product = await self._catalogue.product(connection, purpose.product, now=datetime.now(UTC))
            used = await find_key(connection, scope) if scope else None
        submission = read_submission(raw, product)
        errors = submission.errors + ([key] if isinstance(key, FieldError) else [])
        body = submission.body
        if used and scope and body and not errors:
            return await self._again(used, scope, _fingerprints(body, purpose.retry_of))
        addresses = await address_errors(self._guard, submission.addresses, asker=who.instance_id)
        errors += addresses.refused
        if errors or body is None:
            raise invalid_fields(errors[:ERRORS_MAX])
        if names := product.unfilled():
            log.error("product cannot be sold: nothing fills its input template", product=product.name, names=sorted(names))
            raise not_sold()
        if wrong := product.output_errors():
            log.error("product cannot be sold: its output terms are wrong", product=product.name, errors=wrong)
            raise not_sold()
        if addresses.not_looked_up:
            raise not_looked_up(addresses.not_looked_up[:ERRORS_MAX])
        order = Order(
            owner=Owner(who.instance_id, who.subject),
            product=product,
            body=body,
            scope=scope,
            wait_seconds=preference.wait_seconds,
            retry_of=purpose.retry_of,
        )
        return await self._new(order, preference)

    async def _new(self, order: Order, preference: Preference) -> Response:
        scope = order.scope
        try:
            job = await self._submit(order)
        except KeyTaken:
            assert scope is not None
            async with self._unit_of_work.read() as connection:
                used = await find_key(connection, scope)
            assert used is not None, "a key that was taken has a row"
            return await self._again(used, scope, _fingerprints(order.body, order.retry_of))
        given = decided_answer(job, preference)
        if scope is not None:
            await store_answer(self._unit_of_work, scope, given)
        return _sent(given)

    async def _again(self, used: UsedKey, scope: Scope, asked: Collection[str]) -> Response:
        """The stored answer; or one made from the job's row, where the process that should have answered died."""
        if used.fingerprint not in asked:
            raise Problem(
                422, "Key used for another request", "Use a new Idempotency-Key for a new request.", kind="/problems/key-reused"
            )
        if used.answer:
            return _sent(used.answer)
        if datetime.now(UTC) < used.answer_due_at:
            raise Problem(
                409,
                "Still running",
                "The first request with this Idempotency-Key has not been answered yet.",
                kind="/problems/still-running",
                headers={"Retry-After": str(RETRY_AFTER_SECONDS)},
            )
        rebuilt = decided_answer(await self._job(scope.instance_id, used.job_id), None)
        await store_answer(self._unit_of_work, scope, rebuilt)
        return _sent(rebuilt)

    async def _job(self, instance_id: str, job_id: int) -> Job:
        async with self._unit_of_work.read() as connection:
            return await find_job(connection, instance_id, job_id)


def _fingerprints(body: SubmissionBody, retry_of: int | None) -> set[str]:
    return {fingerprint(one, retry_of=retry_of) for one in (body, former_body(body))}


def _sent(given: StoredAnswer) -> Response:
    return Response(given.body, given.status, given.headers)
