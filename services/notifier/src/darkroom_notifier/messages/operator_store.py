"""The SQL of what operators do with messages and suppressed addresses; each change leaves a row with who, when and why."""

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from darkroom_servicekit.database import Transaction
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

RETRIED_AT_ONCE_MAX = 10_000
LIST = text(
    """
    SELECT id, instance_id, channel, kind, address, state, attempts, vendor, error_code, error, delivery, not_before, created_at,
        sent_at
    FROM messages
    WHERE (CAST(:state AS text) IS NULL OR state = :state) AND (CAST(:instance AS text) IS NULL OR instance_id = :instance)
      AND (CAST(:code AS text) IS NULL OR error_code = :code)
      AND (CAST(:below AS uuid) IS NULL
           OR (created_at, id) < (SELECT b.created_at, b.id FROM messages b WHERE b.id = CAST(:below AS uuid)))
    ORDER BY created_at DESC, id DESC LIMIT :limit
    """
)
NOT_FAILED = text("SELECT id, state FROM messages WHERE id = ANY(CAST(:ids AS uuid[])) AND state <> 'failed' ORDER BY id")
KNOWN = text("SELECT count(*) FROM messages WHERE id = ANY(CAST(:ids AS uuid[]))")
RETRY = text(
    """
    WITH chosen AS (
        SELECT id FROM messages
        WHERE state = 'failed' AND (CAST(:ids AS uuid[]) IS NULL OR id = ANY(CAST(:ids AS uuid[])))
          AND (CAST(:instance AS text) IS NULL OR instance_id = :instance)
          AND (CAST(:code AS text) IS NULL OR error_code = :code)
        ORDER BY created_at, id LIMIT :limit FOR UPDATE SKIP LOCKED
    )
    UPDATE messages m SET state = 'pending', not_before = :now, age_from = :now
    FROM chosen WHERE m.id = chosen.id RETURNING m.id, m.channel
    """
)
SUPPRESSIONS = text(
    """
    SELECT channel, address, scope, reason, created_at FROM suppressions
    WHERE (CAST(:address AS text) IS NULL OR address = :address) AND (CAST(:reason AS text) IS NULL OR reason = :reason)
      AND (CAST(:after_address AS text) IS NULL OR (channel, address, scope) > (:after_channel, :after_address, :after_scope))
    ORDER BY channel, address, scope LIMIT :limit
    """
)
LIFT = text("DELETE FROM suppressions WHERE address = :address RETURNING channel, address, scope, reason, created_at")
NOTE = text(
    """
    INSERT INTO operator_actions (at, operator, action, reason, details)
    VALUES (:now, :operator, :action, :reason, CAST(:details AS jsonb))
    """
)


class MessageNotFound(Exception):
    """A message that was named is not known."""


class MessageNotFailed(Exception):
    """A message that was named has not failed; the text says which and what it is."""


async def list_messages(
    connection: AsyncConnection, *, wanted: Mapping[str, str | None], below: UUID | None, limit: int
) -> list[dict[str, Any]]:
    """Messages newest first; `wanted` has the keys state, instance and code."""
    return [dict(row) for row in (await connection.execute(LIST, {**wanted, "below": below, "limit": limit})).mappings()]


async def retry_messages(
    transaction: Transaction, *, ids: Sequence[UUID] | None, instance: str | None, code: str | None
) -> dict[UUID, str]:
    """Queue failed messages again, each with a new age; their channels by id. Ids are taken all or none.

    Raises MessageNotFound and MessageNotFailed.
    """
    if ids is not None:
        named = {"ids": list(ids)}
        if (await transaction.execute(KNOWN, named)).scalar_one() < len(set(ids)):
            raise MessageNotFound
        other = (await transaction.execute(NOT_FAILED, named)).first()
        if other:
            raise MessageNotFailed(f"message {other.id} is {other.state}")
    about = {"ids": None if ids is None else list(ids), "instance": instance, "code": code, "now": transaction.now}
    rows = await transaction.execute(RETRY, about | {"limit": RETRIED_AT_ONCE_MAX})
    return {row.id: row.channel for row in rows}


async def list_suppressions(
    connection: AsyncConnection, *, address: str | None, reason: str | None, after: Sequence[str] | None, limit: int
) -> list[dict[str, Any]]:
    """Suppressed addresses in their order, after a channel, address and scope."""
    channel, after_address, scope = after or (None, None, None)
    about: dict[str, object] = {"address": address, "reason": reason, "limit": limit}
    about |= {"after_channel": channel, "after_address": after_address, "after_scope": scope}
    return [dict(row) for row in (await connection.execute(SUPPRESSIONS, about)).mappings()]


async def lift_suppressions(transaction: Transaction, address: str) -> list[dict[str, Any]]:
    """Delete every suppression of an address, whatever its scope and reason; those that were deleted."""
    return [dict(row) for row in (await transaction.execute(LIFT, {"address": address})).mappings()]


async def note_action(
    transaction: Transaction,
    action: Literal["messages-retried", "suppressions-lifted"],
    *,
    operator: str,
    reason: str | None,
    details: Mapping[str, object],
) -> datetime:
    """Keep who did what and why; when it was."""
    about = {"now": transaction.now, "operator": operator, "action": action, "reason": reason}
    await transaction.execute(NOTE, about | {"details": json.dumps(details)})
    return transaction.now
