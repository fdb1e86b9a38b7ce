"""The idempotency keys. A key's row is born with its job, in one transaction; the answer is stored when it has been given."""

import json
from dataclasses import dataclass
from datetime import datetime, timedelta

from darkroom_servicekit.database import Transaction, UnitOfWork
from darkroom_servicekit.housekeeping import forget
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from darkroom_jobs_api.idempotency.answer import StoredAnswer
from darkroom_jobs_api.idempotency.key import Scope

FIND = text(
    """
    SELECT fingerprint, job_id, answer_due_at, answer FROM idempotency_keys
    WHERE instance_id = :instance_id AND subject = :subject AND route = :route AND key = :key
    """
)
INSERT = text(
    """
    INSERT INTO idempotency_keys (instance_id, subject, route, key, fingerprint, job_id, answer_due_at, created_at)
    VALUES (:instance_id, :subject, :route, :key, :fingerprint, :job_id, :answer_due_at, :now)
    ON CONFLICT DO NOTHING RETURNING job_id
    """
)
STORE_ANSWER = text(
    """
    UPDATE idempotency_keys SET answer = CAST(:answer AS jsonb)
    WHERE instance_id = :instance_id AND subject = :subject AND route = :route AND key = :key AND answer IS NULL
    """
)
PURGE = text(
    """
    DELETE FROM idempotency_keys WHERE ctid = ANY(ARRAY(
        SELECT ctid FROM idempotency_keys WHERE created_at < :before ORDER BY created_at LIMIT :rows_max
    ))
    """
)


class KeyTaken(Exception):
    """Another request with the same key was first."""


@dataclass(frozen=True)
class UsedKey:
    """What is known of a key. Without an answer its request is running, or its process died after `answer_due_at`."""

    fingerprint: str
    job_id: int
    answer_due_at: datetime
    answer: StoredAnswer | None


async def find_key(connection: AsyncConnection, scope: Scope) -> UsedKey | None:
    """The key's row, if it was used."""
    row = (await connection.execute(FIND, vars(scope))).one_or_none()
    if row is None:
        return None
    return UsedKey(row.fingerprint, row.job_id, row.answer_due_at, StoredAnswer(**row.answer) if row.answer else None)


async def take_key(transaction: Transaction, scope: Scope, *, fingerprint: str, job_id: int, answer_due_at: datetime) -> None:
    """Bind a key to the job that is being made. Raises KeyTaken, so that the job is not."""
    values = vars(scope) | {
        "fingerprint": fingerprint,
        "job_id": job_id,
        "answer_due_at": answer_due_at,
        "now": transaction.now,
    }
    if (await transaction.execute(INSERT, values)).one_or_none() is None:
        raise KeyTaken(scope.key)


async def store_answer(unit_of_work: UnitOfWork, scope: Scope, answer: StoredAnswer) -> None:
    """Keep the answer that was given; the first stands."""
    async with unit_of_work.begin() as transaction:
        await transaction.execute(STORE_ANSWER, vars(scope) | {"answer": json.dumps(vars(answer))})


async def purge_keys(unit_of_work: UnitOfWork, *, keep: timedelta) -> None:
    """Forget all keys older than `keep`, in bounded batches."""

    async def forget_some(transaction: Transaction, limit: int) -> int:
        return (await transaction.execute(PURGE, {"before": transaction.now - keep, "rows_max": limit})).rowcount

    await forget(unit_of_work, "idempotency keys", forget_some)
