"""Every tenant's balances as the topic `darkroom.credits` alone tells them, read from its beginning to its present end.

A record that is no event of this topic, as far as this code knows, is skipped and counted: foreign bytes, an unknown type or
version, an event under another tenant's key.
"""

import asyncio
from datetime import datetime

from aiokafka import AIOKafkaConsumer, ConsumerRecord
from darkroom_contracts.balances import Rebuilt
from darkroom_contracts.credits import CreditsReserved
from darkroom_contracts.envelope import Envelope, header_texts, read_event
from darkroom_contracts.event import Event
from darkroom_servicekit.header_names import accept_any_header_name

POLL_MS = 500
READ_SECONDS_MAX = 3600.0
"""A log of years is long."""


async def rebuild(bootstrap_servers: str, *, until: datetime | None = None, prefix: str = "") -> Rebuilt:
    """Add up all events, or those up to a time. Raises KafkaError, TimeoutError."""
    accept_any_header_name()
    consumer = AIOKafkaConsumer(
        prefix + CreditsReserved.topic,
        bootstrap_servers=bootstrap_servers.split(","),
        auto_offset_reset="earliest",
        enable_auto_commit=False,
    )
    rebuilt = Rebuilt()
    async with asyncio.timeout(READ_SECONDS_MAX):
        await consumer.start()
        try:
            ends = await consumer.end_offsets(list(consumer.assignment()))
            while any([await consumer.position(partition) < end for partition, end in ends.items()]):
                for records in (await consumer.getmany(timeout_ms=POLL_MS)).values():
                    for record in records:
                        _take(rebuilt, record, until)
        finally:
            await consumer.stop()
    return rebuilt


def _take(rebuilt: Rebuilt, record: ConsumerRecord, until: datetime | None) -> None:
    try:
        envelope, event = _read(record)
        counts = until is None or datetime.fromisoformat(envelope.time) <= until
    except (ValueError, TypeError, KeyError, RecursionError):  # whatever it is, the log goes on behind it
        rebuilt.skipped += 1
        return
    if counts:
        rebuilt.take(envelope, event)


def _read(record: ConsumerRecord) -> tuple[Envelope, Event]:
    envelope = Envelope.from_headers(header_texts(record.headers))
    event = read_event(envelope, record.value or b"")
    if record.key != event.instance_id.encode():
        raise ValueError("the key is not the event's instance")
    return envelope, event
