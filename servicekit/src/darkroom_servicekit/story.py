"""The events of one job, read back from the log as any auditor could, in causal order.

Only the tenant's own partition is read, from the job's creation on, and never more than the bounds say: a story that is longer
is cut and says so.
"""

import asyncio
import heapq
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from aiokafka import AIOKafkaConsumer, ConsumerRecord, TopicPartition
from aiokafka.partitioner import murmur2
from darkroom_contracts.catalogue import EVENTS
from darkroom_contracts.envelope import Envelope, MalformedEnvelope, header_texts

from darkroom_servicekit.header_names import accept_any_header_name

READ_SECONDS_MAX = 8.0
POLL_MS = 300
RECORDS_MAX = 200_000
"""Messages of the partition that are looked through; most may be of other jobs."""
CLOCKS_APART = timedelta(seconds=5)
"""Between the clock that wrote a job's row and the clocks of the messages."""
TEXT_CHARACTERS_MAX = 200
LIST_MAX = 20
LEFT_OUT = frozenset({"instanceId", "jobId", "input", "output", "balances"})
"""Data that stand beside it already, are large, or are no news of the job."""
TOPICS = tuple(sorted({event.topic for event in EVENTS}))


@dataclass(frozen=True, kw_only=True)
class StoryEvent:
    """One event of a job's story."""

    id: str
    type: str
    at: datetime
    causation_id: str | None
    source: str
    subject: str
    instance_id: str
    sequence: int
    data: dict[str, Any]


@dataclass(frozen=True)
class Story:
    """Events in causal order; `cut` when there was more than could be read."""

    events: list[StoryEvent]
    cut: bool


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """Whose story, and how much of the log it may lie in (`until` None: up to now)."""

    instance_id: str
    job_id: int
    since: datetime
    until: datetime | None = None
    events_max: int = 1000


async def read_story(bootstrap_servers: str, wanted: Wanted, *, prefix: str = "") -> Story:
    """The job's events, each once. Raises KafkaError or TimeoutError when the log does not answer in time."""
    accept_any_header_name()
    consumer = AIOKafkaConsumer(
        bootstrap_servers=bootstrap_servers.split(","), enable_auto_commit=False, auto_offset_reset="earliest"
    )
    async with asyncio.timeout(READ_SECONDS_MAX):
        await consumer.start()
        try:
            found, cut = await _read(consumer, wanted, prefix)
        finally:
            await consumer.stop()
    return Story(causal_order(list(found.values())), cut)


async def _read(consumer: AIOKafkaConsumer, wanted: Wanted, prefix: str) -> tuple[dict[str, StoryEvent], bool]:
    places = await _places(consumer, wanted, prefix)
    consumer.assign(list(places))
    for partition, (begin, _) in places.items():
        consumer.seek(partition, begin)
    found: dict[str, StoryEvent] = {}
    looked_at = 0
    while places:
        for partition, records in (await consumer.getmany(timeout_ms=POLL_MS)).items():
            looked_at += len(records)
            for record in records:
                event = story_event(record, wanted)
                if event is not None:
                    found.setdefault(event.id, event)
            if partition in places and await consumer.position(partition) >= places[partition][1]:
                del places[partition]
        if len(found) >= wanted.events_max or looked_at >= RECORDS_MAX:
            first = sorted(found.values(), key=lambda event: (event.at, event.sequence))[: wanted.events_max]
            return {event.id: event for event in first}, True
    return found, False


async def _places(consumer: AIOKafkaConsumer, wanted: Wanted, prefix: str) -> dict[TopicPartition, tuple[int, int]]:
    """The tenant's partition of each topic, from where to where it is read; those without anything to read left out."""
    # The consumer itself knows only the topics that it reads already.
    cluster = await consumer._client.fetch_all_metadata()
    partitions = [
        TopicPartition(prefix + topic, partition_of(wanted.instance_id, len(numbers)))
        for topic in TOPICS
        if (numbers := cluster.partitions_for_topic(prefix + topic))
    ]
    begins = await consumer.offsets_for_times(dict.fromkeys(partitions, _milliseconds(wanted.since - CLOCKS_APART)))
    ends = await consumer.end_offsets(partitions)
    if wanted.until is not None:
        until = await consumer.offsets_for_times(dict.fromkeys(partitions, _milliseconds(wanted.until)))
        ends |= {partition: found.offset for partition, found in until.items() if found is not None}
    return {
        partition: (begin.offset, ends[partition])
        for partition, begin in begins.items()
        if begin is not None and begin.offset < ends[partition]
    }


def partition_of(instance_id: str, partitions: int) -> int:
    """Where a tenant's messages stand: Kafka's own default, which every producer of ours uses."""
    number: int = (murmur2(instance_id.encode()) & 0x7FFFFFFF) % partitions
    return number


def story_event(record: ConsumerRecord, wanted: Wanted) -> StoryEvent | None:
    """The event in a message, when it is of the story."""
    if record.key != wanted.instance_id.encode():
        return None
    try:
        envelope = Envelope.from_headers(header_texts(record.headers))
        if envelope.correlation_id != str(wanted.job_id):
            return None
        at = datetime.fromisoformat(envelope.time)
        if at.tzinfo is None:
            return None  # it cannot be put in order with the others
        return StoryEvent(
            id=envelope.id,
            type=envelope.type,
            at=at,
            causation_id=envelope.causation_id,
            source=envelope.source,
            subject=envelope.subject,
            instance_id=wanted.instance_id,
            sequence=envelope.sequence or 0,
            data=small(json.loads(record.value or b"{}")),
        )
    except (MalformedEnvelope, ValueError, RecursionError):
        return None


def small(data: object) -> dict[str, Any]:
    """An event's data as a timeline shows them: without what is large."""
    if not isinstance(data, dict):
        return {}
    return {name: _short(value) for name, value in data.items() if name not in LEFT_OUT}


def _short(value: Any) -> Any:  # JSON
    match value:
        case str() if len(value) > TEXT_CHARACTERS_MAX:
            return value[: TEXT_CHARACTERS_MAX - 1] + "…"
        case list():
            return [_short(one) for one in value[:LIST_MAX]]
        case dict():
            return {name: _short(one) for name, one in value.items()}
    return value


def causal_order(events: Sequence[StoryEvent]) -> list[StoryEvent]:
    """Causes before what they led to, else by time: clocks of different services may disagree, causes do not."""
    by_id = {event.id: event for event in events}
    effects: dict[str, list[StoryEvent]] = {}
    ready: list[tuple[datetime, str, int, str]] = []

    def is_ready(event: StoryEvent) -> None:
        heapq.heappush(ready, (event.at, event.source, event.sequence, event.id))

    for event in by_id.values():
        if event.causation_id in by_id and event.causation_id != event.id:
            effects.setdefault(event.causation_id or "", []).append(event)
        else:
            is_ready(event)
    order: list[StoryEvent] = []
    while ready:
        event = by_id[heapq.heappop(ready)[3]]
        order.append(event)
        for effect in effects.pop(event.id, ()):
            is_ready(effect)
    # Events that name each other as causes can only be forged; they are shown all the same, last.
    told = {event.id for event in order}
    return order + sorted((event for event in by_id.values() if event.id not in told), key=lambda event: event.at)


def _milliseconds(at: datetime) -> int:
    return int(at.timestamp() * 1000)
