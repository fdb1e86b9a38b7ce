"""SQL of stopping jobs: who was asked to stop, and the items that were not asked for yet and so can end here."""

import json
from collections.abc import Sequence
from dataclasses import dataclass

from darkroom_contracts.envelope import Envelope
from darkroom_servicekit.database import Transaction
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from darkroom_jobs_api.jobs.rules import Release

REQUEST = text(
    """
    UPDATE jobs SET cancel_requested_at = :now, cancel_envelope = CAST(:envelope AS jsonb), updated_at = :now
    WHERE id = :job_id AND instance_id = :instance_id AND cancel_requested_at IS NULL AND finished_at IS NULL
    """
)
REQUESTED = text("SELECT cancel_requested_at IS NOT NULL FROM jobs WHERE id = :job_id AND instance_id = :instance_id")
WHAT_IS_LEFT = "cancel_requested_at IS NOT NULL AND finished_at IS NULL AND items_released < items_total"
STOPPING = text(
    f"""
    SELECT id, items_released, items_total, cancel_envelope FROM jobs
    WHERE {WHAT_IS_LEFT}
      AND (CAST(:ids AS bigint[]) IS NULL OR id = ANY(CAST(:ids AS bigint[])))
    ORDER BY id LIMIT :jobs_max FOR NO KEY UPDATE SKIP LOCKED
    """  # noqa: S608 - our own constant
)
LEFT_TO_STOP = text(f"SELECT EXISTS (SELECT FROM jobs WHERE {WHAT_IS_LEFT})")  # noqa: S608 - our own constant
STOP_ITEMS = text(
    """
    UPDATE items SET status = 'CANCELED', charge = 'release', error_code = 'canceled', error = :error, updated_at = :now
    FROM unnest(CAST(:job_ids AS bigint[]), CAST(:after AS int[]), CAST(:to AS int[])) AS chunk (job_id, after, up_to)
    WHERE items.job_id = chunk.job_id AND items.place > chunk.after AND items.place <= chunk.up_to
      AND items.status = 'PENDING'
    RETURNING items.id, items.instance_id, items.job_id, items.image_id, items.place
    """
)


@dataclass(frozen=True, kw_only=True)
class StoppingJob:
    """A locked job that was asked to stop and has items that were never asked for."""

    id: int
    released: int
    total: int
    stopped_by: Envelope


@dataclass(frozen=True, kw_only=True)
class StoppedItem:
    """An item that ended before anyone else had heard of it."""

    id: int
    instance_id: str
    job_id: int
    image_id: str
    place: int


async def cancel_was_requested(transaction: Transaction, instance_id: str, job_id: int) -> bool:
    """Whether this job, which is locked, has been asked to stop already."""
    return bool((await transaction.execute(REQUESTED, {"job_id": job_id, "instance_id": instance_id})).scalar_one())


async def request_cancel(transaction: Transaction, instance_id: str, job_id: int, stopped_by: Envelope) -> None:
    """From this commit on nothing more of the job is asked for."""
    envelope = json.dumps(stopped_by.headers())
    values = {"job_id": job_id, "instance_id": instance_id, "envelope": envelope, "now": transaction.now}
    await transaction.execute(REQUEST, values)


async def jobs_to_stop(transaction: Transaction, job_ids: Sequence[int] | None, *, jobs_max: int) -> list[StoppingJob]:
    """Lock jobs (of these, or any) with items to stop, but those that somebody holds just now."""
    values = {"ids": None if job_ids is None else list(job_ids), "jobs_max": jobs_max}
    return [
        StoppingJob(
            id=row.id,
            released=row.items_released,
            total=row.items_total,
            stopped_by=Envelope.from_headers(row.cancel_envelope),
        )
        for row in (await transaction.execute(STOPPING, values)).all()
    ]


async def is_left_to_stop(connection: AsyncConnection) -> bool:
    """Whether there are jobs with items to stop, somebody holding them or not."""
    return bool((await connection.execute(LEFT_TO_STOP)).scalar_one())


async def stop_items(transaction: Transaction, chunks: Sequence[Release], *, error: str) -> list[StoppedItem]:
    """End the items of these chunks as CANCELED, their credits given back; in the order sent."""
    values = {
        "job_ids": [chunk.job_id for chunk in chunks],
        "after": [chunk.after for chunk in chunks],
        "to": [chunk.to for chunk in chunks],
        "error": error,
        "now": transaction.now,
    }
    rows = [StoppedItem(**row._mapping) for row in await transaction.execute(STOP_ITEMS, values)]
    return sorted(rows, key=lambda item: (item.job_id, item.place))
