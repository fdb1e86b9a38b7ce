"""The SQL of the queue: queued with the notification, claimed under a lease, its end recorded once.

`not_before` of a message that is being sent is the end of its lease: then another sender may take it. `attempts` is the fencing
token: a sender that lost its lease can still say *sent*, which is a fact, but no longer *try again*.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from darkroom_servicekit.database import Transaction
from sqlalchemy import text

# A message that was reported on before we recorded it as sent is sent already: then nothing is returned, and told twice.
RECORD_SENT = text(
    """
    UPDATE messages m SET state = 'sent', provider_message_id = new.provider_id, sent_at = :now, error_code = NULL, error = NULL
    FROM unnest(CAST(:ids AS uuid[]), CAST(:provider_ids AS text[])) AS new (id, provider_id)
    WHERE m.id = new.id AND m.state IN ('pending', 'sending') RETURNING m.id
    """
)
RECORD_FAILURE = text(
    """
    UPDATE messages m SET state = new.state, not_before = new.not_before, error_code = new.code, error = new.error
    FROM unnest(
        CAST(:ids AS uuid[]), CAST(:attempts AS int[]), CAST(:states AS text[]), CAST(:times AS timestamptz[]),
        CAST(:codes AS text[]), CAST(:errors AS text[])
    ) AS new (id, attempts, state, not_before, code, error)
    WHERE m.id = new.id AND m.state = 'sending' AND m.attempts = new.attempts RETURNING m.id
    """
)

Ended = Literal["pending", "failed"]


@dataclass(frozen=True, kw_only=True)
class Message:
    """A claimed message. `suppressed`: why its address is not written to any more."""

    id: UUID
    event_id: UUID
    notification_id: UUID
    instance_id: str
    recipient: str
    channel: Literal["email", "sms"]
    kind: str
    address: str
    locale: str
    attempts: int
    job_id: int | None
    data: dict[str, Any]
    suppressed: str | None


@dataclass(frozen=True)
class Failure:
    """How an attempt failed, and what becomes of the message: `pending` until `not_before`, or `failed`."""

    message: Message
    state: Ended
    not_before: datetime
    code: str
    error: str


async def record_sent(transaction: Transaction, sent: Mapping[UUID, str | None]) -> set[UUID]:
    """The vendor has these; the ids of those that nobody had recorded yet."""
    if not sent:
        return set()
    arrays = {"ids": list(sent), "provider_ids": list(sent.values()), "now": transaction.now}
    return set((await transaction.execute(RECORD_SENT, arrays)).scalars())


async def record_failures(transaction: Transaction, failures: Iterable[Failure]) -> set[UUID]:
    """These attempts failed; the ids of the messages that were still ours."""
    rows = sorted(failures, key=lambda one: one.message.id)
    if not rows:
        return set()
    arrays = {
        "ids": [one.message.id for one in rows],
        "attempts": [one.message.attempts for one in rows],
        "states": [one.state for one in rows],
        "times": [one.not_before for one in rows],
        "codes": [one.code for one in rows],
        "errors": [one.error for one in rows],
    }
    return set((await transaction.execute(RECORD_FAILURE, arrays)).scalars())
