"""Credits that an operator gave back are noted at the items they were spent on.

An amount of a whole job goes to its items that spent credits, failed ones first, in their order, up to the price of each.
"""

from collections.abc import Sequence

from darkroom_contracts.credits import CreditsReimbursed
from darkroom_servicekit.database import Transaction
from darkroom_servicekit.stages import Received
from sqlalchemy import text

from darkroom_jobs_api.quotes.store import see_balances

OF_ITEMS = text(
    """
    UPDATE items SET credits_given_back = items.credits_given_back + given.amount
    FROM (
        SELECT item_id, job_id, instance_id, sum(amount) AS amount
        FROM unnest(CAST(:item_ids AS bigint[]), CAST(:job_ids AS bigint[]), CAST(:instance_ids AS text[]),
                    CAST(:amounts AS bigint[])) AS told (item_id, job_id, instance_id, amount)
        GROUP BY item_id, job_id, instance_id
    ) AS given
    WHERE items.id = given.item_id AND items.job_id = given.job_id AND items.instance_id = given.instance_id
    """
)
OF_JOBS = text(
    """
    WITH given AS (
        SELECT job_id, instance_id, sum(amount) AS amount
        FROM unnest(CAST(:job_ids AS bigint[]), CAST(:instance_ids AS text[]), CAST(:amounts AS bigint[]))
             AS told (job_id, instance_id, amount)
        GROUP BY job_id, instance_id
    ), kept AS (
        SELECT items.id, given.amount, jobs.price_credits - items.credits_given_back AS kept,
               sum(jobs.price_credits - items.credits_given_back) OVER (
                   PARTITION BY items.job_id ORDER BY items.status <> 'FAILED', items.place ROWS UNBOUNDED PRECEDING
               ) AS kept_up_to_here
        FROM given JOIN jobs ON jobs.id = given.job_id AND jobs.instance_id = given.instance_id
        JOIN items ON items.job_id = jobs.id
        WHERE items.charge = 'spend' AND items.credits_given_back < jobs.price_credits
    )
    UPDATE items SET credits_given_back = items.credits_given_back + least(kept.kept, kept.amount - kept_up_to_here + kept.kept)
    FROM kept WHERE items.id = kept.id AND kept.amount > kept_up_to_here - kept.kept
    """
)


async def on_credits_reimbursed(transaction: Transaction, batch: Sequence[Received[CreditsReimbursed]]) -> None:
    """Note the tenant's balance, and at each item how much of its credits came back."""
    await see_balances(transaction, batch)
    events = [received.event for received in batch]
    of_items = [event for event in events if event.item_id is not None]
    of_jobs = [event for event in events if event.item_id is None]
    if of_items:
        await transaction.execute(OF_ITEMS, {**_columns(of_items), "item_ids": [event.item_id for event in of_items]})
    if of_jobs:
        await transaction.execute(OF_JOBS, _columns(of_jobs))


def _columns(events: Sequence[CreditsReimbursed]) -> dict[str, list[object]]:
    return {
        "job_ids": [event.job_id for event in events],
        "instance_ids": [event.instance_id for event in events],
        "amounts": [event.amount for event in events],
    }
