"""The way of one item through the services, read back from Kafka as any auditor could."""

import asyncio
from dataclasses import dataclass
from datetime import datetime

from aiokafka import AIOKafkaConsumer, ConsumerRecord, TopicPartition
from darkroom_contracts.envelope import Envelope, MalformedEnvelope, header_texts
from darkroom_contracts.topics import EVENT_TOPICS

READ_SECONDS_MAX = 10.0
POLL_MS = 300


@dataclass(frozen=True)
class Step:
    """One event of the story: when it was told, by which service."""

    at: datetime
    event: str
    service: str
    subject: str


async def steps_of_job(bootstrap: str, *, job_id: int, instance_id: str, since: datetime) -> list[Step]:
    """The job's events since a time, oldest first, from the event topics up to their present ends."""
    consumer = AIOKafkaConsumer(bootstrap_servers=bootstrap, enable_auto_commit=False, auto_offset_reset="earliest")
    await consumer.start()
    try:
        async with asyncio.timeout(READ_SECONDS_MAX):
            records = await _records(consumer, since)
    finally:
        await consumer.stop()
    steps = [step for record in records if (step := _step(record, job_id, instance_id))]
    return sorted(steps, key=lambda step: step.at)


async def _records(consumer: AIOKafkaConsumer, since: datetime) -> list[ConsumerRecord]:
    partitions = [TopicPartition(topic.name, number) for topic in EVENT_TOPICS for number in range(topic.partitions)]
    consumer.assign(partitions)
    begins = await consumer.offsets_for_times(dict.fromkeys(partitions, int(since.timestamp() * 1000)))
    ends = await consumer.end_offsets(partitions)
    wanted = {partition: begin.offset for partition, begin in begins.items() if begin is not None}
    consumer.assign(list(wanted))
    for partition, offset in wanted.items():
        consumer.seek(partition, offset)
    records: list[ConsumerRecord] = []
    while wanted and any([await consumer.position(partition) < ends[partition] for partition in wanted]):
        for found in (await consumer.getmany(timeout_ms=POLL_MS)).values():
            records.extend(found)
    return records


def _step(record: ConsumerRecord, job_id: int, instance_id: str) -> Step | None:
    try:
        envelope = Envelope.from_headers(header_texts(record.headers))
    except MalformedEnvelope:
        return None
    if record.key != instance_id.encode() or envelope.correlation_id != str(job_id):
        return None
    name = envelope.type.split(".")[1]
    return Step(datetime.fromisoformat(envelope.time), name, envelope.source.rsplit("/", 1)[-1], envelope.subject)


def way_of_item(steps: list[Step], *, job_id: int, item_id: int) -> list[Step]:
    """The steps of one item, and those of its job as a whole that it went through."""
    item, job = f"jobs/{job_id}/items/{item_id}", f"jobs/{job_id}"
    of_job = {"JobRequested", "CreditsReserved", "JobFinished"}
    return [step for step in steps if step.subject == item or (step.subject == job and step.event in of_job)]
