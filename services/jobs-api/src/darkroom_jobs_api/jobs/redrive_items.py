"""Given-up items that an operator has tried again: new jobs of them, as they were asked for, behind their tenant's fresh work.

A terminal state is never left, so the failed items stay as they are. Nobody pays twice: items whose credits were kept are made
again for nothing, those whose credits were given back at the price that they were sold at. Rows are copied in one statement and
not sent through the door of a customer's retry, which sells anew at today's price and has someone who waits for its answer.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta

import structlog
from darkroom_contracts.jobs import JobRequested
from darkroom_contracts.predictions import DeadLettersRedriven
from darkroom_servicekit.database import Transaction
from darkroom_servicekit.stages import Received
from sqlalchemy import text

MAKE_AGAIN = text(
    """
    WITH given_up AS (
        SELECT DISTINCT items.job_id, items.place, items.image_id, items.image_url, items.prompt,
               CASE WHEN items.charge = 'spend' THEN 0 ELSE jobs.price_credits END AS price
        FROM unnest(CAST(:item_ids AS bigint[]), CAST(:job_ids AS bigint[]), CAST(:instance_ids AS text[]))
             AS asked (item_id, job_id, instance_id)
        JOIN items ON items.id = asked.item_id AND items.job_id = asked.job_id AND items.instance_id = asked.instance_id
        JOIN jobs ON jobs.id = items.job_id
        WHERE items.status = 'FAILED' AND NOT EXISTS (
            SELECT 1 FROM jobs later JOIN items made ON made.job_id = later.id
            WHERE later.retry_of = items.job_id AND made.image_id = items.image_id AND made.status NOT IN ('FAILED', 'CANCELED')
        )
    ), made AS (
        INSERT INTO jobs (instance_id, subject, product, product_id, product_name, options, input_template, price_version,
                          price_credits, failed_items_refunded, retry_of, redriven, status, items_total, created_at, updated_at)
        SELECT jobs.instance_id, jobs.subject, jobs.product, jobs.product_id, jobs.product_name, jobs.options,
               jobs.input_template, jobs.price_version, given_up.price, jobs.failed_items_refunded, jobs.id, true, 'PENDING',
               count(*), :now, :now
        FROM given_up JOIN jobs ON jobs.id = given_up.job_id GROUP BY jobs.id, given_up.price
        RETURNING id, instance_id, subject, product, product_id, product_name, price_version, price_credits, retry_of, items_total
    ), pictures AS (
        INSERT INTO items (job_id, instance_id, place, image_id, image_url, prompt, status, created_at, updated_at)
        SELECT made.id, made.instance_id, row_number() OVER (PARTITION BY made.id ORDER BY given_up.place),
               given_up.image_id, given_up.image_url, given_up.prompt, 'PENDING', :now, :now
        FROM made JOIN given_up ON given_up.job_id = made.retry_of AND given_up.price = made.price_credits
        ORDER BY made.id, given_up.place
    )
    SELECT * FROM made ORDER BY id
    """
)

log = structlog.get_logger()


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
    """Make new jobs of the items that are failed still and that nobody has had made again meanwhile."""
    asked = [(one.event, item_id) for one in batch if one.event.job_id is not None for item_id in one.event.item_ids]
    if not asked:
        return
    causes = {one.event.job_id: one.envelope for one in batch}
    values = {
        "item_ids": [item_id for _, item_id in asked],
        "job_ids": [event.job_id for event, _ in asked],
        "instance_ids": [event.instance_id for event, _ in asked],
        "now": transaction.now,
    }
    made = (await transaction.execute(MAKE_AGAIN, values)).all()
    for row in made:
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
    left = len(asked) - sum(row.items_total for row in made)
    if left:
        log.warning("items not redriven: not failed any more, or made again already", items=left)
