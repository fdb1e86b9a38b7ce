"""Topics of a test's own: a prefix that nobody else uses, the contracts' topics under it, and plain producing and reading."""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, ConsumerRecord
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.record.default_records import _DefaultRecordBatchBuilderPy
from darkroom_contracts.envelope import Envelope, header_texts, read_event, wrap
from darkroom_contracts.event import Event
from darkroom_contracts.topics import STATE_TOPICS, TOPICS
from darkroom_servicekit.stages import Received
from support.stack import StackAddresses, create_topics, unique_name

PARTITIONS = 3
NO_EVENTS = (".dead-letters", *(topic.name for topic in STATE_TOPICS))
WAIT_SECONDS_MAX = 60.0
"""Says that something is broken, never how busy the machine is."""


class AnyBytes(str):
    """A header's name for aiokafka's builder, which encodes it: these bytes, whatever they are."""

    def __new__(cls, content: bytes) -> "AnyBytes":
        made = super().__new__(cls, content.decode("latin-1"))
        made.content = content
        return made

    content: bytes

    def encode(self, encoding: str = "utf-8", errors: str = "strict") -> bytes:
        return self.content


class Log:
    """The event log as the outside sees it: a plain producer and a plain consumer."""

    def __init__(self, bootstrap: str, prefix: str, producer: AIOKafkaProducer, consumer: AIOKafkaConsumer) -> None:
        self.bootstrap = bootstrap
        self.prefix = prefix
        self.records: list[ConsumerRecord] = []
        self._parsed: dict[int, Received[Event]] = {}
        self._producer = producer
        self._consumer = consumer

    async def publish(self, *events: Event, source: str = "/tests", cause: Envelope | None = None) -> list[Envelope]:
        """Put events into the log as a service would; their envelopes."""
        envelopes = [wrap(event, source=source, now=datetime.now(UTC), cause=cause) for event in events]
        await self.send([(event, envelope) for event, envelope in zip(events, envelopes, strict=True)])
        return envelopes

    async def send(self, messages: Sequence[tuple[Event, Envelope]]) -> None:
        """Put events with given envelopes into the log (the same again, for a repeated delivery)."""
        pending = [
            await self._producer.send(
                self.prefix + event.topic,
                event.to_json(),
                key=event.instance_id.encode(),
                headers=[(name, value.encode()) for name, value in envelope.headers().items()],
            )
            for event, envelope in messages
        ]
        await asyncio.gather(*pending)

    async def hand_over(self, event: Event, *, source: str = "/tests") -> None:
        """Put one event on its way, without waiting until it is in the log."""
        envelope = wrap(event, source=source, now=datetime.now(UTC))
        headers = [(name, value.encode()) for name, value in envelope.headers().items()]
        await self._producer.send(self.prefix + event.topic, event.to_json(), key=event.instance_id.encode(), headers=headers)

    async def send_raw(self, topic: str, value: bytes, *, key: bytes | None, headers: list[tuple[str, bytes]]) -> None:
        """Put any bytes into the log."""
        await self._producer.send_and_wait(self.prefix + topic, value, key=key, headers=headers)

    async def send_with_header_name(self, topic: str, name: bytes, *, partition: int, compressed: bool) -> None:
        """Put a message into the log between two others, with a header whose name is any bytes: other clients can."""
        producer = AIOKafkaProducer(bootstrap_servers=self.bootstrap, acks="all", enable_idempotence=False)
        await producer.start()
        batch = producer.create_batch()
        gzip = _DefaultRecordBatchBuilderPy.CODEC_GZIP if compressed else 0
        builder = _DefaultRecordBatchBuilderPy(2, gzip, 0, -1, -1, 0, 100_000)
        for place, header in enumerate((b"x-before", name, b"x-after")):
            builder.append(place, None, key=b"shop-a", value=b"{}", headers=[(AnyBytes(header), b"1")])
        batch._builder, batch._relative_offset = builder, 3
        batch.close()
        await (await producer.send_batch(batch, self.prefix + topic, partition=partition))
        await producer.stop()

    async def events(
        self, until: Callable[[list[Received[Event]]], bool], *, instance_id: str | None = None
    ) -> list[Received[Event]]:
        """All events so far (of one tenant), read on until the condition holds. Raises TimeoutError with what was seen."""
        deadline = asyncio.get_running_loop().time() + WAIT_SECONDS_MAX
        while True:
            seen = self.seen(instance_id)
            if until(seen):
                return seen
            if asyncio.get_running_loop().time() > deadline:
                raise TimeoutError(f"saw only {[type(received.event).__name__ for received in seen]}")
            await self._read(200)

    def seen(self, instance_id: str | None = None) -> list[Received[Event]]:
        """The events read so far, in the order of their arrival here."""
        found = []
        for place, record in enumerate(self.records):
            if record.topic.endswith(NO_EVENTS) or (instance_id is not None and record.key != instance_id.encode()):
                continue
            if place not in self._parsed:
                envelope = Envelope.from_headers(header_texts(record.headers))
                self._parsed[place] = Received(read_event(envelope, record.value), envelope)
            found.append(self._parsed[place])
        return found

    async def raw(self, topic: str, count: int) -> list[ConsumerRecord]:
        """The first `count` messages of a topic, as they stand in the log."""
        deadline = asyncio.get_running_loop().time() + WAIT_SECONDS_MAX
        while True:
            found = [record for record in self.records if record.topic == self.prefix + topic]
            if len(found) >= count:
                return found
            if asyncio.get_running_loop().time() > deadline:
                raise TimeoutError(f"{len(found)} of {count} messages on {topic}")
            await self._read(200)

    async def _read(self, timeout_ms: int) -> None:
        for records in (await self._consumer.getmany(timeout_ms=timeout_ms)).values():
            self.records.extend(records)


@asynccontextmanager
async def own_log(parts: StackAddresses, *, partitions: int = PARTITIONS) -> AsyncIterator[Log]:
    """A log with topics of its own, removed at the end. Give its `prefix` to the service as `kafka_prefix`.

    A topic of one partition, in which every tenant's messages keep their order, is one here too.
    """
    prefix = unique_name("test") + "."
    topics = [replace(topic, name=prefix + topic.name, partitions=min(partitions, topic.partitions)) for topic in TOPICS]
    await create_topics(parts, topics)
    consumer = AIOKafkaConsumer(
        *(topic.name for topic in topics), bootstrap_servers=parts.kafka, auto_offset_reset="earliest", enable_auto_commit=False
    )
    producer = AIOKafkaProducer(bootstrap_servers=parts.kafka, acks="all", enable_idempotence=True)
    await consumer.start()
    await producer.start()
    try:
        yield Log(parts.kafka, prefix, producer, consumer)
    finally:
        await producer.stop()
        await consumer.stop()
        admin = AIOKafkaAdminClient(bootstrap_servers=parts.kafka)
        await admin.start()
        await admin.delete_topics([topic.name for topic in topics])
        await admin.close()
