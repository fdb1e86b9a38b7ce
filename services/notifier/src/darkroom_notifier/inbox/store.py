"""The SQL of notifications: filed in the consumer's transaction, read page by page, newest first."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from darkroom_servicekit.database import Transaction, UnitOfWork
from darkroom_servicekit.housekeeping import forget
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from darkroom_notifier.inbox.kinds import Notification

FILE = text(
    """
    INSERT INTO notifications (id, event_id, instance_id, kind, job_id, data, created_at)
    SELECT id, event_id, instance_id, kind, job_id, data, :now FROM unnest(
        CAST(:ids AS uuid[]), CAST(:event_ids AS uuid[]), CAST(:instances AS text[]), CAST(:kinds AS text[]),
        CAST(:job_ids AS bigint[]), CAST(:data AS jsonb[])
    ) AS new (id, event_id, instance_id, kind, job_id, data)
    ON CONFLICT DO NOTHING RETURNING id
    """
)
# subject is compared in every statement, so that what concerns one person is never shown to another of the same tenant.
PAGE = text(
    """
    SELECT n.id, n.sequence, n.kind, n.job_id, n.data, n.created_at, r.read_at
    FROM notifications n LEFT JOIN notification_reads r ON r.notification_id = n.id AND r.subject = :subject
    WHERE n.instance_id = :instance AND n.listed AND (n.subject IS NULL OR n.subject = :subject)
      AND n.sequence < :before AND (NOT :unread OR r.read_at IS NULL)
    ORDER BY n.sequence DESC LIMIT :limit
    """
)
UNREAD = text(
    """
    SELECT count(*) FROM (
        SELECT 1 FROM notifications n
        WHERE n.instance_id = :instance AND n.listed AND (n.subject IS NULL OR n.subject = :subject)
          AND NOT EXISTS (SELECT 1 FROM notification_reads r WHERE r.notification_id = n.id AND r.subject = :subject)
        LIMIT :most
    ) AS unread
    """
)
MARK_READ = text(
    """
    WITH found AS (
        SELECT id FROM notifications
        WHERE id = :id AND instance_id = :instance AND listed AND (subject IS NULL OR subject = :subject)
    ), marked AS (
        INSERT INTO notification_reads (notification_id, subject, read_at) SELECT id, :subject, :now FROM found
        ON CONFLICT DO NOTHING
    )
    SELECT count(*) FROM found
    """
)
MARK_ALL_READ = text(
    """
    WITH last AS (
        SELECT sequence FROM notifications
        WHERE id = :id AND instance_id = :instance AND listed AND (subject IS NULL OR subject = :subject)
    ), marked AS (
        INSERT INTO notification_reads (notification_id, subject, read_at)
        SELECT n.id, :subject, :now FROM notifications n JOIN last ON n.sequence <= last.sequence
        WHERE n.instance_id = :instance AND n.listed AND (n.subject IS NULL OR n.subject = :subject)
          AND NOT EXISTS (SELECT 1 FROM notification_reads r WHERE r.notification_id = n.id AND r.subject = :subject)
        ON CONFLICT DO NOTHING
    )
    SELECT count(*) FROM last
    """
)
FORGET = text(
    """
    DELETE FROM notifications WHERE id IN (
        SELECT id FROM notifications WHERE created_at < :before ORDER BY created_at LIMIT :limit
    )
    """
)

UNREAD_COUNTED_MAX = 1000
SEQUENCE_MAX = 2**63 - 1


@dataclass(frozen=True)
class Entry:
    """A notification as one person has it."""

    id: UUID
    sequence: int
    kind: str
    job_id: int | None
    data: dict[str, Any]
    created_at: datetime
    read_at: datetime | None


async def file_notifications(transaction: Transaction, new: Sequence[Notification]) -> set[UUID]:
    """File what is not there yet; the ids of those."""
    arrays = {
        "ids": [one.id for one in new],
        "event_ids": [one.event_id for one in new],
        "instances": [one.instance_id for one in new],
        "kinds": [one.told.kind for one in new],
        "job_ids": [one.job_id for one in new],
        "data": [json.dumps(one.told.data) for one in new],
        "now": transaction.now,
    }
    return set((await transaction.execute(FILE, arrays)).scalars())


async def page_of(
    connection: AsyncConnection, instance_id: str, subject: str, *, before: int | None, limit: int, unread: bool
) -> list[Entry]:
    """A person's notifications below the sequence `before`, newest first."""
    bounds = {"before": SEQUENCE_MAX if before is None else before, "limit": limit, "unread": unread}
    rows = await connection.execute(PAGE, {"instance": instance_id, "subject": subject} | bounds)
    return [Entry(*row) for row in rows]


async def count_unread(connection: AsyncConnection, instance_id: str, subject: str) -> int:
    """How many a person has not read; counted up to a bound."""
    about = {"instance": instance_id, "subject": subject, "most": UNREAD_COUNTED_MAX}
    return int((await connection.execute(UNREAD, about)).scalar_one())


async def mark_read(transaction: Transaction, instance_id: str, subject: str, notification_id: UUID) -> bool:
    """Note that a person has read it; False when they have no such notification."""
    about = {"id": notification_id, "instance": instance_id, "subject": subject, "now": transaction.now}
    return bool((await transaction.execute(MARK_READ, about)).scalar_one())


async def mark_all_read(transaction: Transaction, instance_id: str, subject: str, newest: UUID) -> bool:
    """Note that a person has read this one and all before it; False when they have no such notification."""
    about = {"id": newest, "instance": instance_id, "subject": subject, "now": transaction.now}
    return bool((await transaction.execute(MARK_ALL_READ, about)).scalar_one())


async def forget_notifications(unit_of_work: UnitOfWork, *, keep: timedelta) -> None:
    """Drop all notifications older than `keep`, with their reads, messages and deliveries, in bounded batches."""

    async def forget_some(transaction: Transaction, limit: int) -> int:
        return (await transaction.execute(FORGET, {"before": transaction.now - keep, "limit": limit})).rowcount

    await forget(unit_of_work, "notifications", forget_some)
