"""The transactional outbox: events are rows written with the change that they tell of, and relayed to Kafka afterwards.

The relay takes what is unsent (never `id > last`: sequence order is not commit order), in sequence, so order holds per key:
of two transactions where one saw the other's change, the later has the higher sequence. One relay at a time per database,
by a session lock that is held for one batch, so any number of replicas may run it and each wakes for its own commits at once.
A batch that died half-way is sent again: readers drop what they have seen by event id.
"""

import asyncio
import json
from collections.abc import Sequence
from dataclasses import dataclass
from time import monotonic
from typing import Any

import structlog
from darkroom_contracts.envelope import Envelope
from faststream.kafka import KafkaBroker
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from darkroom_servicekit.doctor import FOUND_MAX, Thing
from darkroom_servicekit.loops import set_within
from darkroom_servicekit.metrics import KitMetrics
from darkroom_servicekit.pace import Pace

RELAY_LOCK = 0x0DA2_C001
FALLBACK_SECONDS = 5.0
"""A relay that was not woken looks by itself this often: for rows whose process died before it relayed them."""
BATCHES_PER_SECOND, BATCHES_PROMPT = 12.0, 60
"""In the long run and at once: see `pace.py`."""
SEND_SECONDS_MAX = 30.0
FROZEN_SECONDS_MAX = 40
"""A relay that holds the lock and says nothing for this long (a stopped process) loses its session, and so the lock."""
PRUNE_EVERY_SECONDS = 60.0
PRUNE_ROWS_MAX = 20_000

OUTBOX_V1: tuple[str, ...] = (
    """
    CREATE TABLE outbox (
        sequence     bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
        event_id     uuid NOT NULL UNIQUE,
        topic        text NOT NULL,
        key          text NOT NULL,
        headers      jsonb NOT NULL,
        payload      bytea NOT NULL,
        created_at   timestamptz NOT NULL DEFAULT clock_timestamp(),
        published_at timestamptz
    )
    """,
    "CREATE INDEX outbox_unpublished ON outbox (sequence) WHERE published_at IS NULL",
    "ALTER TABLE outbox SET (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 2000)",
)
"""For a service's first migration. Frozen: a later shape is a new tuple and a new migration."""

INSERT = text(
    """
    INSERT INTO outbox (event_id, topic, key, headers, payload)
    SELECT * FROM unnest(
        CAST(:ids AS uuid[]), CAST(:topics AS text[]), CAST(:keys AS text[]), CAST(:headers AS jsonb[]),
        CAST(:payloads AS bytea[])
    )
    """
)
LOCK = text("SELECT pg_advisory_lock(:lock)")
UNLOCK = text("SELECT pg_advisory_unlock(:lock)")
TAKE = text(
    """
    SELECT sequence, topic, key, headers, payload, created_at, clock_timestamp() AS now
    FROM outbox WHERE published_at IS NULL ORDER BY sequence LIMIT :limit
    """
)
MARK = text("UPDATE outbox SET published_at = clock_timestamp() WHERE sequence = ANY(CAST(:sequences AS bigint[]))")
WAITING = text(
    """
    SELECT count(*) AS waiting, coalesce(extract(epoch FROM clock_timestamp() - min(created_at)), 0) AS oldest
    FROM outbox WHERE published_at IS NULL
    """
)
UNSENT = text(
    """
    SELECT sequence, topic, key, extract(epoch FROM clock_timestamp() - created_at)::float8 AS age_seconds
    FROM outbox WHERE published_at IS NULL AND created_at < clock_timestamp() - make_interval(secs => :older_seconds)
    ORDER BY sequence LIMIT :limit
    """
)
PRUNE = text(
    """
    DELETE FROM outbox WHERE sequence IN (
        SELECT sequence FROM outbox
        WHERE published_at < clock_timestamp() - make_interval(secs => :keep_seconds) ORDER BY sequence LIMIT :limit
    )
    """
)

log = structlog.get_logger()


@dataclass(frozen=True)
class OutboxRow:
    """A message to be sent: where to, under which key, and what. `as_it_was`: another message's own headers, sent again."""

    topic: str
    key: str
    envelope: Envelope
    payload: bytes
    extra_headers: tuple[tuple[str, str], ...] = ()
    as_it_was: tuple[tuple[str, str], ...] | None = None

    def headers(self) -> dict[str, str]:
        return self.envelope.headers() | dict(self.extra_headers) if self.as_it_was is None else dict(self.as_it_was)


async def write_outbox(connection: AsyncConnection, rows: Sequence[OutboxRow]) -> None:
    """Write rows in the order given, in one statement, within the caller's transaction."""
    await connection.execute(
        INSERT,
        {
            "ids": [row.envelope.id for row in rows],
            "topics": [row.topic for row in rows],
            "keys": [row.key for row in rows],
            "headers": [json.dumps(row.headers()) for row in rows],
            "payloads": [row.payload for row in rows],
        },
    )


async def unsent_rows(connection: AsyncConnection, older_seconds: float) -> list[Thing]:
    """For the doctor: the oldest rows that have waited for so long."""
    rows = await connection.execute(UNSENT, {"older_seconds": older_seconds, "limit": FOUND_MAX})
    return [Thing(id=str(row.sequence), state=row.topic, age_seconds=row.age_seconds, instance_id=row.key) for row in rows]


class OutboxRelay:
    """Sends outbox rows to Kafka. `wake` after each commit; `run` for ever."""

    def __init__(
        self, engine: AsyncEngine, broker: KafkaBroker, metrics: KitMetrics, *, prefix: str, batch_max: int, keep_seconds: float
    ) -> None:
        self._engine = engine
        self._broker = broker
        self._metrics = metrics
        self._prefix = prefix
        self._batch_max = batch_max
        self._keep_seconds = keep_seconds
        self._woken = asyncio.Event()
        self._moved_at = monotonic()

    def unmoved_seconds(self) -> float:
        """Since all that was there to send, or a batch of it, was sent."""
        return monotonic() - self._moved_at

    def wake(self) -> None:
        """There is something to send."""
        self._woken.set()

    async def run(self) -> None:
        """Relay until cancelled; raises when the database or Kafka fails, to be started again by its loop."""
        async with self._engine.connect() as opened:
            connection = await opened.execution_options(isolation_level="AUTOCOMMIT")
            await connection.execute(text(f"SET idle_session_timeout = '{FROZEN_SECONDS_MAX}s'"))
            clock = asyncio.get_running_loop().time
            prune_at = clock() + PRUNE_EVERY_SECONDS
            pace = Pace(per_second=BATCHES_PER_SECOND, burst=BATCHES_PROMPT, clock=clock)
            while True:
                self._woken.clear()
                await self._drain(connection)
                if clock() >= prune_at:
                    await self._prune(connection)
                    prune_at = clock() + PRUNE_EVERY_SECONDS
                await pace.rest()
                await set_within(self._woken, FALLBACK_SECONDS)

    async def _drain(self, connection: AsyncConnection) -> None:
        while await self._relay_batch(connection) == self._batch_max:
            pass

    async def _relay_batch(self, connection: AsyncConnection) -> int:
        """Send one batch under the lock; how many rows it had."""
        await connection.execute(LOCK, {"lock": RELAY_LOCK})
        try:
            rows = (await connection.execute(TAKE, {"limit": self._batch_max})).all()
            self._metrics.outbox_waiting.set(len(rows))
            self._metrics.outbox_oldest.set((rows[0].now - rows[0].created_at).total_seconds() if rows else 0)
            if rows:
                await self._send(connection, rows)
                self._metrics.outbox_waiting.set(0)
            await connection.execute(UNLOCK, {"lock": RELAY_LOCK})
            self._moved_at = monotonic()
        except BaseException:
            # The session, and with it the lock, must not go back to the pool.
            await connection.invalidate()
            raise
        return len(rows)

    async def _send(self, connection: AsyncConnection, rows: Sequence[Any]) -> None:
        """Send the rows pipelined, mark those that precede every failure of their key, raise the first failure."""
        async with asyncio.timeout(SEND_SECONDS_MAX):
            pending = [
                await self._broker.publish(
                    row.payload,
                    self._prefix + row.topic,
                    key=row.key.encode(),
                    headers={"ce_sequence": str(row.sequence)} | row.headers,
                    no_confirm=True,
                )
                for row in rows
            ]
            results = await asyncio.gather(*pending, return_exceptions=True)
        failed_keys: set[tuple[str, str]] = set()
        sent: list[int] = []
        first_failure: BaseException | None = None
        for row, result in zip(rows, results, strict=True):
            place = (row.topic, row.key)
            if isinstance(result, BaseException):
                failed_keys.add(place)
                first_failure = first_failure or result
            elif place not in failed_keys:
                sent.append(row.sequence)
                self._metrics.published.labels(topic=row.topic).inc()
                self._metrics.publish_delay.observe((row.now - row.created_at).total_seconds())
        if sent:
            await connection.execute(MARK, {"sequences": sent})
        if first_failure:
            raise first_failure

    async def _prune(self, connection: AsyncConnection) -> None:
        await connection.execute(PRUNE, {"keep_seconds": self._keep_seconds, "limit": PRUNE_ROWS_MAX})
