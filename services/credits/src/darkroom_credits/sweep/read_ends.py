"""What the log of jobs says of the ends of some jobs, read back as any auditor could: their items' ends and their own.

Only the partitions of these jobs' tenants are read, from a while before the first of the jobs was decided on, up to what is there
now. A reading that takes too long gives what it found: every event in it is a fact by itself.
"""

import asyncio
from collections.abc import Mapping, Sequence
from datetime import timedelta

import structlog
from aiokafka import AIOKafkaConsumer, ConsumerRecord, TopicPartition
from darkroom_contracts.envelope import Envelope, MalformedEnvelope, header_texts, read_event
from darkroom_contracts.jobs import ItemFinished, JobFinished, JobRequested
from darkroom_servicekit.stages import Received
from darkroom_servicekit.story import partition_of
from pydantic import ValidationError

from darkroom_credits.sweep.store import Overdue

End = ItemFinished | JobFinished

TOPIC = JobRequested.topic
BEFORE_THE_HOLD = timedelta(days=30)
"""A request may be handed on late, out of the dead letters: then its job may have ended long before credits were held."""
START_SECONDS_MAX = 30.0
READ_SECONDS_MAX = 120.0
POLL_MS = 500
TYPES = frozenset({ItemFinished.type_name(), JobFinished.type_name()})

log = structlog.get_logger()


class ReadEnds:
    """Reads the log with a consumer of its own each time, since this is rare."""

    def __init__(self, bootstrap_servers: str, *, prefix: str) -> None:
        self._bootstrap_servers = bootstrap_servers.split(",")
        self._topic = prefix + TOPIC

    async def of(self, jobs: Sequence[Overdue]) -> list[Received[End]]:
        """All ends of these jobs and of their items, each tenant's in order. Raises KafkaError, TimeoutError without the log."""
        consumer = AIOKafkaConsumer(
            bootstrap_servers=self._bootstrap_servers, enable_auto_commit=False, auto_offset_reset="earliest"
        )
        try:
            async with asyncio.timeout(START_SECONDS_MAX):
                await consumer.start()
                ends = await self._seek(consumer, jobs)
            return await _read(consumer, ends, {str(job.job_id): job.instance_id for job in jobs})
        finally:
            await consumer.stop()

    async def _seek(self, consumer: AIOKafkaConsumer, jobs: Sequence[Overdue]) -> dict[TopicPartition, int]:
        """Stand at the beginnings; where each partition ends now."""
        # The consumer itself knows only the topics that it reads already.
        numbers = (await consumer._client.fetch_all_metadata()).partitions_for_topic(self._topic) or set()
        since: dict[TopicPartition, int] = {}
        for job in jobs if numbers else ():
            partition = TopicPartition(self._topic, partition_of(job.instance_id, len(numbers)))
            at = int((job.created_at - BEFORE_THE_HOLD).timestamp() * 1000)
            since[partition] = min(at, since.get(partition, at))
        begins = await consumer.offsets_for_times(since) if since else {}
        ends = await consumer.end_offsets(list(since)) if since else {}
        found = {part: begin.offset for part, begin in begins.items() if begin is not None and begin.offset < ends[part]}
        consumer.assign(list(found))
        for partition, offset in found.items():
            consumer.seek(partition, offset)
        return {partition: ends[partition] for partition in found}


async def _read(consumer: AIOKafkaConsumer, ends: dict[TopicPartition, int], tenants: Mapping[str, str]) -> list[Received[End]]:
    found: list[Received[End]] = []
    try:
        async with asyncio.timeout(READ_SECONDS_MAX):
            while ends:
                for partition, records in (await consumer.getmany(timeout_ms=POLL_MS)).items():
                    found += [end for record in records if (end := _end_in(record, tenants)) is not None]
                    if partition in ends and await consumer.position(partition) >= ends[partition]:
                        del ends[partition]
    except TimeoutError:
        log.warning("the log of jobs was not read to its end", partitions=len(ends), found=len(found))
    return found


def _end_in(record: ConsumerRecord, tenants: Mapping[str, str]) -> Received[End] | None:
    """The end in a message, if it is one of these jobs'; its headers tell, so that little is parsed."""
    try:
        envelope = Envelope.from_headers(header_texts(record.headers))
        if envelope.type not in TYPES or (record.key or b"").decode() != tenants.get(envelope.correlation_id or ""):
            return None
        event = read_event(envelope, record.value or b"")
    except (MalformedEnvelope, ValidationError, KeyError, UnicodeDecodeError) as error:
        log.error("unreadable message in the log of jobs", offset=record.offset, error=str(error)[:300])
        return None
    assert isinstance(event, ItemFinished | JobFinished), "its type says so"
    return Received(event, envelope)
