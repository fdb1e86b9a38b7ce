"""A job whose credits are held is taken apart into ItemRequested, in chunks, each its own transaction.

The job's row says how far it has got, so whoever comes next goes on there; a loop finds what a dead process left.
"""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import structlog
from darkroom_contracts.jobs import ItemRequested, OutputTerms, RetryPolicy
from darkroom_servicekit.database import Transaction, UnitOfWork
from darkroom_servicekit.loops import set_within

from darkroom_jobs_api.catalogue.product import Product, caller_fields, provider_input
from darkroom_jobs_api.catalogue.store import CatalogueStore, ProductNotInCatalogue
from darkroom_jobs_api.jobs.decision_store import (
    ReleasingJob,
    is_left_to_release,
    items_to_release,
    jobs_to_release,
    mark_released,
    set_aside,
)
from darkroom_jobs_api.jobs.rules import next_releases
from darkroom_jobs_api.metrics import JobsApiMetrics

CHUNK_ITEMS_MAX = 500
"""Items of one job in one transaction."""
TRANSACTION_ITEMS_MAX = 5000
TRANSACTION_JOBS_MAX = 500
LOOK_SECONDS = 10.0
"""How often the loop looks by itself: only for what a process left that died."""
SET_ASIDE_SECONDS = 60.0
"""Until a job whose items could not be asked for is tried again: by then somebody may have mended the catalogue."""
ERROR_CHARACTERS_MAX = 500
HELD_SECONDS = 0.1
"""Until it looks again at jobs that somebody held when it looked: their progress, a cancellation, another replica."""

log = structlog.get_logger()


class ReleaseItems:
    """Asks for the items of decided jobs. `wake` after a decision's commit; `run` for ever.

    Not part of the decision's own transaction: whoever waits for the decision need not wait for the items as well.
    """

    def __init__(self, unit_of_work: UnitOfWork, catalogue: CatalogueStore, metrics: JobsApiMetrics) -> None:
        self._unit_of_work = unit_of_work
        self._catalogue = catalogue
        self._metrics = metrics
        self._decided = asyncio.Event()

    def wake(self) -> None:
        """There are jobs whose items are to be asked for."""
        self._decided.set()

    async def run(self) -> None:
        """Ask for what is left to be asked for until cancelled."""
        while True:
            self._decided.clear()
            while await self.once():
                pass
            async with self._unit_of_work.read() as connection:
                wait = HELD_SECONDS if await is_left_to_release(connection) else LOOK_SECONDS
            await set_within(self._decided, wait)

    async def once(self) -> bool:
        """Ask for the next chunk of some jobs, in one transaction; whether there may be more to do.

        A job whose items cannot be asked for is set aside and stops no other.
        """
        async with self._unit_of_work.begin() as transaction:
            jobs = await jobs_to_release(transaction, jobs_max=TRANSACTION_JOBS_MAX)
            releases = next_releases(
                [(job.id, job.released, job.total) for job in jobs], chunk_max=CHUNK_ITEMS_MAX, total_max=TRANSACTION_ITEMS_MAX
            )
            if not releases:
                return False
            names = sorted({job.product for job in jobs})
            products = await self._catalogue.known(transaction.connection, names, now=transaction.now)
            by_id = {job.id: job for job in jobs}
            rows = await items_to_release(transaction, releases)
            requests = requests_of(rows, by_id, products, at=transaction.now)
            for event in requests.events:
                transaction.publish(event, cause=by_id[event.job_id].decided_by)
            released = [release for release in releases if release.job_id not in requests.errors]
            await mark_released(transaction, released)
            await self._set_aside(transaction, by_id, requests.errors)
        whole = sum(release.to == by_id[release.job_id].total for release in released)
        return whole < len(jobs) - len(requests.errors) or len(jobs) == TRANSACTION_JOBS_MAX

    async def _set_aside(self, transaction: Transaction, jobs: Mapping[int, ReleasingJob], errors: Mapping[int, str]) -> None:
        if not errors:
            return
        await set_aside(transaction, errors, seconds=SET_ASIDE_SECONDS)
        for job_id, error in errors.items():
            self._metrics.not_released.labels(product=jobs[job_id].product).inc()
            log.error("job cannot be released, set aside", job_id=job_id, error=error, again_in_seconds=SET_ASIDE_SECONDS)


@dataclass(frozen=True)
class Requests:
    """The events that ask for items, and for each job that has none because it cannot be asked for, what went wrong."""

    events: list[ItemRequested]
    errors: dict[int, str]


def requests_of(
    rows: Sequence[Any], jobs: Mapping[int, ReleasingJob], products: Mapping[str, Product], *, at: datetime
) -> Requests:
    """Ask for the items of `rows`. A job with one item that cannot be asked for has none of them asked for."""
    made: list[ItemRequested] = []
    errors: dict[int, str] = {}
    for row in rows:
        try:
            made.append(item_requested(row, jobs[row.job_id], products, at=at))
        except Exception as error:  # whatever is wrong with one job must not stop the release of all others
            errors.setdefault(row.job_id, f"{type(error).__name__}: {error}"[:ERROR_CHARACTERS_MAX])
    return Requests([event for event in made if event.job_id not in errors], errors)


def item_requested(row: Any, job: Any, products: Mapping[str, Product], *, at: datetime) -> ItemRequested:
    """The event that asks for an item: `row` and `job` are rows of the item and of its job's part.

    The provider's input is that of the template which the job was accepted with. Only a job from before templates were kept is
    filled by today's row, with today's default for an option that it did not know. The output terms are the job's own and never
    today's row's: a job that was sold without terms has none.
    """
    product = products.get(job.product)
    if product is None:
        raise ProductNotInCatalogue(job.product)
    template = product.input if job.input_template is None else job.input_template
    values = product.chosen(job.options) | job.options | {"prompt": row.prompt, "imageUrl": row.image_url}
    return ItemRequested(
        instance_id=row.instance_id,
        job_id=row.job_id,
        item_id=row.id,
        image_id=row.image_id,
        product=product.name,
        provider=product.provider,
        model=product.model,
        input=provider_input(template, values),
        caller_fields=caller_fields(template),
        expected_seconds=product.expected_seconds,
        cancel_after_seconds=product.cancel_after_seconds,
        retry=RetryPolicy(attempts_max=product.attempts_max, backoff_seconds=product.backoff_seconds),
        output=None if job.output_terms is None else OutputTerms.model_validate(job.output_terms),
        redriven=job.redriven,
        requested_at=at,
    )
