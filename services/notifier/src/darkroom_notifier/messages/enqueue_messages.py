"""Queues what people want to be told, one by one or gathered, and turns gathered messages into digests when they are due.

Both count what a tenant sends, under one advisory lock for each tenant, taken in the order of their names and before any row.
"""

import asyncio
import json
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from uuid import UUID

from darkroom_servicekit.database import Transaction, UnitOfWork
from sqlalchemy import text

from darkroom_notifier.messages.digest_rules import (
    Budget,
    Gathered,
    Line,
    MessageLimits,
    Usage,
    Wanted,
    sort_messages,
    topic_of,
)
from darkroom_notifier.people.preferences import DEFAULTS

LOOK_SECONDS = 5.0
TENANTS_MAX = 50
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)

LOCK = text("SELECT pg_advisory_xact_lock(hashtextextended('messages of ' || :instance, 0))")
CONFIRMED = "CASE {}.channel WHEN 'email' THEN r.email = r.confirmed_email ELSE r.phone = r.confirmed_phone END"
"""Asked when a message is wanted, and once more when it is queued: a digest is queued later."""
WANTED = text(
    f"""
    SELECT n.id, n.event_id, n.instance_id, r.subject, d.channel, n.kind
    FROM notifications n
    JOIN unnest(CAST(:channels AS text[]), CAST(:kinds AS text[]), CAST(:enabled AS boolean[])) AS d (channel, kind, enabled)
      ON d.kind = n.kind
    JOIN recipients r ON r.instance_id = n.instance_id AND (n.subject IS NULL OR n.subject = r.subject)
    LEFT JOIN preferences p
      ON p.instance_id = r.instance_id AND p.subject = r.subject AND p.channel = d.channel AND p.kind = d.kind
    WHERE n.id = ANY(CAST(:ids AS uuid[])) AND coalesce(p.enabled, d.enabled)
      AND {CONFIRMED.format("d")}
    ORDER BY n.sequence, r.subject, d.channel
    """  # noqa: S608 - constants
)
USAGE = text(
    """
    SELECT instance_id, recipient, channel, topic, sum(in_window)::int AS in_window, sum(in_hour)::int AS in_hour,
        sum(in_day)::int AS in_day, bool_or(flooded) AS flooded
    FROM (
        SELECT instance_id, recipient, channel, split_part(kind, '.', 1) AS topic,
            count(*) FILTER (WHERE created_at > :window) AS in_window, count(*) FILTER (WHERE created_at > :hour) AS in_hour,
            count(*) AS in_day, bool_or(kind LIKE '%.digest' AND created_at > :flood) AS flooded
        FROM messages WHERE instance_id = ANY(CAST(:instances AS text[])) AND created_at > :day GROUP BY 1, 2, 3, 4
        UNION ALL
        SELECT instance_id, recipient, channel, topic, 0, 0, 0, true FROM digests
        WHERE instance_id = ANY(CAST(:instances AS text[]))
    ) AS used GROUP BY 1, 2, 3, 4
    """
)
QUEUE = text(
    f"""
    INSERT INTO messages
        (notification_id, event_id, instance_id, recipient, channel, kind, address, locale, not_before, created_at)
    SELECT new.id, new.event_id, r.instance_id, r.subject, new.channel, new.kind,
        CASE new.channel WHEN 'email' THEN r.email ELSE r.phone END, r.locale, :now, :now
    FROM unnest(
        CAST(:ids AS uuid[]), CAST(:event_ids AS uuid[]), CAST(:instances AS text[]), CAST(:recipients AS text[]),
        CAST(:channels AS text[]), CAST(:kinds AS text[])
    ) AS new (id, event_id, instance_id, recipient, channel, kind)
    JOIN recipients r ON r.instance_id = new.instance_id AND r.subject = new.recipient
    WHERE {CONFIRMED.format("new")}
    ON CONFLICT DO NOTHING RETURNING channel
    """  # noqa: S608 - constants
)
GATHER = text(
    """
    INSERT INTO digests AS d (instance_id, recipient, channel, topic, event_id, counts, due_at)
    VALUES (:instance, :recipient, :channel, :topic, :event_id, CAST(:counts AS jsonb), :due_at)
    ON CONFLICT (instance_id, recipient, channel, topic) DO UPDATE SET counts = (
        SELECT jsonb_object_agg(kind, total) FROM (
            SELECT kind, sum(number::bigint) AS total FROM (
                SELECT * FROM jsonb_each_text(d.counts) UNION ALL SELECT * FROM jsonb_each_text(excluded.counts)
            ) AS both_counts (kind, number) GROUP BY kind
        ) AS sums
    )
    """
)
DUE_TENANTS = text("SELECT DISTINCT instance_id FROM (SELECT instance_id FROM digests WHERE due_at <= :now LIMIT :limit) AS due")
DUE = text(
    """
    SELECT instance_id, recipient, channel, topic, event_id, counts FROM digests
    WHERE instance_id = ANY(CAST(:instances AS text[])) AND due_at <= :now ORDER BY due_at FOR UPDATE
    """
)
CLOSE = text(
    "DELETE FROM digests WHERE instance_id = :instance AND recipient = :recipient AND channel = :channel AND topic = :topic"
)
PUT_OFF = text(
    """
    UPDATE digests SET due_at = :due_at
    WHERE instance_id = :instance AND recipient = :recipient AND channel = :channel AND topic = :topic
    """
)
NOTIFY = text(
    """
    INSERT INTO notifications (id, event_id, instance_id, subject, kind, data, created_at, listed)
    VALUES (gen_random_uuid(), gen_random_uuid(), :instance, :recipient, :kind, CAST(:data AS jsonb), :now, false) RETURNING id
    """
)


async def enqueue_messages(
    transaction: Transaction, notification_ids: Sequence[UUID], channels: frozenset[str], *, limits: MessageLimits
) -> set[str]:
    """Queue or gather what people want of these notifications on `channels`; the channels that have new messages."""
    defaults = [(channel, kind, on) for (channel, kind), on in DEFAULTS.items() if channel in channels]
    if not defaults or not notification_ids:
        return set()
    names, kinds, enabled = zip(*defaults, strict=True)
    arrays = {"channels": list(names), "kinds": list(kinds), "enabled": list(enabled), "ids": list(notification_ids)}
    wanted = [
        Wanted(id_, event_id, Line(instance, subject, channel, topic_of(kind)), kind)
        for id_, event_id, instance, subject, channel, kind in map(tuple, await transaction.execute(WANTED, arrays))
    ]
    if not wanted:
        return set()
    usage = await _locked_usage(transaction, {one.line.instance_id for one in wanted}, limits)
    single, gathered = sort_messages(wanted, usage, limits)
    for one in gathered:
        await _gather(transaction, one, limits)
    return await _queue(transaction, single)


async def send_due_digests(transaction: Transaction, limits: MessageLimits) -> set[str]:
    """Queue the digests that are due, and put off those of tenants whose limit is used up; the channels with new messages."""
    due = {"now": transaction.now, "limit": TENANTS_MAX}
    tenants = set((await transaction.execute(DUE_TENANTS, due)).scalars())
    if not tenants:
        return set()
    budget = Budget(await _locked_usage(transaction, tenants, limits), limits)
    found = await transaction.execute(DUE, {"now": transaction.now, "instances": sorted(tenants)})
    ready = []
    for *names, event_id, counts in map(tuple, found.all()):
        line = Line(*names)
        if not budget.take(line):
            await transaction.execute(PUT_OFF, _key(line) | {"due_at": transaction.now + limits.window})
            continue
        await transaction.execute(CLOSE, _key(line))
        kind = f"{line.topic}.digest"
        about = {"instance": line.instance_id, "recipient": line.recipient, "kind": kind, "data": json.dumps({"counts": counts})}
        notification_id = (await transaction.execute(NOTIFY, about | {"now": transaction.now})).scalar_one()
        ready.append(Wanted(notification_id, event_id, line, kind))
    return await _queue(transaction, ready)


class DigestSender:
    """Sends digests when they are due. Any number of replicas may run it."""

    def __init__(self, unit_of_work: UnitOfWork, limits: MessageLimits, wake_senders: Mapping[str, Callable[[], None]]) -> None:
        self._unit_of_work = unit_of_work
        self._limits = limits
        self._wake_senders = wake_senders

    async def run(self) -> None:
        """Look for due digests, for ever."""
        while True:
            async with self._unit_of_work.begin() as transaction:
                for channel in await send_due_digests(transaction, self._limits):
                    if wake := self._wake_senders.get(channel):
                        transaction.after_commit(wake)
            await asyncio.sleep(LOOK_SECONDS)


async def _locked_usage(transaction: Transaction, tenants: set[str], limits: MessageLimits) -> dict[Line, Usage]:
    for instance in sorted(tenants):
        await transaction.execute(LOCK, {"instance": instance})
    now: datetime = transaction.now
    since = {"window": now - limits.window, "flood": now - 2 * limits.window, "hour": now - HOUR, "day": now - DAY}
    rows = await transaction.execute(USAGE, since | {"instances": sorted(tenants)})
    return {
        Line(instance, recipient, channel, topic): Usage(in_window=window, in_hour=hour, in_day=day, flooded=flooded)
        for instance, recipient, channel, topic, window, hour, day, flooded in map(tuple, rows)
    }


async def _queue(transaction: Transaction, messages: Sequence[Wanted]) -> set[str]:
    if not messages:
        return set()
    arrays = {
        "ids": [one.notification_id for one in messages],
        "event_ids": [one.event_id for one in messages],
        "instances": [one.line.instance_id for one in messages],
        "recipients": [one.line.recipient for one in messages],
        "channels": [one.line.channel for one in messages],
        "kinds": [one.kind for one in messages],
        "now": transaction.now,
    }
    return set((await transaction.execute(QUEUE, arrays)).scalars())


async def _gather(transaction: Transaction, one: Gathered, limits: MessageLimits) -> None:
    more = {"event_id": one.event_id, "counts": json.dumps(one.counts), "due_at": transaction.now + limits.window}
    await transaction.execute(GATHER, _key(one.line) | more)


def _key(line: Line) -> dict[str, str]:
    return {"instance": line.instance_id, "recipient": line.recipient, "channel": line.channel, "topic": line.topic}
