"""A service's own dead letters: the messages that it cannot handle, filed whole and announced in a bounded form.

The table takes any bytes: keys, values, header names and header values are `bytea`. A letter's id follows from the service and
from where the message stands in Kafka, so a batch that is read again files nothing twice. The announcement on the service's
dead-letter topic is text of a bounded size; a redrive works from the table.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from uuid import UUID, uuid5

from aiokafka import ConsumerRecord
from darkroom_contracts.envelope import Envelope, utc_text
from darkroom_contracts.topics import PLATFORM_KEY
from sqlalchemy import text

from darkroom_servicekit.database import Transaction, UnitOfWork
from darkroom_servicekit.housekeeping import forget
from darkroom_servicekit.outbox import OutboxRow

LETTERS = UUID("5f0f1a52-7d0b-4f0e-9d5c-3a8f2f3f9b11")
"""The namespace of letter ids."""
DETAIL_CHARACTERS_MAX = 2000
ANNOUNCED_VALUE_BYTES_MAX = 65_536
FORGOTTEN_AT_ONCE_MAX = 200
"""Each letter may hold a megabyte."""
ANNOUNCED_KEY_CHARACTERS_MAX = 200
ANNOUNCED_HEADERS_MAX = 50
ANNOUNCED_HEADER_CHARACTERS_MAX = 500
NUL, NUL_SYMBOL = "\x00", "\u2400"

DEAD_LETTERS_V1: tuple[str, ...] = (
    """
    CREATE TABLE own_dead_letters (
        id            uuid PRIMARY KEY,
        topic         text NOT NULL,
        partition     integer NOT NULL,
        record_offset bigint NOT NULL,
        record_time   timestamptz NOT NULL,
        key           bytea,
        value         bytea,
        header_names  bytea[] NOT NULL,
        header_values bytea[] NOT NULL,
        reason        text NOT NULL,
        detail        text NOT NULL,
        attempts      integer NOT NULL,
        filed_at      timestamptz NOT NULL DEFAULT clock_timestamp(),
        due_at        timestamptz
    )
    """,
    "CREATE INDEX own_dead_letters_due ON own_dead_letters (due_at) WHERE due_at IS NOT NULL",
)
"""For a migration of each service. Frozen: a later shape is a new tuple and a new migration."""

COLUMNS = "id, topic, partition, record_offset, record_time, key, value, header_names, header_values, reason, detail, attempts"
FILED = text("SELECT id FROM own_dead_letters WHERE id = ANY(CAST(:ids AS uuid[]))")
FILE = text(
    f"""
    INSERT INTO own_dead_letters ({COLUMNS})
    VALUES (:id, :topic, :partition, :record_offset, :record_time, :key, :value, CAST(:header_names AS bytea[]),
        CAST(:header_values AS bytea[]), :reason, :detail, :attempts)
    ON CONFLICT DO NOTHING
    """  # noqa: S608 - our own constants
)
MARK_DUE = text(
    """
    UPDATE own_dead_letters SET due_at = clock_timestamp()
    WHERE id = ANY(CAST(:ids AS uuid[])) AND due_at IS NULL RETURNING id
    """
)
NEXT_DUE = text(
    f"""
    SELECT {COLUMNS} FROM own_dead_letters WHERE due_at <= clock_timestamp()
    ORDER BY due_at LIMIT 1 FOR UPDATE SKIP LOCKED
    """  # noqa: S608 - our own constants
)
CLOSE = text("DELETE FROM own_dead_letters WHERE id = :id")
DROP = text("DELETE FROM own_dead_letters WHERE id = ANY(CAST(:ids AS uuid[]))")
# Without an index on filed_at: the table is small, and its bytes stand outside the rows that are looked through.
FORGET = text(
    """
    DELETE FROM own_dead_letters WHERE id IN (
        SELECT id FROM own_dead_letters
        WHERE filed_at < clock_timestamp() - make_interval(days => :days) AND due_at IS NULL LIMIT :limit
    )
    """
)
REOPEN = text(
    """
    UPDATE own_dead_letters SET due_at = NULL, reason = :reason, detail = :detail, attempts = :attempts
    WHERE id = :id AND attempts < :attempts
    """
)


@dataclass(frozen=True, kw_only=True)
class DeadLetter:
    """A message that could not be handled, byte for byte, and why."""

    id: UUID
    topic: str
    partition: int
    record_offset: int
    record_time: datetime
    key: bytes | None
    value: bytes | None
    header_names: Sequence[bytes]
    header_values: Sequence[bytes | None]
    reason: str
    detail: str
    attempts: int

    def record(self) -> ConsumerRecord:
        """The message as the consumer got it."""
        headers = zip(self.header_names, self.header_values, strict=True)
        return ConsumerRecord(
            topic=self.topic,
            partition=self.partition,
            offset=self.record_offset,
            timestamp=int(self.record_time.timestamp() * 1000),
            timestamp_type=0,
            key=self.key,
            value=self.value,
            checksum=None,
            serialized_key_size=-1 if self.key is None else len(self.key),
            serialized_value_size=-1 if self.value is None else len(self.value),
            headers=tuple((name.decode("utf-8", "surrogateescape"), value) for name, value in headers),
        )


def letter_of(record: ConsumerRecord, *, service: str, reason: str, detail: str, attempts: int = 1) -> DeadLetter:
    """The dead letter of a message at a service. Any bytes will do."""
    return DeadLetter(
        id=uuid5(LETTERS, f"{service}/{record.topic}/{record.partition}/{record.offset}"),
        topic=record.topic,
        partition=record.partition,
        record_offset=record.offset,
        record_time=datetime.fromtimestamp(max(record.timestamp, 0) / 1000, UTC),
        key=record.key,
        value=record.value,
        header_names=[name.encode("utf-8", "surrogateescape") for name, _ in record.headers],
        header_values=[value for _, value in record.headers],
        reason=reason,
        detail=plain_text(detail, DETAIL_CHARACTERS_MAX),
        attempts=attempts,
    )


async def file_letters(transaction: Transaction, letters: Sequence[DeadLetter], *, announce_on: str | None) -> list[DeadLetter]:
    """File the letters and announce them on a topic, if one is given; return those that were not filed before."""
    if not letters:
        return []
    known = set((await transaction.execute(FILED, {"ids": [letter.id for letter in letters]})).scalars())
    new = list({letter.id: letter for letter in letters if letter.id not in known}.values())
    if new:
        await transaction.execute(FILE, [vars(letter) for letter in new])
    if announce_on is not None:
        for letter in new:
            transaction.publish_raw(announcement(letter, announce_on))
    return new


async def mark_due(transaction: Transaction, ids: Sequence[str]) -> int:
    """Have these letters handled again; return how many of them were there and not due already."""
    return len((await transaction.execute(MARK_DUE, {"ids": list(ids)})).all())


async def lock_next_due(transaction: Transaction) -> DeadLetter | None:
    """The letter that has been due for longest and that no other transaction works on."""
    row = (await transaction.execute(NEXT_DUE)).mappings().one_or_none()
    return None if row is None else DeadLetter(**row)


async def close_letter(transaction: Transaction, letter: DeadLetter) -> None:
    """Delete a letter whose message has been handled."""
    await transaction.execute(CLOSE, {"id": letter.id})


async def drop_letters(transaction: Transaction, ids: Sequence[str]) -> int:
    """Delete letters that nothing will be done about; return how many of them were there."""
    return (await transaction.execute(DROP, {"ids": list(ids)})).rowcount


async def forget_letters(unit_of_work: UnitOfWork, *, keep_days: int) -> None:
    """Delete the letters that were filed more than `keep_days` ago and are not due, in bounded batches."""

    async def forget_some(transaction: Transaction, limit: int) -> int:
        return (await transaction.execute(FORGET, {"days": keep_days, "limit": limit})).rowcount

    await forget(unit_of_work, "own dead letters", forget_some, rows_max=FORGOTTEN_AT_ONCE_MAX)


async def reopen_letter(
    transaction: Transaction, letter: DeadLetter, *, reason: str, detail: str, announce_on: str | None
) -> None:
    """Record that a redriven message failed again, and announce it again."""
    failed = replace(letter, reason=reason, detail=plain_text(detail, DETAIL_CHARACTERS_MAX), attempts=letter.attempts + 1)
    values = {"id": failed.id, "reason": failed.reason, "detail": failed.detail, "attempts": failed.attempts}
    reopened = (await transaction.execute(REOPEN, values)).rowcount
    if reopened and announce_on is not None:
        transaction.publish_raw(announcement(failed, announce_on))


def announcement(letter: DeadLetter, topic: str) -> OutboxRow:
    """The bounded text form of a letter: where, why, the message's first bytes, its whole length and digest."""
    value = letter.value or b""
    envelope = Envelope(
        id=str(uuid5(letter.id, str(letter.attempts))),
        type="darkroom.DeadLetter.v1",
        source=topic,
        subject=f"{letter.topic}/{letter.partition}/{letter.record_offset}",
        time=utc_text(datetime.now(UTC)),
        dataschema="",
    )
    about = {
        "dl-id": str(letter.id),
        "dl-reason": letter.reason,
        "dl-detail": letter.detail,
        "dl-topic": letter.topic,
        "dl-partition": str(letter.partition),
        "dl-offset": str(letter.record_offset),
        "dl-attempts": str(letter.attempts),
        "dl-value-bytes": str(len(value)),
        "dl-value-sha256": hashlib.sha256(value).hexdigest(),
    }
    names_and_values = list(zip(letter.header_names, letter.header_values, strict=True))[:ANNOUNCED_HEADERS_MAX]
    own = [(f"dl-header-{_shown(name)}", _shown(header_value or b"")) for name, header_value in names_and_values]
    key = plain_text((letter.key or PLATFORM_KEY.encode()).decode("utf-8", "replace"), ANNOUNCED_KEY_CHARACTERS_MAX)
    return OutboxRow(topic, key, envelope, value[:ANNOUNCED_VALUE_BYTES_MAX], (*about.items(), *own))


def plain_text(shown: str, characters_max: int) -> str:
    """Text that PostgreSQL and JSON take: no NUL, no half of a surrogate pair, no more than the bound."""
    return shown[:characters_max].replace(NUL, NUL_SYMBOL).encode("utf-8", "replace").decode()


def _shown(content: bytes) -> str:
    return plain_text(content.decode("utf-8", "replace"), ANNOUNCED_HEADER_CHARACTERS_MAX)
