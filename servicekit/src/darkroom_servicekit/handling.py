"""Handles a batch of messages in one transaction: inbox marks, effects, new events, and the letters of refused messages."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

import structlog
from aiokafka import ConsumerRecord
from darkroom_contracts.event import Event
from darkroom_contracts.topics import dead_letter_topic
from sqlalchemy import text

from darkroom_servicekit.database import Transaction, UnitOfWork
from darkroom_servicekit.dead_letters import DeadLetter, file_letters, letter_of
from darkroom_servicekit.error_text import error_text
from darkroom_servicekit.metrics import KitMetrics
from darkroom_servicekit.reading import Passed, Reader, Refused
from darkroom_servicekit.stages import Received, stages

HANDLER_ERROR = "handler-error"

INBOX_V1: tuple[str, ...] = (
    "CREATE TABLE inbox (event_id uuid PRIMARY KEY, received_at timestamptz NOT NULL DEFAULT clock_timestamp())",
    "CREATE INDEX inbox_received_at ON inbox USING brin (received_at)",
)
"""For a service's first migration. Frozen: a later shape is a new tuple and a new migration."""

MARK_SEEN = text(
    "INSERT INTO inbox (event_id) SELECT unnest(CAST(:ids AS uuid[])) ON CONFLICT DO NOTHING RETURNING event_id::text"
)
LIMIT_STATEMENTS = text("SELECT set_config('statement_timeout', :milliseconds, true)")

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

        A message that fails is filed in the service's own table and not announced, so a topic of dead letters cannot feed itself.
        """
        self.by_topic[topic] = handle
        return self

    def topics(self) -> list[str]:
        return sorted({kind.topic for kind in self.by_type} | self.by_topic.keys())

    def order(self) -> dict[type[Event], int]:
        return {kind: rank for rank, kind in enumerate(self.by_type)}


@dataclass(frozen=True)
class Failure:
    """A message that its handler fails at, and how often it was tried by itself."""

    record: ConsumerRecord
    error: Exception
    attempts: int

    def letter(self, service: str) -> DeadLetter:
        """Its dead letter at a service."""
        detail = error_text(self.error)
        return letter_of(self.record, service=service, reason=HANDLER_ERROR, detail=detail, attempts=self.attempts)


class StillRefused(Exception):
    """A redriven message is as unreadable as before."""

    def __init__(self, refused: Refused) -> None:
        super().__init__(refused.detail)
        self.reason = refused.reason


class Handling:
    """The handlers of one service at work. `raw_topics` are handled message by message, whatever is in them."""

    def __init__(
        self,
        unit_of_work: UnitOfWork,
        handlers: Handlers,
        metrics: KitMetrics,
        *,
        raw_topics: Mapping[str, MessageHandler],
        service: str,
    ) -> None:
        self._uow = unit_of_work
        self._handlers = handlers
        self._order = handlers.order()
        self._reader = Reader(handlers.by_type)
        self._metrics = metrics
        self._raw_topics = raw_topics
        self._service = service
        self._dead_letter_topic = dead_letter_topic(service)

    async def handle(self, records: Sequence[ConsumerRecord], *, statement_seconds: float | None = None) -> None:
        """Handle messages, all or nothing. `statement_seconds` bounds each statement, where the usual bound is too long."""
        letters: list[DeadLetter] = []
        async with self._uow.begin() as transaction:
            if statement_seconds is not None:
                await transaction.execute(LIMIT_STATEMENTS, {"milliseconds": str(int(statement_seconds * 1000))})
            await self._handle_raw(transaction, records)
            fresh = await self._handle_events(transaction, self._read(records, letters))
            new = await file_letters(transaction, letters, announce_on=self._dead_letter_topic)
        self._count(fresh, new)

    async def handle_letter(self, transaction: Transaction, letter: DeadLetter) -> None:
        """Handle a redriven message in the caller's transaction. Raises StillRefused, or what a handler raises."""
        record = letter.record()
        await self._handle_raw(transaction, [record])
        read = Passed.NOT_OURS if record.topic in self._raw_topics else self._reader.read(record)
        if isinstance(read, Refused):
            raise StillRefused(read)
        if isinstance(read, Received):
            await self._handle_events(transaction, [read])

    async def give_up(self, failures: Sequence[Failure]) -> None:
        """File messages that their handlers fail at, in a transaction of its own."""
        announced = [failure.letter(self._service) for failure in failures if failure.record.topic not in self._raw_topics]
        silent = [failure.letter(self._service) for failure in failures if failure.record.topic in self._raw_topics]
        async with self._uow.begin() as transaction:
            new = await file_letters(transaction, announced, announce_on=self._dead_letter_topic)
            new += await file_letters(transaction, silent, announce_on=None)
        self._count((), new)

    async def _handle_raw(self, transaction: Transaction, records: Sequence[ConsumerRecord]) -> None:
        for topic, handle in self._raw_topics.items():
            if messages := [record for record in records if record.topic == topic]:
                await handle(transaction, messages)

    def _read(self, records: Sequence[ConsumerRecord], letters: list[DeadLetter]) -> list[Received[Event]]:
        """The events among the records; adds to `letters` those that must be refused."""
        wanted: dict[str, Received[Event]] = {}
        for record in records:
            if record.topic in self._raw_topics:
                continue
            read = self._reader.read(record)
            if isinstance(read, Received):
                wanted.setdefault(read.envelope.id, read)
            elif isinstance(read, Refused):
                letters.append(letter_of(record, service=self._service, reason=read.reason, detail=read.detail))
            elif read is Passed.UNKNOWN_TYPE:
                self._metrics.unknown.labels(topic=record.topic).inc()
        return list(wanted.values())

    async def _handle_events(self, transaction: Transaction, wanted: Sequence[Received[Event]]) -> list[Received[Event]]:
        """Handle the events that were not handled before, and return them."""
        fresh = await self._unseen(transaction, wanted)
        for stage in stages(fresh, self._order):
            for kind, handle in self._handlers.by_type.items():
                if kind in stage:
                    await handle(transaction, stage[kind])
        return fresh

    async def _unseen(self, transaction: Transaction, wanted: Sequence[Received[Event]]) -> list[Received[Event]]:
        if not wanted:
            return []
        ids = [received.envelope.id for received in wanted]
        new = set((await transaction.execute(MARK_SEEN, {"ids": ids})).scalars())
        for received in wanted:
            if received.envelope.id not in new:
                self._metrics.consumed.labels(type=received.envelope.type, outcome="repeated").inc()
        return [received for received in wanted if received.envelope.id in new]

    def _count(self, handled: Sequence[Received[Event]], filed: Sequence[DeadLetter]) -> None:
        for received in handled:
            self._metrics.consumed.labels(type=received.envelope.type, outcome="handled").inc()
        for letter in filed:
            self._metrics.dead_letters.labels(reason=letter.reason).inc()
            log.error(
                "message set aside",
                id=str(letter.id),
                reason=letter.reason,
                topic=letter.topic,
                offset=letter.record_offset,
                error=letter.detail[:500],
            )
