"""A message that could not be handled, as it goes to the service's dead-letter topic: whole, with where and why."""

from datetime import UTC, datetime

import uuid_utils
from aiokafka import ConsumerRecord
from darkroom_contracts.envelope import Envelope, utc_text
from darkroom_contracts.topics import PLATFORM_KEY

from darkroom_servicekit.outbox import OutboxRow

DETAIL_CHARACTERS_MAX = 2000


def dead_letter(record: ConsumerRecord, topic: str, reason: str, detail: str) -> OutboxRow:
    """The dead letter of `record`: its own bytes as the data, its own headers as `dl-header-…`, under a new id."""
    original = [(f"dl-header-{name}", (value or b"").decode("utf-8", "replace")) for name, value in record.headers]
    envelope = Envelope(
        id=str(uuid_utils.uuid7()),
        type="darkroom.DeadLetter.v1",
        source=topic,
        subject=f"{record.topic}/{record.partition}/{record.offset}",
        time=utc_text(datetime.now(UTC)),
        dataschema="",
    )
    where = (
        ("dl-reason", reason),
        ("dl-detail", detail[:DETAIL_CHARACTERS_MAX]),
        ("dl-topic", record.topic),
        ("dl-partition", str(record.partition)),
        ("dl-offset", str(record.offset)),
    )
    key = (record.key or PLATFORM_KEY.encode()).decode("utf-8", "replace")
    return OutboxRow(topic, key, envelope, record.value or b"", (*where, *original))
