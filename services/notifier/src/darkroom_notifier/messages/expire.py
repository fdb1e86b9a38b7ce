"""Gives up messages by age: what could not be sent within its hours is `failed` with the code `too-old`, and never sent late."""

from collections.abc import Sequence
from datetime import timedelta

from darkroom_servicekit.database import Transaction
from sqlalchemy import text

from darkroom_notifier.messages.claim import Queue
from darkroom_notifier.messages.publish import publish_failed
from darkroom_notifier.messages.store import Message

TOO_OLD = "too-old"
EXPIRED_AT_ONCE_MAX = 200
# Whoever sends a message holds its lease: then the message is looked at again when the lease has ended.
EXPIRE = text(
    """
    WITH old AS (
        SELECT id, error_code FROM messages
        WHERE channel = :channel AND state IN ('pending', 'sending') AND coalesce(age_from, created_at) < :oldest
          AND (state = 'pending' OR not_before <= :now)
        ORDER BY coalesce(age_from, created_at) LIMIT :limit FOR UPDATE SKIP LOCKED
    )
    UPDATE messages m SET state = 'failed', error_code = :code,
        error = CASE WHEN old.error_code IS NULL THEN :told ELSE :told || '; the last attempt failed with ' || old.error_code END
    FROM old, notifications n WHERE m.id = old.id AND n.id = m.notification_id
    RETURNING m.id, m.event_id, m.notification_id, m.instance_id, m.recipient, m.channel, m.kind, m.address, m.locale,
        m.attempts, n.job_id, n.data, NULL AS suppressed
    """
)


async def expire_messages(transaction: Transaction, queue: Queue, age_max: timedelta) -> Sequence[Message]:
    """Give up some of the messages that are older than `age_max`; those that were."""
    told = f"not sent within {age_max.total_seconds() / 3600:g} hours"
    about = {"channel": queue.channel, "oldest": transaction.now - age_max, "now": transaction.now, "code": TOO_OLD, "told": told}
    rows = await transaction.execute(EXPIRE, about | {"limit": EXPIRED_AT_ONCE_MAX})
    expired = [Message(**row) for row in rows.mappings()]
    for message in expired:
        publish_failed(transaction, message, queue.vendor, code=TOO_OLD, error=told)
    return expired
