"""Messages that services gave up on, from their dead-letter topics into the table."""

from collections.abc import Sequence
from datetime import UTC, datetime

import structlog
from aiokafka import ConsumerRecord
from darkroom_contracts.topics import PLATFORM_KEY, SERVICES, dead_letter_topic
from darkroom_servicekit.consumer import Handlers, MessageHandler
from darkroom_servicekit.database import Transaction

from darkroom_predictor.letters.letter import DeadMessage, read_dead_message
from darkroom_predictor.letters.store import file_messages

log = structlog.get_logger()


class CollectLetters:
    """The handlers of the dead-letter topics. `prefix` is what stands before every topic of this platform."""

    def __init__(self, *, prefix: str) -> None:
        self._prefix = prefix

    def register(self, handlers: Handlers) -> Handlers:
        for service in SERVICES:
            handlers.on_messages(dead_letter_topic(service), self._of(service))
        return handlers

    def _of(self, service: str) -> MessageHandler:
        async def collect(transaction: Transaction, records: Sequence[ConsumerRecord]) -> None:
            found = [letter for record in records if (letter := self._read(record, service))]
            for letter in await file_messages(transaction, found):
                log.error(
                    "dead letter", id=str(letter.id), service=service, code=letter.code, topic=letter.topic, job=letter.job_id
                )

        return collect

    def _read(self, record: ConsumerRecord, service: str) -> DeadMessage | None:
        headers = {name: (value or b"").decode("utf-8", "replace") for name, value in record.headers}
        return read_dead_message(
            headers,
            record.value or b"",
            service=service,
            key=(record.key or PLATFORM_KEY.encode()).decode("utf-8", "replace"),
            place=f"{record.topic}/{record.partition}/{record.offset}",
            prefix=self._prefix,
            now=datetime.now(UTC),
        )
