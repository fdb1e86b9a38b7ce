"""What events do to jobs and items, in sets: one statement per kind of change, whatever the size of the batch.

Job rows are locked first and in the order of their ids, so that two replicas with facts of the same jobs never wait in a circle.
Every change names the states that it may leave, and the tenant.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass

from darkroom_contracts.jobs import Charge, ItemEnd
from darkroom_servicekit.database import Transaction
from sqlalchemy import text

from darkroom_jobs_api.jobs.job import StoredKeys
from darkroom_jobs_api.jobs.rules import ItemStatus, JobStatus, Totals, item_may_become

LOCK_JOBS = text(
    """
    SELECT id, instance_id, product_id, product_name, status, failed_items_refunded,
           items_total, items_done, items_failed, items_canceled, items_spent
    FROM jobs WHERE id = ANY(CAST(:ids AS bigint[])) ORDER BY id FOR NO KEY UPDATE
    """
)
ADVANCE_ITEMS = text(
    """
    UPDATE items SET status = :status, updated_at = :now
    FROM unnest(CAST(:ids AS bigint[]), CAST(:instance_ids AS text[])) AS fact (id, instance_id)
    WHERE items.id = fact.id AND items.instance_id = fact.instance_id AND items.status = ANY(CAST(:earlier AS text[]))
    RETURNING items.job_id
    """
)
START_JOBS = text(
    """
    UPDATE jobs SET status = 'RUNNING', started_at = :now, updated_at = :now
    WHERE id = ANY(CAST(:ids AS bigint[])) AND status = 'PENDING'
    """
)
END_ITEMS = text(
    """
    UPDATE items SET status = :status, charge = fact.charge, result_key = fact.result_key, thumbnail_key = fact.thumbnail_key,
                     more_results = CAST(fact.more_results AS jsonb), error_code = fact.error_code, error = fact.error,
                     updated_at = :now
    FROM unnest(
        CAST(:ids AS bigint[]), CAST(:job_ids AS bigint[]), CAST(:instance_ids AS text[]), CAST(:charges AS text[]),
        CAST(:result_keys AS text[]), CAST(:thumbnail_keys AS text[]), CAST(:more_results AS text[]),
        CAST(:error_codes AS text[]), CAST(:errors AS text[])
    ) AS fact (id, job_id, instance_id, charge, result_key, thumbnail_key, more_results, error_code, error)
    WHERE items.id = fact.id AND items.job_id = fact.job_id AND items.instance_id = fact.instance_id
      AND items.status IN ('PENDING', 'RUNNING', 'PROCESSING')
    RETURNING items.id
    """
)
COUNT_JOBS = text(
    """
    UPDATE jobs SET status = count.status, error = count.error,
        items_done = count.done, items_failed = count.failed, items_canceled = count.canceled, items_spent = count.spent,
        started_at = CASE WHEN count.status IN ('PENDING', 'CANCELED') THEN jobs.started_at
                          ELSE coalesce(jobs.started_at, :now) END,
        finished_at = CASE WHEN count.status IN ('PENDING', 'RUNNING') THEN NULL ELSE CAST(:now AS timestamptz) END,
        updated_at = :now
    FROM unnest(
        CAST(:ids AS bigint[]), CAST(:statuses AS text[]), CAST(:errors AS text[]),
        CAST(:done AS int[]), CAST(:failed AS int[]), CAST(:canceled AS int[]), CAST(:spent AS int[])
    ) AS count (id, status, error, done, failed, canceled, spent)
    WHERE jobs.id = count.id
    """
)


@dataclass(frozen=True, kw_only=True)
class OpenJob:
    """A locked job that may still change."""

    id: int
    instance_id: str
    product_id: str
    product_name: str
    status: JobStatus
    failed_items_refunded: bool
    totals: Totals


@dataclass(frozen=True, kw_only=True)
class EndedItem:
    """An item's end, as it is written down."""

    id: int
    job_id: int
    instance_id: str
    charge: Charge
    result_key: str | None = None
    thumbnail_key: str | None = None
    more_results: tuple[StoredKeys, ...] = ()
    error_code: str | None = None
    error: str | None = None


@dataclass(frozen=True, kw_only=True)
class CountedJob:
    """A job's counts and state after some of its items ended."""

    status: JobStatus
    totals: Totals
    error: str | None = None


async def lock_jobs(transaction: Transaction, job_ids: set[int]) -> dict[int, OpenJob]:
    """Lock these jobs until the commit; those that exist, by id."""
    rows = (await transaction.execute(LOCK_JOBS, {"ids": sorted(job_ids)})).all()
    return {
        row.id: OpenJob(
            id=row.id,
            instance_id=row.instance_id,
            product_id=row.product_id,
            product_name=row.product_name,
            status=row.status,
            failed_items_refunded=row.failed_items_refunded,
            totals=Totals(
                items=row.items_total,
                done=row.items_done,
                failed=row.items_failed,
                canceled=row.items_canceled,
                spent=row.items_spent,
            ),
        )
        for row in rows
    }


async def advance_items(transaction: Transaction, items: Mapping[int, str], status: ItemStatus) -> set[int]:
    """Move items (id to tenant) forward to `status`; the jobs of those that moved."""
    values = {
        "ids": list(items),
        "instance_ids": list(items.values()),
        "status": status,
        "earlier": item_may_become(status),
        "now": transaction.now,
    }
    return set((await transaction.execute(ADVANCE_ITEMS, values)).scalars())


async def start_jobs(transaction: Transaction, job_ids: Sequence[int]) -> None:
    """PENDING jobs become RUNNING: one of their items has begun."""
    await transaction.execute(START_JOBS, {"ids": list(job_ids), "now": transaction.now})


async def end_items(transaction: Transaction, items: Sequence[EndedItem], status: ItemEnd) -> set[int]:
    """Write the ends of items; the ids of those that were still open."""
    values = {
        "status": status,
        "now": transaction.now,
        "ids": [item.id for item in items],
        "job_ids": [item.job_id for item in items],
        "instance_ids": [item.instance_id for item in items],
        "charges": [item.charge for item in items],
        "result_keys": [item.result_key for item in items],
        "thumbnail_keys": [item.thumbnail_key for item in items],
        "more_results": [json.dumps([asdict(one) for one in item.more_results]) if item.more_results else None for item in items],
        "error_codes": [item.error_code for item in items],
        "errors": [item.error for item in items],
    }
    return set((await transaction.execute(END_ITEMS, values)).scalars())


async def count_jobs(transaction: Transaction, jobs: Mapping[int, CountedJob]) -> None:
    """Write the counts and states of locked jobs."""
    counted = list(jobs.values())
    values = {
        "now": transaction.now,
        "ids": list(jobs),
        "statuses": [job.status for job in counted],
        "errors": [job.error for job in counted],
        "done": [job.totals.done for job in counted],
        "failed": [job.totals.failed for job in counted],
        "canceled": [job.totals.canceled for job in counted],
        "spent": [job.totals.spent for job in counted],
    }
    await transaction.execute(COUNT_JOBS, values)
