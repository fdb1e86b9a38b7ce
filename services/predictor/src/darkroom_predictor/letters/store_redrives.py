"""The SQL of redrives: begun, gone on with under one row's lock, cancelled. What was redriven when is the throttle's log."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from darkroom_contracts.topics import EVENT_TOPICS
from darkroom_servicekit.database import Transaction
from darkroom_servicekit.idempotency_key import former_spellings
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from darkroom_predictor.letters.letter import LetterFilter
from darkroom_predictor.letters.store import MATCHES, filter_values

TOPIC_NAMES = [topic.name for topic in EVENT_TOPICS]

WANTED = f"""
    state = 'open' AND (CAST(:ids AS uuid[]) IS NULL OR id = ANY(CAST(:ids AS uuid[]))) AND {MATCHES}
"""
MAY_GO = """(kind = 'item' OR kept_by_service OR (topic = ANY(CAST(:topics AS text[]))
    AND happened_at > clock_timestamp() - make_interval(secs => :message_seconds_max)))"""
"""A message that its service keeps goes to nobody else. One of the time before services kept them is sent to its topic again:
older than the readers' memory it would be news to all of them, and for a topic that we do not have it can go nowhere."""
COUNT = text(
    f"""
    SELECT count(*) FILTER (WHERE {MAY_GO}) AS matched, count(*) FILTER (WHERE NOT {MAY_GO}) AS left_out
    FROM dead_letters WHERE {WANTED}
    """  # noqa: S608 - our own constants
)
BEGIN = """
    INSERT INTO redrives (id, requested_by, once_key, per_minute) VALUES (:id, :requested_by, :once_key, :per_minute)
    ON CONFLICT (once_key) DO NOTHING RETURNING id
"""
BEGUN = text("SELECT id, matched FROM redrives WHERE once_key = ANY(CAST(:spellings AS text[])) ORDER BY requested_at LIMIT 1")
MARK = f"""
    WITH wanted AS (SELECT id FROM dead_letters WHERE {WANTED} AND {MAY_GO} ORDER BY id FOR UPDATE)
    UPDATE dead_letters SET state = 'redriving', redrive_id = :redrive_id FROM wanted WHERE dead_letters.id = wanted.id
"""  # noqa: S608 - our own constants
MATCHED = "UPDATE redrives SET matched = :matched WHERE id = :redrive_id"
DUE = """
    SELECT id, requested_by, per_minute,
        (SELECT count(*) FROM dead_letters WHERE redrive_id = redrives.id AND redriven_at > clock_timestamp() - interval '60 s')
            AS in_last_minute
    FROM redrives WHERE state = 'running' AND next_at <= clock_timestamp() ORDER BY next_at LIMIT 1 FOR UPDATE SKIP LOCKED
"""
# Tenants in turn, and within a tenant job by job, so that the items of a job are made again together.
TAKE = """
    WITH ordered AS (
        SELECT id, dense_rank() OVER (PARTITION BY instance_id ORDER BY job_id NULLS FIRST) AS place, instance_id
        FROM dead_letters WHERE redrive_id = :id AND state = 'redriving'
    ), taken AS (SELECT id FROM ordered ORDER BY place, instance_id, id LIMIT :letters_max)
    UPDATE dead_letters d SET state = 'redriven', redriven_at = clock_timestamp() FROM taken WHERE d.id = taken.id
    RETURNING d.id, d.kind, d.service, d.kept_by_service, d.instance_id, d.job_id, d.item_id, d.topic, d.headers, d.data
"""
AFTER = """
    UPDATE redrives SET redriven = redriven + :taken,
        next_at = clock_timestamp() + make_interval(secs => :again_seconds),
        state = CASE WHEN EXISTS (SELECT 1 FROM dead_letters WHERE redrive_id = :id AND state = 'redriving')
                     THEN 'running' ELSE 'done' END,
        ended_at = CASE WHEN EXISTS (SELECT 1 FROM dead_letters WHERE redrive_id = :id AND state = 'redriving')
                        THEN NULL ELSE clock_timestamp() END
    WHERE id = :id
"""
# greatest() inside min(): around it, "none" would be 0, for greatest() passes over NULL.
NEXT = text(
    """
    SELECT min(greatest(0, extract(epoch FROM next_at - clock_timestamp())))::float8 AS seconds
    FROM redrives WHERE state = 'running'
    """
)
CANCEL = """
    UPDATE redrives SET state = 'canceled', ended_at = clock_timestamp(), ended_by = :canceled_by
    WHERE id = :id AND state = 'running' RETURNING id
"""
REOPEN = "UPDATE dead_letters SET state = 'open', redrive_id = NULL WHERE redrive_id = :id AND state = 'redriving'"
REDRIVE_COLUMNS = "id, requested_by, requested_at, per_minute, matched, redriven, state, ended_at"
FIND = text(f"SELECT {REDRIVE_COLUMNS} FROM redrives WHERE id = :id")  # noqa: S608 - our own constants
LIST = text(f"SELECT {REDRIVE_COLUMNS} FROM redrives ORDER BY requested_at DESC, id DESC LIMIT :rows_max")  # noqa: S608


@dataclass(frozen=True, kw_only=True)
class Redrive:
    """One redrive as it stands."""

    id: UUID
    requested_by: str
    requested_at: datetime
    per_minute: int | None
    matched: int
    redriven: int
    state: str
    ended_at: datetime | None


@dataclass(frozen=True, kw_only=True)
class Selection:
    """Which open letters to redrive: these, and those of them that the filter lets pass."""

    ids: Sequence[UUID] | None
    wanted: LetterFilter
    message_seconds_max: float

    def values(self) -> dict[str, Any]:
        ids = None if self.ids is None else list(self.ids)
        return filter_values(self.wanted) | {"ids": ids, "topics": TOPIC_NAMES, "message_seconds_max": self.message_seconds_max}


class RedriveNotFound(Exception):
    """There is no such redrive."""


class RedriveEnded(Exception):
    """The redrive has ended already."""


async def count_selected(connection: AsyncConnection, selection: Selection) -> tuple[int, int]:
    """How many letters a redrive would take, and how many it would leave because they may not go."""
    row = (await connection.execute(COUNT, selection.values())).one()
    return row.matched, row.left_out


async def begin_redrive(
    transaction: Transaction, selection: Selection, *, redrive_id: UUID, by: str, per_minute: int | None, once_key: str | None
) -> tuple[UUID, int]:
    """Its id and how many letters it takes; one begun before with the same key is answered again, and nothing changes."""
    values = {"id": redrive_id, "requested_by": by, "once_key": once_key, "per_minute": per_minute}
    spellings = {"spellings": [] if once_key is None else former_spellings(once_key)}
    begun = (await transaction.connection.execute(BEGUN, spellings)).one_or_none()
    if begun is None and (await transaction.execute(BEGIN, values)).one_or_none() is None:
        begun = (await transaction.connection.execute(BEGUN, spellings)).one()
    if begun is not None:
        return begun.id, begun.matched
    matched = (await transaction.execute(MARK, selection.values() | {"redrive_id": redrive_id})).rowcount
    await transaction.execute(MATCHED, {"redrive_id": redrive_id, "matched": matched})
    return redrive_id, matched


async def due_redrive(transaction: Transaction) -> Any:  # a database row
    """A redrive that may go on now (id, requested_by, per_minute, in_last_minute), locked; None when there is none."""
    return (await transaction.execute(DUE)).one_or_none()


async def take_letters(transaction: Transaction, redrive_id: UUID, *, letters_max: int) -> Sequence[Any]:  # database rows
    """The next letters of a locked redrive, redriven by this transaction."""
    return (await transaction.execute(TAKE, {"id": redrive_id, "letters_max": letters_max})).all()


async def go_on_after(transaction: Transaction, redrive_id: UUID, *, taken: int, again_seconds: float) -> None:
    """Note what was done; it ends when nothing is left."""
    await transaction.execute(AFTER, {"id": redrive_id, "taken": taken, "again_seconds": again_seconds})


async def next_redrive_seconds(connection: AsyncConnection) -> float | None:
    """In how many seconds a redrive goes on; None when none runs."""
    seconds: float | None = (await connection.execute(NEXT)).scalar_one()
    return seconds


async def cancel_redrive(transaction: Transaction, redrive_id: UUID, *, by: str) -> Redrive:
    """What it has not redriven is open again. Raises RedriveNotFound, RedriveEnded."""
    canceled = (await transaction.execute(CANCEL, {"id": redrive_id, "canceled_by": by})).one_or_none()
    row = (await transaction.connection.execute(FIND, {"id": redrive_id})).one_or_none()
    if row is None:
        raise RedriveNotFound(redrive_id)
    if canceled is None:
        raise RedriveEnded(row.state)
    await transaction.execute(REOPEN, {"id": redrive_id})
    return Redrive(**row._mapping)


async def list_redrives(connection: AsyncConnection, *, limit: int) -> list[Redrive]:
    """The newest first."""
    return [Redrive(**row._mapping) for row in await connection.execute(LIST, {"rows_max": limit})]
