"""Given-up items that an operator has tried again: new jobs of them, as they were asked for, behind their tenant's fresh work.

A terminal state is never left, so the failed items stay as they are. Nobody pays twice and nobody gets a picture for nothing: a
redriven item costs what is left to pay of the price it was sold at (see `lineage.py`). Items that a later job has made, or is
making, are passed over. Rows are copied and not sent through the door of a customer's retry, which sells anew at today's price
and has someone who waits for its answer.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog
from darkroom_contracts.envelope import Envelope
from darkroom_contracts.jobs import JobRequested
from darkroom_contracts.predictions import DeadLettersRedriven
from darkroom_servicekit.database import Transaction
from darkroom_servicekit.stages import Received
from sqlalchemy import text

from darkroom_jobs_api.jobs.lineage import job_that_has_it, redrive_price
from darkroom_jobs_api.jobs.lineage_store import lock_lineages

FAILED = text(
    """
    SELECT DISTINCT items.id, items.job_id, items.image_id, items.status
    FROM unnest(CAST(:item_ids AS bigint[]), CAST(:job_ids AS bigint[]), CAST(:instance_ids AS text[]))
         AS asked (item_id, job_id, instance_id)
    JOIN items ON items.id = asked.item_id AND items.job_id = asked.job_id AND items.instance_id = asked.instance_id
    ORDER BY items.id DESC
    """
)
MAKE_AGAIN = text(
    """
    WITH again AS (
        SELECT items.job_id, items.place, items.image_id, items.image_url, items.prompt, chosen.price
        FROM unnest(CAST(:item_ids AS bigint[]), CAST(:prices AS int[])) AS chosen (item_id, price)
        JOIN items ON items.id = chosen.item_id
    ), made AS (
        INSERT INTO jobs (instance_id, subject, product, product_id, product_name, options, input_template, output_terms,
                          price_version, price_credits, failed_items_refunded, retry_of, redriven, status, items_total,
                          created_at, updated_at)
        SELECT jobs.instance_id, jobs.subject, jobs.product, jobs.product_id, jobs.product_name, jobs.options,
               jobs.input_template, jobs.output_terms, jobs.price_version, again.price, jobs.failed_items_refunded, jobs.id, true,
               'PENDING', count(*), :now, :now
        FROM again JOIN jobs ON jobs.id = again.job_id GROUP BY jobs.id, again.price
        RETURNING id, instance_id, subject, product, product_id, product_name, price_version, price_credits, retry_of, items_total
    ), pictures AS (
        INSERT INTO items (job_id, instance_id, place, image_id, image_url, prompt, status, created_at, updated_at)
        SELECT made.id, made.instance_id, row_number() OVER (PARTITION BY made.id ORDER BY again.place),
               again.image_id, again.image_url, again.prompt, 'PENDING', :now, :now
        FROM made JOIN again ON again.job_id = made.retry_of AND again.price = made.price_credits
        ORDER BY made.id, again.place
    )
    SELECT * FROM made ORDER BY id
    """
)

log = structlog.get_logger()


@dataclass(frozen=True)
class Chosen:
    """An item that is made again, and for how many credits."""

    item_id: int
    price_credits: int


class RedriveItems:
    """Makes new jobs of redriven items. A request older than `oldest_age` makes none.

    Whether an old request was carried out is not known any more: its event id has been forgotten, so a log that is read anew from
    its beginning would make and sell the jobs of all redrives again.
    """

    def __init__(self, *, oldest_age: timedelta) -> None:
        self._oldest_age = oldest_age

    async def on_dead_letters_redriven(self, transaction: Transaction, batch: Sequence[Received[DeadLettersRedriven]]) -> None:
        """Make again what is failed still and what nobody has had made again meanwhile."""
        oldest = transaction.now - self._oldest_age
        fresh = [received for received in batch if not _is_older(received.envelope.time, oldest)]
        if len(fresh) < len(batch):
            log.error("redrives older than the memory of events make no jobs", events=len(batch) - len(fresh))
        await make_again(transaction, fresh)


def _is_older(time: str, oldest: datetime) -> bool:
    try:
        at = datetime.fromisoformat(time)
    except ValueError:
        return True  # it does not say, and a job too many is sold
    return at.tzinfo is None or at < oldest


async def make_again(transaction: Transaction, batch: Sequence[Received[DeadLettersRedriven]]) -> None:
    """Make new jobs of the items that are failed still and that no later job has made or is making."""
    asked = [(one.event, item_id) for one in batch if one.event.job_id is not None for item_id in one.event.item_ids]
    chosen = await _choose(transaction, asked) if asked else []
    if not chosen:
        return
    causes: dict[int | None, Envelope] = {one.event.job_id: one.envelope for one in batch}
    values = {
        "item_ids": [one.item_id for one in chosen],
        "prices": [one.price_credits for one in chosen],
        "now": transaction.now,
    }
    for row in (await transaction.execute(MAKE_AGAIN, values)).all():
        request = JobRequested(
            instance_id=row.instance_id,
            job_id=row.id,
            product=row.product,
            product_id=row.product_id,
            product_name=row.product_name,
            price_version=row.price_version,
            price_credits=row.price_credits,
            items_total=row.items_total,
            subject_id=row.subject,
            retry_of=row.retry_of,
            requested_at=transaction.now,
        )
        transaction.publish(request, cause=causes[row.retry_of])


async def _choose(transaction: Transaction, asked: Sequence[tuple[DeadLettersRedriven, int]]) -> list[Chosen]:
    """Lock the pictures and choose one item of each that may be made again: the newest that was asked for."""
    lineages = await lock_lineages(transaction, (event.job_id for event, _ in asked if event.job_id is not None))
    values = {
        "item_ids": [item_id for _, item_id in asked],
        "job_ids": [event.job_id for event, _ in asked],
        "instance_ids": [event.instance_id for event, _ in asked],
    }
    chosen: dict[tuple[int, str], Chosen] = {}
    for row in (await transaction.execute(FAILED, values)).all():
        picture = (lineages.first_jobs[row.job_id], row.image_id)
        tries = lineages.tries[picture]
        if row.status != "FAILED":
            log.warning("item not redriven: it has not failed", job_id=row.job_id, item_id=row.id, status=row.status)
        elif (job_id := job_that_has_it(tries)) is not None:
            log.warning("item not redriven: a later job has it", job_id=row.job_id, item_id=row.id, later_job_id=job_id)
        elif picture not in chosen:
            failed = next(one for one in tries if one.item_id == row.id)
            chosen[picture] = Chosen(row.id, redrive_price(tries, failed))
    return list(chosen.values())
