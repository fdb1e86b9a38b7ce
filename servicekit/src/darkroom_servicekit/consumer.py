"""The idempotent consumer: a batch's effects, its inbox marks and its new events are one transaction; the offset follows.

A message seen before changes nothing. One that cannot be handled goes to the service's dead-letter topic with its reason and
never blocks its partition. When a dependency is away the batch is tried again until it is back.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from time import monotonic
from typing import Any, TypeVar

import structlog
from aiokafka import AIOKafkaConsumer, ConsumerRecord, TopicPartition
from aiokafka.abc import ConsumerRebalanceListener
from aiokafka.errors import KafkaError
from darkroom_contracts.catalogue import EVENTS_BY_TYPE
from darkroom_contracts.envelope import Envelope, MalformedEnvelope, header_texts, read_event
from darkroom_contracts.event import Event
from darkroom_contracts.topics import dead_letter_topic
from faststream import AckPolicy
from faststream.kafka import KafkaBroker
from pydantic import ValidationError
from sqlalchemy import text

from darkroom_servicekit.database import Transaction, UnitOfWork
from darkroom_servicekit.dead_letters import dead_letter
from darkroom_servicekit.health import NotReady
from darkroom_servicekit.metrics import KitMetrics
from darkroom_servicekit.outages import is_outage
from darkroom_servicekit.pace import Pace
from darkroom_servicekit.stages import Received, stages

POLL_SECONDS = 5.0
FETCH_SECONDS_MAX = 5.0
"""Kafka answers a fetch at once when there is something; this is how long it may hold one when there is nothing."""
LOOK_SECONDS = 2.0
"""aiokafka's fetcher looks by itself this often, beside waking when it should; its default costs five wakings a second."""
UNREAD_SECONDS_MAX = 60.0
"""No fetch without the partitions that have unread messages before this long."""
PARTITION_BYTES_MAX = 262_144
"""Of one partition at once; a few hundred messages. While any are unread nothing is fetched (see above), so whoever shares a
partition with a long backlog waits for it, but the other partitions only for this much of it."""
BATCHES_PER_SECOND, BATCHES_PROMPT = 12.0, 60
"""In the long run, unless a service wants another, and at once: see `pace.py`."""
COMMIT_SECONDS = 0.5
"""Offsets are committed this long after a batch, for all batches since: a batch that is read again after a death is dropped by
its ids, so a commit for each would buy nothing."""
SESSION_SECONDS = 6.0
"""The broker's least: a killed member's partitions go to its successor after this long."""
HEARTBEAT_SECONDS = 2.0
REBALANCE_SECONDS_MAX = 60.0
BATCH_SECONDS_MAX = 60.0
RETRY_SECONDS_FIRST = 0.1
RETRY_SECONDS_MAX = 5.0
ATTEMPTS_MAX = 3
"""How often a message that fails by itself is tried before it is a dead letter."""
LAG_EVERY_SECONDS = 10.0
LAG_SECONDS_MAX = 20.0
"""Each question on the way to it may wait for a fetch that Kafka holds."""

INBOX_V1: tuple[str, ...] = (
    "CREATE TABLE inbox (event_id uuid PRIMARY KEY, received_at timestamptz NOT NULL DEFAULT clock_timestamp())",
    "CREATE INDEX inbox_received_at ON inbox USING brin (received_at)",
)
"""For a service's first migration. Frozen: a later shape is a new tuple and a new migration."""

MARK_SEEN = text(
    "INSERT INTO inbox (event_id) SELECT unnest(CAST(:ids AS uuid[])) ON CONFLICT DO NOTHING RETURNING event_id::text"
)
PRUNE_INBOX = "DELETE FROM inbox WHERE received_at < clock_timestamp() - make_interval(days => :days)"

E = TypeVar("E", bound=Event)
BatchHandler = Callable[[Transaction, Sequence[Received[E]]], Awaitable[None]]
MessageHandler = Callable[[Transaction, Sequence[ConsumerRecord]], Awaitable[None]]

log = structlog.get_logger()


class Handlers:
    """Which events a service takes, in the order in which one can be the cause of the next."""

    def __init__(self) -> None:
        self.by_type: dict[type[Event], BatchHandler[Any]] = {}
        self.by_topic: dict[str, MessageHandler] = {}

    def on(self, kind: type[E], handle: BatchHandler[E]) -> "Handlers":
        """Handle events of `kind`, many at a time, inside the consumer's transaction."""
        self.by_type[kind] = handle
        return self

    def on_messages(self, topic: str, handle: MessageHandler) -> "Handlers":
        """Take every message of a topic as it stands, be it an event or not. `handle` drops by itself what it has seen.

        One that fails is told of and left: it never becomes a dead letter, so a topic of dead letters cannot feed itself.
        """
        self.by_topic[topic] = handle
        return self

    def topics(self) -> list[str]:
        return sorted({kind.topic for kind in self.by_type} | self.by_topic.keys())

    def order(self) -> dict[type[Event], int]:
        return {kind: rank for rank, kind in enumerate(self.by_type)}


@dataclass(frozen=True, kw_only=True)
class Bounds:
    """How many messages a batch has at most, and how many batches a second there are under load."""

    batch_max: int
    batches_per_second: float = BATCHES_PER_SECOND


class EventConsumer:
    """One consumer group member. `run` for ever."""

    def __init__(
        self,
        broker: KafkaBroker,
        unit_of_work: UnitOfWork,
        handlers: Handlers,
        metrics: KitMetrics,
        *,
        service: str,
        prefix: str,
        bounds: Bounds,
    ) -> None:
        self._uow = unit_of_work
        self._handlers = handlers
        self._order = handlers.order()
        self._metrics = metrics
        self.group = f"{prefix}darkroom.{service}"
        self.topics = [prefix + topic for topic in handlers.topics()]
        self._by_topic = {prefix + topic: handle for topic, handle in handlers.by_topic.items()}
        self._bounds = bounds
        self._dead_letter_topic = dead_letter_topic(service)
        self._moved_at = monotonic()
        self._assigned = 0
        self._waiting_for: str | None = None
        self._next: dict[TopicPartition, int] = {}
        self._handled: dict[TopicPartition, int] = {}
        self._has_handled = asyncio.Event()
        self._broker = broker
        self._consumer: AIOKafkaConsumer | None = None

    async def check(self) -> None:
        """Raise NotReady unless partitions are assigned and nothing is being waited for."""
        if self._consumer is None or not self._consumer.assignment():
            raise NotReady("no partitions assigned yet")
        if self._waiting_for:
            raise NotReady(f"waiting for {self._waiting_for}")

    def unmoved_seconds(self) -> float:
        """Since the last sign of life: a batch was handled, nothing was left, or what is away is waited for."""
        return 0.0 if self._waiting_for else monotonic() - self._moved_at

    async def run(self) -> None:
        """Join the group and consume until cancelled."""
        # Made here and not with the broker, which would start it a second time: its own consumer must be the only member.
        subscriber = self._broker.subscriber(
            *self.topics,
            group_id=self.group,
            batch=True,
            # Also switches off aiokafka's own commits, which would come every five seconds whatever has been handled.
            ack_policy=AckPolicy.MANUAL,
            auto_offset_reset="earliest",
            consumer_timeout_ms=int(LOOK_SECONDS * 1000),
            fetch_max_wait_ms=int(FETCH_SECONDS_MAX * 1000),
            max_partition_fetch_bytes=PARTITION_BYTES_MAX,
            session_timeout_ms=int(SESSION_SECONDS * 1000),
            heartbeat_interval_ms=int(HEARTBEAT_SECONDS * 1000),
            max_poll_interval_ms=int((BATCH_SECONDS_MAX + REBALANCE_SECONDS_MAX) * 1000),
            listener=_Reassigned(self._forget_positions),
            persistent=False,
        )
        try:
            await subscriber.start()
            consumer = subscriber.consumer
            assert consumer is not None
            # aiokafka leaves partitions whose messages have not been read for 0.1 s out of its next fetch, and fetches them again
            # only when that one returns: after FETCH_SECONDS_MAX, if the others are quiet. There is no setting for it.
            consumer._fetcher._prefetch_backoff = UNREAD_SECONDS_MAX
            self._consumer = consumer
            self._next.clear()
            clock = asyncio.get_running_loop().time
            pace = Pace(per_second=self._bounds.batches_per_second, burst=BATCHES_PROMPT, clock=clock)
            async with asyncio.TaskGroup() as group:
                group.create_task(self._report_lag(consumer))
                group.create_task(self._commit_now_and_then(consumer))
                while True:
                    found = await consumer.getmany(timeout_ms=int(POLL_SECONDS * 1000), max_records=self._bounds.batch_max)
                    if found:
                        await self._take(found)
                        self._moved_at = monotonic()
                        await pace.rest()
        finally:
            consumer, self._consumer = self._consumer, None
            try:
                if consumer is not None:
                    await self._commit(consumer)
            finally:
                await subscriber.stop()

    async def _take(self, found: dict[TopicPartition, list[ConsumerRecord]]) -> None:
        records = [record for partition in found.values() for record in partition]
        with self._metrics.batch_seconds.time():
            await self._handle_until_done(records)
        offsets = {partition: records[-1].offset + 1 for partition, records in found.items()}
        self._next |= offsets
        self._handled |= offsets
        self._has_handled.set()

    def _forget_positions(self) -> None:
        self._assigned += 1
        self._next.clear()
        self._handled.clear()

    async def _commit_now_and_then(self, consumer: AIOKafkaConsumer) -> None:
        while True:
            await self._has_handled.wait()
            await asyncio.sleep(COMMIT_SECONDS)
            await self._commit(consumer)

    async def _commit(self, consumer: AIOKafkaConsumer) -> None:
        """Commit the offsets of what has been handled, of the partitions that are still ours."""
        self._has_handled.clear()
        offsets = {partition: offset for partition, offset in self._handled.items() if partition in consumer.assignment()}
        self._handled.clear()
        assigned = self._assigned
        try:
            if offsets:
                await consumer.commit(offsets)
        except KafkaError as error:
            # The effects stand; whoever reads these messages again drops them by their ids.
            log.warning("offsets not committed", error=repr(error))
            if assigned == self._assigned:
                self._handled = offsets | self._handled
                self._has_handled.set()

    async def _handle_until_done(self, records: Sequence[ConsumerRecord]) -> None:
        """Handle a batch; wait out a dependency; isolate a message that fails by itself."""
        delay = RETRY_SECONDS_FIRST
        while True:
            try:
                await self._handle(records)
            except Exception as error:
                if not is_outage(error):
                    await self._handle_one_by_one(records, error)
                    return
                self._waiting_for = type(error).__name__
                log.warning("waiting for a dependency", error=repr(error)[:300], in_seconds=delay)
                await asyncio.sleep(delay)
                delay = min(delay * 2, RETRY_SECONDS_MAX)
            else:
                self._waiting_for = None
                return

    async def _handle_one_by_one(self, records: Sequence[ConsumerRecord], error: Exception) -> None:
        if len(records) > 1:
            log.warning("batch failed, handling its messages one by one", messages=len(records), error=repr(error)[:300])
            for record in records:
                await self._handle_until_done([record])
            return
        for attempt in range(2, ATTEMPTS_MAX + 1):
            await asyncio.sleep(RETRY_SECONDS_FIRST * attempt)
            try:
                await self._handle(records)
            except Exception as again:
                if is_outage(again):
                    await self._handle_until_done(records)
                    return
                error = again
            else:
                return
        log.error("message given up", topic=records[0].topic, offset=records[0].offset, exc_info=error)
        await self._give_up(records[0], "handler-error", f"{type(error).__name__}: {error}")

    async def _handle(self, records: Sequence[ConsumerRecord]) -> None:
        """One transaction: marks, effects, events."""
        async with self._uow.begin() as transaction:
            for topic, handle_messages in self._by_topic.items():
                if messages := [record for record in records if record.topic == topic]:
                    await handle_messages(transaction, messages)
            wanted: dict[str, Received[Event]] = {}
            for record in records:
                received = None if record.topic in self._by_topic else self._read(transaction, record)
                if received is not None:
                    wanted.setdefault(received.envelope.id, received)
            fresh = await self._unseen(transaction, wanted)
            for stage in stages(fresh, self._order):
                for kind, handle in self._handlers.by_type.items():
                    if kind in stage:
                        await handle(transaction, stage[kind])
        for received in fresh:
            self._metrics.consumed.labels(type=received.envelope.type, outcome="handled").inc()

    def _read(self, transaction: Transaction, record: ConsumerRecord) -> Received[Event] | None:
        """The event of a record; None when it is not for us, or unreadable (then it becomes a dead letter)."""
        try:
            envelope = Envelope.from_headers(header_texts(record.headers))
            kind = EVENTS_BY_TYPE.get(envelope.type)
            if kind is None or kind not in self._order:
                return None
            event = read_event(envelope, record.value)
            if record.key != event.instance_id.encode():
                raise MalformedEnvelope("the key is not the event's instance")
            return Received(event, envelope)
        except (MalformedEnvelope, ValidationError) as error:
            self._metrics.dead_letters.labels(reason="unreadable").inc()
            log.error("unreadable message", topic=record.topic, offset=record.offset, error=str(error)[:500])
            transaction.publish_raw(dead_letter(record, self._dead_letter_topic, "unreadable", str(error)))
            return None

    async def _unseen(self, transaction: Transaction, wanted: dict[str, Received[Event]]) -> list[Received[Event]]:
        if not wanted:
            return []
        new = set((await transaction.execute(MARK_SEEN, {"ids": list(wanted)})).scalars())
        for event_id, received in wanted.items():
            if event_id not in new:
                self._metrics.consumed.labels(type=received.envelope.type, outcome="repeated").inc()
        return [received for event_id, received in wanted.items() if event_id in new]

    async def _give_up(self, record: ConsumerRecord, reason: str, detail: str) -> None:
        self._metrics.dead_letters.labels(reason=reason).inc()
        if record.topic in self._by_topic:
            return
        async with self._uow.begin() as transaction:
            transaction.publish_raw(dead_letter(record, self._dead_letter_topic, reason, detail))

    async def _report_lag(self, consumer: AIOKafkaConsumer) -> None:
        while True:
            await asyncio.sleep(LAG_EVERY_SECONDS)
            try:
                async with asyncio.timeout(LAG_SECONDS_MAX):
                    lag = await self._measure_lag(consumer)
            except (KafkaError, TimeoutError) as error:
                log.debug("lag not measured", error=repr(error))
                continue
            if not lag and consumer.assignment():
                self._moved_at = monotonic()

    async def _measure_lag(self, consumer: AIOKafkaConsumer) -> int:
        """Messages not yet handled, by the broker's own end offsets: a stalled fetcher's would be stale."""
        partitions = list(consumer.assignment())
        by_topic: dict[str, int] = dict.fromkeys(self.topics, 0)
        ends = await consumer.end_offsets(partitions) if partitions else {}
        new = [partition for partition in partitions if partition not in self._next]
        for partition, begin in (await consumer.beginning_offsets(new) if new else {}).items():
            self._next[partition] = max(await consumer.committed(partition) or 0, begin)
        for partition, end in ends.items():
            by_topic[partition.topic] += max(0, end - self._next[partition])
        for topic, lag in by_topic.items():
            self._metrics.lag.labels(topic=topic).set(lag)
        return sum(by_topic.values())


class _Reassigned(ConsumerRebalanceListener):  # type: ignore[misc]  # aiokafka has no types
    """Forgets how far we were: a partition that comes back has been moved on by another member."""

    def __init__(self, forget: Callable[[], None]) -> None:
        self._forget = forget

    def on_partitions_revoked(self, _revoked: set[TopicPartition]) -> None:
        self._forget()

    def on_partitions_assigned(self, _assigned: set[TopicPartition]) -> None:
        self._forget()


async def forget_old_events(unit_of_work: UnitOfWork, *, keep_days: int) -> None:
    """Drop inbox marks older than any message that may still come again."""
    async with unit_of_work.begin() as transaction:
        await transaction.execute(PRUNE_INBOX, {"days": keep_days})
