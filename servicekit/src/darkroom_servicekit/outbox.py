"""The transactional outbox: events are rows written with the change that they tell of, and relayed to Kafka afterwards.

The relay takes what is unsent (never `id > last`: sequence order is not commit order), in sequence, so order holds per key:
of two transactions where one saw the other's change, the later has the higher sequence. One relay at a time per database,
by a session lock that is held for one batch, so any number of replicas may run it and each wakes for its own commits at once.
A batch that died half-way is sent again: readers drop what they have seen by event id.

A row that Kafka refuses for what it is delays its own key alone. After `TRIES_MAX` tries it is set aside: it stays in the
table, is counted and found by the doctor, and an operator can have it sent again.
"""

import asyncio
import json
from collections.abc import Sequence
from dataclasses import dataclass
from time import monotonic
from typing import Any

import structlog
from aiokafka.errors import UnknownTopicOrPartitionError
from darkroom_contracts.envelope import Envelope
from darkroom_contracts.topics import MESSAGE_BYTES_MAX
from faststream.kafka import KafkaBroker
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from darkroom_servicekit.doctor import FOUND_MAX, Thing
from darkroom_servicekit.kafka import missing_topics
from darkroom_servicekit.loops import set_within
from darkroom_servicekit.metrics import KitMetrics
from darkroom_servicekit.pace import Pace
from darkroom_servicekit.sending import Sending

RELAY_LOCK = 0x0DA2_C001
FALLBACK_SECONDS = 5.0
"""A relay that was not woken looks by itself this often: for rows whose process died before it relayed them."""
BATCHES_PER_SECOND, BATCHES_PROMPT = 12.0, 60
"""In the long run and at once: see `pace.py`."""
SEND_SECONDS_MAX = 30.0
FROZEN_SECONDS_MAX = 40
"""A relay that holds the lock and says nothing for this long (a stopped process) loses its session, and so the lock."""
SESSION_SETTINGS = (
    f"SET idle_session_timeout = '{FROZEN_SECONDS_MAX}s'",
    # A bitmap scan reads the index entries of all rows sent since the last vacuum, each time; an ordered scan skips them.
    "SET enable_bitmapscan = off",
)
ROW_BYTES_MAX = MESSAGE_BYTES_MAX - 4096
"""Key, headers and payload together; the rest is for what the relay and the protocol add."""
CERTAINLY_SMALL = ROW_BYTES_MAX // 64
"""An event whose payload and key are smaller has headers of a few times its key at most, and need not be measured."""
TRIES_MAX = 5
TRY_AGAIN_SECONDS = (1.0, 2.0, 4.0, 8.0)
"""How long a refused row waits after its first, second, … try."""
FAILURE_CHARACTERS_MAX = 500
REPORT_EVERY_SECONDS = 10.0
COUNTED_MAX = 100_000

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

OUTBOX_V2: tuple[str, ...] = (
    "ALTER TABLE outbox ADD COLUMN tries integer NOT NULL DEFAULT 0",
    "ALTER TABLE outbox ADD COLUMN failure text",
    "ALTER TABLE outbox ADD COLUMN try_after timestamptz",
    "ALTER TABLE outbox ADD COLUMN set_aside_at timestamptz",
    "CREATE INDEX outbox_tried ON outbox (try_after) WHERE try_after IS NOT NULL AND published_at IS NULL",
    "CREATE INDEX outbox_set_aside ON outbox (sequence) WHERE set_aside_at IS NOT NULL",
)
"""For a migration of each service, after V1: what is known of rows that Kafka refuses. Frozen as well."""

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
# A row that waits for its next try keeps those of its key waiting, so that their order holds.
TAKE = text(
    """
    WITH waiting AS MATERIALIZED (
        SELECT topic, key FROM outbox
        WHERE try_after > clock_timestamp() AND published_at IS NULL AND set_aside_at IS NULL
    )
    SELECT sequence, topic, key, headers, payload, created_at, tries, clock_timestamp() AS now
    FROM outbox o
    WHERE published_at IS NULL AND set_aside_at IS NULL
        AND NOT EXISTS (SELECT 1 FROM waiting w WHERE w.topic = o.topic AND w.key = o.key)
    ORDER BY sequence LIMIT :limit
    """
)
MARK = text("UPDATE outbox SET published_at = clock_timestamp() WHERE sequence = ANY(CAST(:sequences AS bigint[]))")
REFUSED = text(
    """
    UPDATE outbox SET tries = new.tries, failure = new.failure,
        try_after = clock_timestamp() + make_interval(secs => new.again_seconds),
        set_aside_at = CASE WHEN new.again_seconds IS NULL THEN clock_timestamp() END
    FROM unnest(CAST(:sequences AS bigint[]), CAST(:tries AS integer[]), CAST(:failures AS text[]),
        CAST(:again_seconds AS float8[])) AS new (sequence, tries, failure, again_seconds)
    WHERE outbox.sequence = new.sequence AND published_at IS NULL
    """
)
WAITING = text(
    """
    SELECT count(*) AS waiting, coalesce(extract(epoch FROM clock_timestamp() - min(created_at)), 0)::float8 AS oldest,
        (SELECT count(*) FROM outbox WHERE set_aside_at IS NOT NULL) AS set_aside
    FROM (
        SELECT created_at FROM outbox WHERE published_at IS NULL AND set_aside_at IS NULL ORDER BY sequence LIMIT :counted_max
    ) AS unsent
    """
)
UNSENT = text(
    """
    SELECT sequence, topic, key, extract(epoch FROM clock_timestamp() - created_at)::float8 AS age_seconds
    FROM outbox
    WHERE published_at IS NULL AND set_aside_at IS NULL AND created_at < clock_timestamp() - make_interval(secs => :older_seconds)
    ORDER BY sequence LIMIT :limit
    """
)
SET_ASIDE = text(
    """
    SELECT sequence, topic, key, failure, extract(epoch FROM clock_timestamp() - created_at)::float8 AS age_seconds
    FROM outbox WHERE set_aside_at < clock_timestamp() - make_interval(secs => :older_seconds) ORDER BY sequence LIMIT :limit
    """
)
SEND_AGAIN = """
    UPDATE outbox SET tries = 0, try_after = NULL, set_aside_at = NULL
    WHERE sequence = ANY(CAST(:sequences AS bigint[])) AND set_aside_at IS NOT NULL RETURNING sequence
"""
log = structlog.get_logger()


class EventTooLarge(ValueError):
    """An event is larger than Kafka takes. Raised where it is published, so that the caller can do something else."""


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

    def refuse_if_too_large(self) -> None:
        """Raise EventTooLarge where Kafka would not take the row."""
        if (
            len(self.payload) < CERTAINLY_SMALL
            and len(self.key) < CERTAINLY_SMALL
            and not self.extra_headers
            and not self.as_it_was
        ):
            return
        size = len(self.key.encode()) + len(self.payload)
        size += sum(len(name.encode()) + len(value.encode()) for name, value in self.headers().items())
        if size > ROW_BYTES_MAX:
            what = self.envelope.type or "a message"
            raise EventTooLarge(f"{what} for {self.topic} has {size:,} bytes, more than {ROW_BYTES_MAX:,}")


async def write_outbox(connection: AsyncConnection, rows: Sequence[OutboxRow]) -> None:
    """Write rows in the order given, in one statement, within the caller's transaction. Raises EventTooLarge."""
    for row in rows:
        row.refuse_if_too_large()
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


async def set_aside_rows(connection: AsyncConnection, older_seconds: float) -> list[Thing]:
    """For the doctor: the oldest rows that were set aside, each with Kafka's refusal."""
    rows = await connection.execute(SET_ASIDE, {"older_seconds": older_seconds, "limit": FOUND_MAX})
    return [
        Thing(id=str(row.sequence), state=f"{row.topic}: {row.failure}", age_seconds=row.age_seconds, instance_id=row.key)
        for row in rows
    ]


class OutboxRelay:
    """Sends outbox rows to Kafka. `wake` after each commit; `run` for ever."""

    def __init__(self, engine: AsyncEngine, broker: KafkaBroker, metrics: KitMetrics, *, prefix: str, batch_max: int) -> None:
        self._engine = engine
        self._broker = broker
        self._metrics = metrics
        self._prefix = prefix
        self._batch_max = batch_max
        self._known_topics: set[str] = set()
        self._look_seconds = FALLBACK_SECONDS
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
            try:
                for setting in SESSION_SETTINGS:
                    await connection.execute(text(setting))
                await self._relay(connection)
            finally:
                # The session's settings are the relay's alone: it must not go back to the pool.
                await connection.invalidate()

    async def _relay(self, connection: AsyncConnection) -> None:
        clock = asyncio.get_running_loop().time
        pace = Pace(per_second=BATCHES_PER_SECOND, burst=BATCHES_PROMPT, clock=clock)
        while True:
            self._woken.clear()
            await self._drain(connection)
            await pace.rest()
            seconds, self._look_seconds = self._look_seconds, FALLBACK_SECONDS
            await set_within(self._woken, min(seconds, FALLBACK_SECONDS))

    async def _drain(self, connection: AsyncConnection) -> None:
        while await self._relay_batch(connection) == self._batch_max:
            pass

    async def report(self) -> None:
        """Measure what waits until cancelled; apart from `run`, since most waits while that cannot go on."""
        while True:
            async with self._engine.connect() as connection:
                row = (await connection.execute(WAITING, {"counted_max": COUNTED_MAX})).one()
            self._metrics.outbox_waiting.set(row.waiting)
            self._metrics.outbox_oldest.set(row.oldest)
            self._metrics.outbox_set_aside.set(row.set_aside)
            await asyncio.sleep(REPORT_EVERY_SECONDS)

    async def _relay_batch(self, connection: AsyncConnection) -> int:
        """Send one batch under the lock; return how many of its rows are settled."""
        await connection.execute(LOCK, {"lock": RELAY_LOCK})
        try:
            rows = (await connection.execute(TAKE, {"limit": self._batch_max})).all()
            if rows:
                await self._send(connection, rows)
            await connection.execute(UNLOCK, {"lock": RELAY_LOCK})
            self._moved_at = monotonic()
        except BaseException:
            # The session, and with it the lock, must not go back to the pool.
            await connection.invalidate()
            raise
        return len(rows)

    async def _send(self, connection: AsyncConnection, rows: Sequence[Any]) -> None:
        """Send the rows and record how each ended. Raises the first failure that is no row's fault."""
        sending = Sending()
        try:
            async with asyncio.timeout(SEND_SECONDS_MAX):
                for row in await self._send_pipelined(rows, sending):
                    await self._send_alone(row, sending)
        except TimeoutError as error:
            sending.away = sending.away or error
        if sending.sent:
            await connection.execute(MARK, {"sequences": [row.sequence for row in sending.sent]})
        for row in sending.sent:
            self._metrics.published.labels(topic=row.topic).inc()
            self._metrics.publish_delay.observe((row.now - row.created_at).total_seconds())
        await self._record_refused(connection, sending.refused)
        if sending.away is not None:
            raise sending.away

    async def _send_pipelined(self, rows: Sequence[Any], sending: Sending) -> list[Any]:
        """Send the rows all at once; return those to be sent alone.

        Kafka refuses a whole batch for one of its rows, so a refusal says which row it is about only when that row was alone.
        """
        missing = await self._missing_topics({row.topic for row in rows})
        pending: list[tuple[Any, asyncio.Future[Any]]] = []
        try:
            for row in rows:
                if row.topic in missing:
                    sending.failed(row, UnknownTopicOrPartitionError(row.topic))
                elif sending.away is None and sending.may_go(row) and (future := await self._hand_over(row, sending)):
                    pending.append((row, future))
            if pending:
                await asyncio.wait([future for _, future in pending])
        finally:  # also when the time is over: what was acknowledged is sent
            alone = sending.ended([(row, _failure(future)) for row, future in pending])
        return alone

    async def _send_alone(self, row: Any, sending: Sending) -> None:
        if sending.away is not None or not sending.may_go(row):
            return
        future = await self._hand_over(row, sending)
        if future is None:
            return
        await asyncio.wait([future])
        if error := _failure(future):
            sending.failed(row, error)
        else:
            sending.sent.append(row)

    async def _missing_topics(self, topics: set[str]) -> set[str]:
        """Those of the topics that Kafka does not have. Its client would wait for each of their rows until a time-out."""
        if new := topics - self._known_topics:
            missing = await missing_topics(self._broker, [self._prefix + topic for topic in new])
            self._known_topics |= {topic for topic in new if self._prefix + topic not in missing}
        return topics - self._known_topics

    async def _hand_over(self, row: Any, sending: Sending) -> asyncio.Future[Any] | None:
        """Put a row into the buffer of Kafka's client; its end is the future's."""
        try:
            return await self._broker.publish(
                row.payload,
                self._prefix + row.topic,
                key=row.key.encode(),
                headers={"ce_sequence": str(row.sequence)} | row.headers,
                no_confirm=True,
            )
        except Exception as error:  # whatever is wrong with a row, the other rows are sent
            sending.failed(row, error)
            return None

    async def _record_refused(self, connection: AsyncConnection, refused: Sequence[tuple[Any, BaseException]]) -> None:
        if not refused:
            return
        tries = [row.tries + 1 for row, _ in refused]
        failures = [f"{type(error).__name__}: {error}".replace("\x00", "")[:FAILURE_CHARACTERS_MAX] for _, error in refused]
        again = [TRY_AGAIN_SECONDS[count - 1] if count < TRIES_MAX else None for count in tries]
        self._look_seconds = min([seconds for seconds in again if seconds is not None], default=FALLBACK_SECONDS)
        sequences = [row.sequence for row, _ in refused]
        values = {"sequences": sequences, "tries": tries, "failures": failures, "again_seconds": again}
        await connection.execute(REFUSED, values)
        for (row, _), count, failure in zip(refused, tries, failures, strict=True):
            told = log.error if count >= TRIES_MAX else log.warning
            words = "outbox row set aside" if count >= TRIES_MAX else "outbox row refused"
            told(words, sequence=row.sequence, topic=row.topic, tries=count, error=failure)


def _failure(future: asyncio.Future[Any]) -> BaseException | None:
    if not future.done():
        return TimeoutError("not acknowledged in time")
    return asyncio.CancelledError() if future.cancelled() else future.exception()
