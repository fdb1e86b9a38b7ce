"""The idempotent consumer: a batch's effects, its inbox marks and its new events are one transaction; the offset follows.

A message seen before changes nothing. A message that cannot be handled becomes a dead letter and never blocks its partition
(`isolation.py`). When a dependency is away the batch is tried again until it is back.
"""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from time import monotonic

import structlog
from aiokafka import AIOKafkaConsumer, ConsumerRecord, TopicPartition
from aiokafka.abc import ConsumerRebalanceListener
from aiokafka.errors import KafkaError
from darkroom_contracts.predictions import MessagesDropped, MessagesRedriven
from darkroom_contracts.topics import dead_letter_topic
from faststream import AckPolicy
from faststream.kafka import KafkaBroker

from darkroom_servicekit.database import UnitOfWork
from darkroom_servicekit.handling import INBOX_V1, BatchHandler, Handlers, Handling, MessageHandler
from darkroom_servicekit.health import NotReady
from darkroom_servicekit.isolation import Isolation
from darkroom_servicekit.metrics import KitMetrics
from darkroom_servicekit.pace import Pace
from darkroom_servicekit.redriven import RedrivenMessages

__all__ = ["INBOX_V1", "BatchHandler", "Bounds", "EventConsumer", "Handlers", "MessageHandler"]

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
LAG_EVERY_SECONDS = 10.0
LAG_SECONDS_MAX = 20.0
"""Each question on the way to it may wait for a fetch that Kafka holds."""

NOWHERE = TopicPartition("", 0)
"""A partition that nobody has. Polling it alone says that the consumer is alive, and takes no messages."""

log = structlog.get_logger()


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
        self._metrics = metrics
        announce_on = dead_letter_topic(service)
        self._redriven = RedrivenMessages(unit_of_work, service=service, announce_on=announce_on)
        handlers.on(MessagesRedriven, self._redriven.on_messages_redriven)
        handlers.on(MessagesDropped, self._redriven.on_messages_dropped)
        self.group = f"{prefix}darkroom.{service}"
        self.topics = [prefix + topic for topic in handlers.topics()]
        raw_topics = {prefix + topic: handle for topic, handle in handlers.by_topic.items()}
        self._handling = Handling(unit_of_work, handlers, metrics, raw_topics=raw_topics, service=service)
        self._isolation = Isolation(self._handling, unit_of_work, self._settled)
        self._bounds = bounds
        self._moved_at = monotonic()
        self._assigned = 0
        self._next: dict[TopicPartition, int] = {}
        self._handled: dict[TopicPartition, int] = {}
        self._has_handled = asyncio.Event()
        self._broker = broker
        self._consumer: AIOKafkaConsumer | None = None

    async def check(self) -> None:
        """Raise NotReady unless partitions are assigned and nothing is being waited for."""
        if self._consumer is None or not self._consumer.assignment():
            raise NotReady("no partitions assigned yet")
        if self._isolation.waiting_for:
            raise NotReady(f"waiting for {self._isolation.waiting_for}")

    def unmoved_seconds(self) -> float:
        """Since the last sign of life: a part of a batch was settled, nothing was left, or what is away is waited for."""
        return 0.0 if self._isolation.waiting_for else monotonic() - self._moved_at

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
            await self._isolation.settle(records)

    async def _settled(self, records: Sequence[ConsumerRecord]) -> None:
        """Take note that a batch goes on, and that these of its messages are done: they need not come again."""
        self._moved_at = monotonic()
        offsets = {TopicPartition(record.topic, record.partition): record.offset + 1 for record in records}
        if offsets:
            self._next |= offsets
            self._handled |= offsets
            self._has_handled.set()
        if self._consumer is not None:
            # Kafka's client leaves the group when it is not polled for BATCH_SECONDS_MAX + REBALANCE_SECONDS_MAX.
            await self._consumer.getmany(NOWHERE, timeout_ms=0)

    async def handle_redriven(self) -> None:
        """Handle again what operators redrive, until cancelled."""
        await self._redriven.run(self._handling)

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
