"""All SQL on queue_items and limiters. The table is the truth; Redis only orders what is QUEUED here."""

import json
from collections.abc import Collection, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from darkroom_contracts.envelope import Envelope
from darkroom_contracts.jobs import ItemRequested, JobCancelRequested, OutputTerms
from darkroom_servicekit.database import Transaction, UnitOfWork
from darkroom_servicekit.stages import Received
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from darkroom_predictor.fair_queue import FORMAT, LimiterRefused, Place, mark_of
from darkroom_predictor.items import Item

ITEM_COLUMNS = """
    q.item_id, q.instance_id, q.job_id, q.image_id, q.provider, q.model, q.expected_seconds, q.cancel_after_seconds,
    q.attempts_max, q.backoff_seconds, q.attempts, q.attempts_counted, q.reached_provider, q.redriven,
    q.caller_fields, q.output_terms, q.cause_id, q.correlation_id, q.traceparent, q.cancel_cause_id
"""
INSERT = """
    INSERT INTO queue_items (
        item_id, instance_id, job_id, image_id, product, provider, model, input, attempts_max, backoff_seconds,
        expected_seconds, cancel_after_seconds, redriven, caller_fields, output_terms, cause_id, correlation_id, traceparent
    )
    SELECT item_id, instance_id, job_id, image_id, product, provider, model, input, attempts_max,
           CAST(backoff_seconds AS double precision[]), expected_seconds, cancel_after_seconds, redriven,
           CAST(caller_fields AS text[]), output_terms, cause_id, correlation_id, traceparent
    FROM unnest(
        CAST(:item_id AS bigint[]), CAST(:instance_id AS text[]), CAST(:job_id AS bigint[]), CAST(:image_id AS text[]),
        CAST(:product AS text[]), CAST(:provider AS text[]), CAST(:model AS text[]), CAST(:input AS jsonb[]),
        CAST(:attempts_max AS integer[]), CAST(:backoff_seconds AS text[]), CAST(:expected_seconds AS double precision[]),
        CAST(:cancel_after_seconds AS integer[]), CAST(:redriven AS boolean[]), CAST(:caller_fields AS text[]),
        CAST(:output_terms AS jsonb[]), CAST(:cause_id AS text[]),
        CAST(:correlation_id AS text[]), CAST(:traceparent AS text[])
    ) WITH ORDINALITY AS new (
        item_id, instance_id, job_id, image_id, product, provider, model, input, attempts_max, backoff_seconds,
        expected_seconds, cancel_after_seconds, redriven, caller_fields, output_terms, cause_id, correlation_id, traceparent,
        place
    )
    ORDER BY place
    ON CONFLICT DO NOTHING
    RETURNING item_id
"""
KNOWN = "SELECT item_id FROM queue_items WHERE item_id = ANY(CAST(:items AS bigint[]))"
REQUEUE = """
    UPDATE queue_items q
    SET state = 'QUEUED', queued_at = clock_timestamp(),
        not_before = clock_timestamp() + make_interval(secs => w.delay_seconds),
        attempts_counted = q.attempts_counted - w.uncounted
    FROM unnest(CAST(:items AS bigint[]), CAST(:delays AS double precision[]), CAST(:uncounted AS integer[]))
        AS w (item_id, delay_seconds, uncounted)
    WHERE q.item_id = w.item_id AND q.state IN ('CLAIMED', 'SENT')
"""
END = """
    UPDATE queue_items SET state = 'ENDED', ended_at = clock_timestamp()
    WHERE item_id = ANY(CAST(:items AS bigint[])) AND state <> 'ENDED'
"""
SENT = """
    UPDATE queue_items SET state = 'SENT', reached_provider = true
    WHERE item_id = ANY(CAST(:items AS bigint[])) AND state = 'CLAIMED'
"""
LOCK_OF_ATTEMPTS = """
    SELECT item_id FROM queue_items
    WHERE item_id IN (SELECT item_id FROM attempts WHERE id = ANY(CAST(:attempts AS uuid[]))) ORDER BY item_id FOR UPDATE
"""
END_OF_MODEL = f"""
    WITH locked AS (
        SELECT item_id FROM queue_items
        WHERE provider = :provider AND model = :model AND state = 'QUEUED'
          AND queued_at <= clock_timestamp() - make_interval(secs => :older_seconds)
          AND (CAST(:tenants AS text[]) IS NULL OR instance_id = ANY(CAST(:tenants AS text[])))
        ORDER BY item_id LIMIT :limit FOR UPDATE SKIP LOCKED
    )
    UPDATE queue_items q SET state = 'ENDED', ended_at = clock_timestamp() FROM locked
    WHERE q.item_id = locked.item_id RETURNING {ITEM_COLUMNS}
"""  # noqa: S608  # constants only
# Providers are few and items many: each provider with queued items costs one look into the index.
QUEUED_PROVIDERS = """
    WITH RECURSIVE queued (provider) AS (
        (SELECT provider FROM queue_items WHERE state = 'QUEUED' ORDER BY provider LIMIT 1)
        UNION ALL
        SELECT (SELECT q.provider FROM queue_items q WHERE q.state = 'QUEUED' AND q.provider > queued.provider
                ORDER BY q.provider LIMIT 1)
        FROM queued WHERE queued.provider IS NOT NULL
    )
    SELECT provider FROM queued WHERE provider IS NOT NULL
"""
END_UNSERVED = f"""
    WITH locked AS (
        SELECT item_id FROM queue_items
        WHERE provider = ANY(CAST(:unserved AS text[])) AND state = 'QUEUED'
          AND queued_at <= clock_timestamp() - make_interval(secs => :older_seconds)
        ORDER BY item_id LIMIT :limit FOR UPDATE SKIP LOCKED
    )
    UPDATE queue_items q SET state = 'ENDED', ended_at = clock_timestamp() FROM locked
    WHERE q.item_id = locked.item_id RETURNING {ITEM_COLUMNS}
"""  # noqa: S608  # constants only
END_WAITING = f"""
    WITH locked AS (
        SELECT item_id FROM queue_items
        WHERE item_id = ANY(CAST(:items AS bigint[])) AND state = 'QUEUED' ORDER BY item_id FOR UPDATE
    )
    UPDATE queue_items q SET state = 'ENDED', ended_at = clock_timestamp() FROM locked
    WHERE q.item_id = locked.item_id RETURNING {ITEM_COLUMNS}
"""  # noqa: S608  # constants only
QUEUED_PAGE = text(
    """
    SELECT position, item_id, instance_id, job_id, redriven, model,
           greatest(0, coalesce(extract(epoch FROM not_before - clock_timestamp()), 0))::float8 AS delay_seconds
    FROM queue_items
    WHERE provider = :provider AND state = 'QUEUED' AND position > :after
      AND queued_at <= clock_timestamp() - make_interval(secs => :older_seconds)
    ORDER BY position LIMIT :limit
    """
)
COUNT_QUEUED = text("SELECT count(*) FROM queue_items WHERE provider = :provider AND state = 'QUEUED'")
STILL_QUEUED = text(
    """
    SELECT item_id FROM queue_items
    WHERE item_id = ANY(CAST(:items AS bigint[])) AND state = 'QUEUED'
      AND queued_at <= clock_timestamp() - make_interval(secs => :older_seconds)
    """
)
EPOCH = text("SELECT epoch FROM limiters WHERE provider = :provider")
NEXT_EPOCH = """
    INSERT INTO limiters AS l (provider, epoch, format, changed_at) VALUES (:provider, 1, :format, clock_timestamp())
    ON CONFLICT (provider) DO UPDATE SET epoch = l.epoch + 1, format = excluded.format, changed_at = clock_timestamp()
    WHERE l.format <= excluded.format RETURNING epoch
"""


async def insert_items(transaction: Transaction, batch: Sequence[Received[ItemRequested]]) -> set[int]:
    """File the items that are new, in the order given; their ids."""
    events = [received.event for received in batch]
    rows = await transaction.execute(
        INSERT,
        {
            "item_id": [event.item_id for event in events],
            "instance_id": [event.instance_id for event in events],
            "job_id": [event.job_id for event in events],
            "image_id": [event.image_id for event in events],
            "product": [event.product for event in events],
            "provider": [event.provider for event in events],
            "model": [event.model for event in events],
            "input": [event.model_dump_json(include={"input"})[len('{"input":') : -1] for event in events],
            "attempts_max": [event.retry.attempts_max for event in events],
            "backoff_seconds": ["{" + ",".join(map(str, event.retry.backoff_seconds)) + "}" for event in events],
            "expected_seconds": [event.expected_seconds for event in events],
            "cancel_after_seconds": [event.cancel_after_seconds for event in events],
            "redriven": [event.redriven for event in events],
            "caller_fields": [None if event.caller_fields is None else array_text(event.caller_fields) for event in events],
            "output_terms": [None if event.output is None else terms_json(event.output) for event in events],
            "cause_id": [received.envelope.id for received in batch],
            "correlation_id": [received.envelope.correlation_id for received in batch],
            "traceparent": [received.envelope.traceparent for received in batch],
        },
    )
    return set(rows.scalars())


def array_text(words: Sequence[str]) -> str:
    """Return words as PostgreSQL writes an array of text: an array of arrays of different lengths cannot be a parameter."""
    return "{" + ",".join(json.dumps(word, ensure_ascii=False) for word in words) + "}"


def terms_json(terms: OutputTerms) -> str:
    """Return the terms as JSON, in the names that they have in events."""
    return terms.model_dump_json(by_alias=True, exclude_none=True)


async def known_items(transaction: Transaction, items: Sequence[int]) -> set[int]:
    """Those of the items that the queue remembers, in whatever state."""
    return set((await transaction.execute(KNOWN, {"items": list(items)})).scalars())


async def requeue_items(transaction: Transaction, waits: Sequence[tuple[int, float, bool]]) -> None:
    """(item, delay in seconds, whether the attempt counts): they wait again."""
    if waits:
        parameters = {
            "items": [item for item, _, _ in waits],
            "delays": [delay for _, delay, _ in waits],
            "uncounted": [0 if counted else 1 for _, _, counted in waits],
        }
        await transaction.execute(REQUEUE, parameters)


async def end_items(transaction: Transaction, items: Sequence[int]) -> None:
    if items:
        await transaction.execute(END, {"items": list(items)})


async def mark_sent(transaction: Transaction, items: Sequence[int]) -> None:
    """The provider has them."""
    if items:
        await transaction.execute(SENT, {"items": list(items)})


async def end_waiting(transaction: Transaction, items: Sequence[int]) -> list[Item]:
    """End those of the items that wait for a turn."""
    return [read_item(row) for row in await transaction.execute(END_WAITING, {"items": list(items)})]


@dataclass(frozen=True, kw_only=True)
class WaitingItems:
    """Items that have waited for a turn with a model for so long; `tenants` None: whoever sent them."""

    provider: str
    model: str
    older_seconds: float
    tenants: Sequence[str] | None


async def end_waiting_for_model(transaction: Transaction, waiting: WaitingItems, *, limit: int) -> list[Item]:
    """End up to `limit` of these items, and return them."""
    tenants = None if waiting.tenants is None else list(waiting.tenants)
    parameters = {**asdict(waiting), "tenants": tenants, "limit": limit}
    return [read_item(row) for row in await transaction.execute(END_OF_MODEL, parameters)]


async def end_unserved(transaction: Transaction, providers: Collection[str], *, older_seconds: float, limit: int) -> list[Item]:
    """End items that have waited so long for a provider other than these, some at a time."""
    queued = (await transaction.execute(QUEUED_PROVIDERS)).scalars()
    unserved = sorted(set(queued) - set(providers))
    if not unserved:
        return []
    parameters = {"unserved": unserved, "older_seconds": older_seconds, "limit": limit}
    return [read_item(row) for row in await transaction.execute(END_UNSERVED, parameters)]


async def lock_items_of(transaction: Transaction, attempts: Sequence[str]) -> None:
    """Lock the attempts' items until the commit, before any of the attempts is changed.

    Every change of an attempt comes after its item's lock: so a cancel and the attempt's outcome are one after the other, the
    later sees what the earlier wrote, and no two wait in a circle.
    """
    await transaction.execute(LOCK_OF_ATTEMPTS, {"attempts": list(attempts)})


class QueueTable:
    """Reads of the queue, and the limiter's epochs."""

    def __init__(self, unit_of_work: UnitOfWork, provider: str) -> None:
        self._unit_of_work = unit_of_work
        self._provider = provider

    async def epoch(self) -> int:
        """The newest epoch; 0 before the first."""
        async with self._unit_of_work.read() as connection:
            return (await connection.execute(EPOCH, {"provider": self._provider})).scalar_one_or_none() or 0

    async def next_epoch(self) -> int:
        """Begin a new epoch: from its commit on, no attempt can be written under an older one.

        Raises LimiterRefused where a version that keeps Redis' state in a later way has begun one.
        """
        async with self._unit_of_work.begin() as transaction:
            return await begin_epoch(transaction, self._provider)

    async def count(self) -> int:
        async with self._unit_of_work.read() as connection:
            count: int = (await connection.execute(COUNT_QUEUED, {"provider": self._provider})).scalar_one()
            return count

    async def page(self, *, after: int, limit: int, older_seconds: float = 0.0) -> list[tuple[int, Place, float]]:
        """(position, place, delay in seconds) of waiting items, in their order."""
        async with self._unit_of_work.read() as connection:
            parameters = {"provider": self._provider, "after": after, "limit": limit, "older_seconds": older_seconds}
            rows = await connection.execute(QUEUED_PAGE, parameters)
            return [
                (
                    row.position,
                    Place(row.instance_id, row.job_id, row.item_id, row.redriven, mark_of(row.model)),
                    row.delay_seconds,
                )
                for row in rows
            ]

    async def still_queued(self, items: Sequence[int], *, older_seconds: float) -> set[int]:
        async with self._unit_of_work.read() as connection:
            parameters = {"items": list(items), "older_seconds": older_seconds}
            return set((await connection.execute(STILL_QUEUED, parameters)).scalars())


async def begin_epoch(transaction: Transaction, provider: str) -> int:
    """Begin a new epoch with the transaction's commit. Raises LimiterRefused."""
    row = (await transaction.execute(NEXT_EPOCH, {"provider": provider, "format": FORMAT})).first()
    if row is None:
        raise LimiterRefused(f"the limiter has been rebuilt by a version newer than this one, of format {FORMAT}")
    epoch: int = row.epoch
    return epoch


async def epoch_is_current(connection: AsyncConnection, provider: str, epoch: int) -> bool:
    """Whether attempts may be written under `epoch`; it then stays so until the transaction ends."""
    statement = text("SELECT 1 FROM limiters WHERE provider = :provider AND epoch = :epoch FOR SHARE")
    return (await connection.execute(statement, {"provider": provider, "epoch": epoch})).first() is not None


def read_item(row: Any) -> Item:
    """An item from a row that has ITEM_COLUMNS."""
    cause = Envelope(
        id=row.cause_id,
        type=ItemRequested.type_name(),
        source="/services/jobs-api",
        subject=f"jobs/{row.job_id}/items/{row.item_id}",
        time="",
        dataschema=ItemRequested.schema_path(),
        correlation_id=row.correlation_id,
        traceparent=row.traceparent,
    )
    return Item(
        item_id=row.item_id,
        instance_id=row.instance_id,
        job_id=row.job_id,
        image_id=row.image_id,
        provider=row.provider,
        model=row.model,
        expected_seconds=row.expected_seconds,
        cancel_after_seconds=row.cancel_after_seconds,
        attempts_max=row.attempts_max,
        backoff_seconds=row.backoff_seconds,
        attempts=row.attempts,
        attempts_counted=row.attempts_counted,
        reached_provider=row.reached_provider,
        redriven=row.redriven,
        caller_fields=row.caller_fields,
        output_terms=None if row.output_terms is None else OutputTerms.model_validate(row.output_terms),
        cause=cause,
        stopped_by=None if row.cancel_cause_id is None else _cancel_cause(row),
    )


def _cancel_cause(row: Any) -> Envelope:
    return Envelope(
        id=row.cancel_cause_id,
        type=JobCancelRequested.type_name(),
        source="/services/jobs-api",
        subject=f"jobs/{row.job_id}",
        time="",
        dataschema=JobCancelRequested.schema_path(),
        correlation_id=row.correlation_id,
        traceparent=row.traceparent,
    )
