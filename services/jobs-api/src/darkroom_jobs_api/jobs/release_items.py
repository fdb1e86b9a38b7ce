"""A job whose credits are held is taken apart into ItemRequested, in chunks, each its own transaction.

The job's row says how far it has got, so whoever comes next goes on there; a loop finds what a dead process left.
"""

import asyncio
from datetime import datetime
from typing import Any

from darkroom_contracts.jobs import ItemRequested, RetryPolicy
from darkroom_servicekit.database import UnitOfWork
from darkroom_servicekit.loops import set_within

from darkroom_jobs_api.catalogue.product import Product, caller_fields, provider_input
from darkroom_jobs_api.catalogue.store import CatalogueStore
from darkroom_jobs_api.jobs.decision_store import is_left_to_release, items_to_release, jobs_to_release, mark_released
from darkroom_jobs_api.jobs.rules import next_releases

CHUNK_ITEMS_MAX = 500
"""Items of one job in one transaction."""
TRANSACTION_ITEMS_MAX = 5000
TRANSACTION_JOBS_MAX = 500
LOOK_SECONDS = 10.0
"""How often the loop looks by itself: only for what a process left that died."""
HELD_SECONDS = 0.1
"""Until it looks again at jobs that somebody held when it looked: their progress, a cancellation, another replica."""


class ReleaseItems:
    """Asks for the items of decided jobs. `wake` after a decision's commit; `run` for ever.

    Not part of the decision's own transaction: whoever waits for the decision need not wait for the items as well.
    """

    def __init__(self, unit_of_work: UnitOfWork, catalogue: CatalogueStore) -> None:
        self._unit_of_work = unit_of_work
        self._catalogue = catalogue
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
        """Ask for the next chunk of some jobs, in one transaction; whether there may be more to do."""
        async with self._unit_of_work.begin() as transaction:
            jobs = await jobs_to_release(transaction, jobs_max=TRANSACTION_JOBS_MAX)
            releases = next_releases(
                [(job.id, job.released, job.total) for job in jobs], chunk_max=CHUNK_ITEMS_MAX, total_max=TRANSACTION_ITEMS_MAX
            )
            if not releases:
                return False
            products = await self._catalogue.products(
                transaction.connection, sorted({job.product for job in jobs}), now=transaction.now
            )
            by_id = {job.id: job for job in jobs}
            for row in await items_to_release(transaction, releases):
                job = by_id[row.job_id]
                transaction.publish(item_requested(row, job, products[job.product], at=transaction.now), cause=job.decided_by)
            await mark_released(transaction, releases)
        whole = sum(release.to == by_id[release.job_id].total for release in releases)
        return whole < len(jobs) or len(jobs) == TRANSACTION_JOBS_MAX


def item_requested(row: Any, job: Any, product: Product, *, at: datetime) -> ItemRequested:
    """The event that asks for an item: `row` and `job` are rows of the item and of its job's part."""
    values = job.options | {"prompt": row.prompt, "imageUrl": row.image_url}
    return ItemRequested(
        instance_id=row.instance_id,
        job_id=row.job_id,
        item_id=row.id,
        image_id=row.image_id,
        product=product.name,
        provider=product.provider,
        model=product.model,
        input=provider_input(product.input, values),
        caller_fields=caller_fields(product.input),
        expected_seconds=product.expected_seconds,
        cancel_after_seconds=product.cancel_after_seconds,
        retry=RetryPolicy(attempts_max=product.attempts_max, backoff_seconds=product.backoff_seconds),
        redriven=job.redriven,
        requested_at=at,
    )
