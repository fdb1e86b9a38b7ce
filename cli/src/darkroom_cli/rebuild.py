"""Every tenant's balances as the topic `darkroom.credits` alone tells them, read from its beginning to its present end."""

import asyncio
from datetime import datetime

from aiokafka import AIOKafkaConsumer
from darkroom_contracts.balances import Rebuilt
from darkroom_contracts.credits import CreditsReserved
from darkroom_contracts.envelope import Envelope, header_texts, read_event

POLL_MS = 500
READ_SECONDS_MAX = 3600.0
"""A log of years is long."""


async def rebuild(bootstrap_servers: str, *, until: datetime | None = None, prefix: str = "") -> Rebuilt:
    """Add up all events, or those up to a time. Raises KafkaError, TimeoutError; ValueError for a message that is no event."""
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
                        envelope = Envelope.from_headers(header_texts(record.headers))
                        if until is None or datetime.fromisoformat(envelope.time) <= until:
                            rebuilt.take(envelope, read_event(envelope, record.value or b""))
        finally:
            await consumer.stop()
    return rebuilt
