"""The decisions on jobs' credits, and how far a job's items have been asked for. In sets, jobs locked first, in their order."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from darkroom_contracts.credits import CreditsRejected, CreditsReserved
from darkroom_contracts.envelope import Envelope
from darkroom_servicekit.database import Transaction
from darkroom_servicekit.stages import Received
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from darkroom_jobs_api.jobs.rules import INSUFFICIENT_CREDITS, Release

RESERVED = text(
    """
    WITH locked AS MATERIALIZED (
        SELECT id FROM jobs WHERE id = ANY(CAST(:ids AS bigint[])) ORDER BY id FOR NO KEY UPDATE
    )
    UPDATE jobs SET decision = 'RESERVED', decision_envelope = said.envelope, updated_at = :now,
        credits_needed = said.needed, credits_available = said.available, credits_held = said.held
    FROM locked JOIN unnest(
        CAST(:ids AS bigint[]), CAST(:instance_ids AS text[]), CAST(:needed AS bigint[]), CAST(:available AS bigint[]),
        CAST(:held AS bigint[]), CAST(:envelopes AS jsonb[])
    ) AS said (id, instance_id, needed, available, held, envelope) ON said.id = locked.id
    WHERE jobs.id = locked.id AND jobs.instance_id = said.instance_id AND jobs.decision = 'WAITING' AND jobs.status = 'PENDING'
    RETURNING jobs.id
    """
)
REJECTED = text(
    """
    UPDATE jobs SET decision = 'REJECTED', decision_envelope = said.envelope, status = 'FAILED', error = :error,
        items_failed = items_total, updated_at = :now, finished_at = :now,
        credits_needed = said.needed, credits_available = said.available, credits_held = said.held,
        credits_renew_at = said.renew_at
    FROM unnest(
        CAST(:ids AS bigint[]), CAST(:instance_ids AS text[]), CAST(:needed AS bigint[]), CAST(:available AS bigint[]),
        CAST(:held AS bigint[]), CAST(:envelopes AS jsonb[]), CAST(:renew_at AS timestamptz[])
    ) AS said (id, instance_id, needed, available, held, envelope, renew_at)
    WHERE jobs.id = said.id AND jobs.instance_id = said.instance_id AND jobs.decision = 'WAITING' AND jobs.status = 'PENDING'
      AND jobs.cancel_requested_at IS NULL
    RETURNING jobs.id
    """
)
FAIL_ITEMS = text(
    """
    UPDATE items SET status = 'FAILED', charge = 'release', error_code = :code, error = :error, updated_at = :now
    WHERE job_id = ANY(CAST(:ids AS bigint[])) AND status = 'PENDING'
    """
)
WHAT_IS_LEFT = "decision = 'RESERVED' AND items_released < items_total AND finished_at IS NULL AND cancel_requested_at IS NULL"
DUE = "(release_after IS NULL OR release_after <= clock_timestamp())"
# Jobs that were set aside come after all others: however many there are, they are in nobody's way.
TO_RELEASE = text(
    f"""
    SELECT id, items_released, items_total, product, options, input_template, output_terms, redriven, decision_envelope FROM jobs
    WHERE {WHAT_IS_LEFT} AND {DUE} ORDER BY release_after NULLS FIRST, id LIMIT :jobs_max FOR NO KEY UPDATE SKIP LOCKED
    """  # noqa: S608 - our own constants
)
LEFT_TO_RELEASE = text(f"SELECT EXISTS (SELECT FROM jobs WHERE {WHAT_IS_LEFT} AND {DUE})")  # noqa: S608 - our own constants
ITEMS_TO_RELEASE = text(
    """
    SELECT items.id, items.instance_id, items.job_id, items.image_id, items.image_url, items.prompt
    FROM unnest(CAST(:job_ids AS bigint[]), CAST(:after AS int[]), CAST(:to AS int[])) AS chunk (job_id, after, up_to)
    JOIN items ON items.job_id = chunk.job_id AND items.place > chunk.after AND items.place <= chunk.up_to
    ORDER BY items.job_id, items.place
    """
)
RELEASED = text(
    """
    UPDATE jobs SET items_released = chunk.up_to, updated_at = :now, release_after = NULL, release_error = NULL
    FROM unnest(CAST(:job_ids AS bigint[]), CAST(:to AS int[])) AS chunk (job_id, up_to) WHERE jobs.id = chunk.job_id
    """
)
SET_ASIDE = text(
    """
    UPDATE jobs SET release_after = clock_timestamp() + make_interval(secs => :seconds), release_error = broken.error
    FROM unnest(CAST(:job_ids AS bigint[]), CAST(:errors AS text[])) AS broken (job_id, error) WHERE jobs.id = broken.job_id
    """
)

E = TypeVar("E", CreditsReserved, CreditsRejected)

INSUFFICIENT_CREDITS_TEXT = "There were not enough credits for this job; nothing was started."


@dataclass(frozen=True, kw_only=True)
class ReleasingJob:
    """A locked job whose items are to be asked for."""

    id: int
    released: int
    total: int
    product: str
    options: dict[str, str]
    input_template: dict[str, Any] | None
    """None for a job from before templates were kept."""
    output_terms: dict[str, Any] | None
    """None for a job that was sold without terms."""
    redriven: bool
    decided_by: Envelope


async def mark_reserved(transaction: Transaction, batch: Sequence[Received[CreditsReserved]]) -> list[int]:
    """Note that credits are held; the jobs for which that is news."""
    said = _first_of_each_job(batch)
    values = _decision_values(transaction, said) | {"needed": [one.event.amount for one in said]}
    return sorted((await transaction.execute(RESERVED, values)).scalars())


async def mark_rejected(transaction: Transaction, batch: Sequence[Received[CreditsRejected]]) -> list[int]:
    """Fail the jobs whose credits were refused, with all their items; the jobs for which that is news."""
    said = _first_of_each_job(batch)
    values = _decision_values(transaction, said) | {
        "needed": [one.event.needed for one in said],
        "renew_at": [one.event.renews_at for one in said],
        "error": INSUFFICIENT_CREDITS,
    }
    job_ids = sorted((await transaction.execute(REJECTED, values)).scalars())
    items = {"ids": job_ids, "code": INSUFFICIENT_CREDITS, "error": INSUFFICIENT_CREDITS_TEXT, "now": transaction.now}
    if job_ids:
        await transaction.execute(FAIL_ITEMS, items)
    return job_ids


async def jobs_to_release(transaction: Transaction, *, jobs_max: int) -> list[ReleasingJob]:
    """Lock jobs that have items not asked for yet and are due, but those that somebody holds just now."""
    return [
        ReleasingJob(
            id=row.id,
            released=row.items_released,
            total=row.items_total,
            product=row.product,
            options=row.options,
            input_template=row.input_template,
            output_terms=row.output_terms,
            redriven=row.redriven,
            decided_by=Envelope.from_headers(row.decision_envelope),
        )
        for row in (await transaction.execute(TO_RELEASE, {"jobs_max": jobs_max})).all()
    ]


async def is_left_to_release(connection: AsyncConnection) -> bool:
    """Whether there are due jobs with items not asked for yet, somebody holding them or not."""
    return bool((await connection.execute(LEFT_TO_RELEASE)).scalar_one())


async def items_to_release(transaction: Transaction, releases: Sequence[Release]) -> Sequence[Any]:
    """The items of these chunks, in the order sent: rows with id, instance_id, job_id, image_id, image_url, prompt."""
    values = {
        "job_ids": [release.job_id for release in releases],
        "after": [release.after for release in releases],
        "to": [release.to for release in releases],
    }
    return (await transaction.execute(ITEMS_TO_RELEASE, values)).all()


async def mark_released(transaction: Transaction, releases: Sequence[Release]) -> None:
    """Note how far the jobs have got."""
    values = {
        "job_ids": [release.job_id for release in releases],
        "to": [release.to for release in releases],
        "now": transaction.now,
    }
    await transaction.execute(RELEASED, values)


async def set_aside(transaction: Transaction, errors: Mapping[int, str], *, seconds: float) -> None:
    """Put off the release of these jobs, each with what went wrong."""
    values = {"job_ids": list(errors), "errors": list(errors.values()), "seconds": seconds}
    await transaction.execute(SET_ASIDE, values)


def _first_of_each_job(batch: Sequence[Received[E]]) -> list[Received[E]]:
    first: dict[int, Received[E]] = {}
    for received in batch:
        first.setdefault(received.event.job_id, received)
    return list(first.values())


def _decision_values(
    transaction: Transaction, said: Sequence[Received[CreditsReserved]] | Sequence[Received[CreditsRejected]]
) -> dict[str, Any]:
    return {
        "now": transaction.now,
        "ids": [one.event.job_id for one in said],
        "instance_ids": [one.event.instance_id for one in said],
        "available": [one.event.balances.available for one in said],
        "held": [one.event.balances.held for one in said],
        "envelopes": [json.dumps(one.envelope.headers()) for one in said],
    }
