"""The SQL that files dead letters, lists them and drops them. An item is given up once, a message's letter filed once."""

import json
from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from darkroom_servicekit.database import Transaction
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from darkroom_predictor.letters.letter import DeadMessage, Letter, LetterFilter, State, WholeLetter

LETTER_COLUMNS = ", ".join(Letter.__dataclass_fields__)
WHOLE_COLUMNS = ", ".join(WholeLetter.__dataclass_fields__)

MATCHES = """
    (CAST(:instance_id AS text) IS NULL OR instance_id = :instance_id)
    AND (CAST(:service AS text) IS NULL OR service = :service)
    AND (CAST(:code AS text) IS NULL OR code = :code)
    AND (CAST(:before AS timestamptz) IS NULL OR created_at < :before)
"""
ATTEMPTS = text(
    """
    SELECT item_id, number, account, code, message, prediction_id, granted_at AS started_at, ended_at
    FROM attempts WHERE item_id = ANY(CAST(:items AS bigint[])) ORDER BY item_id, number
    """
)
FILE_ITEMS = text(
    """
    INSERT INTO dead_letters (
        id, kind, service, instance_id, job_id, item_id, code, message, attempts, history, happened_at
    )
    SELECT id, 'item', 'predictor', instance_id, job_id, item_id, code, message, attempts, history, :now
    FROM jsonb_to_recordset(CAST(:rows AS jsonb)) AS new (
        id uuid, instance_id text, job_id bigint, item_id bigint, code text, message text, attempts integer, history jsonb
    )
    ON CONFLICT DO NOTHING
    """
)
FILE_MESSAGES = text(
    """
    INSERT INTO dead_letters (
        id, kind, service, instance_id, job_id, item_id, code, message, attempts, topic, headers, data, data_bytes, data_sha256,
        kept_by_service, happened_at
    )
    SELECT id, 'message', service, instance_id, job_id, item_id, code, message, attempts, topic, headers, data, data_bytes,
        data_sha256, kept_by_service, happened_at
    FROM unnest(
        CAST(:id AS uuid[]), CAST(:service AS text[]), CAST(:instance_id AS text[]), CAST(:job_id AS bigint[]),
        CAST(:item_id AS bigint[]), CAST(:code AS text[]), CAST(:message AS text[]), CAST(:attempts AS integer[]),
        CAST(:topic AS text[]), CAST(:headers AS jsonb[]), CAST(:data AS bytea[]), CAST(:data_bytes AS integer[]),
        CAST(:data_sha256 AS text[]), CAST(:kept_by_service AS boolean[]), CAST(:happened_at AS timestamptz[])
    ) AS new (id, service, instance_id, job_id, item_id, code, message, attempts, topic, headers, data, data_bytes, data_sha256,
        kept_by_service, happened_at)
    ON CONFLICT (id) DO UPDATE SET state = 'open', redrive_id = NULL, redriven_at = NULL,
        code = excluded.code, message = excluded.message, attempts = excluded.attempts
    WHERE dead_letters.state = 'redriven' AND dead_letters.attempts < excluded.attempts
    RETURNING id
    """
)
LIST = text(
    f"""
    SELECT {LETTER_COLUMNS} FROM dead_letters
    WHERE {MATCHES} AND (CAST(:state AS text) IS NULL OR state = :state) AND (CAST(:below AS uuid) IS NULL OR id < :below)
    ORDER BY id DESC LIMIT :rows_max
    """  # noqa: S608 - our own constants
)
FIND = text(f"SELECT {WHOLE_COLUMNS} FROM dead_letters WHERE id = :id")  # noqa: S608 - our own constants
DROP = f"""
    UPDATE dead_letters SET state = 'dropped', dropped_by = :dropped_by, drop_reason = :reason
    WHERE id = :id AND state = 'open' RETURNING {LETTER_COLUMNS}, kept_by_service
"""  # noqa: S608 - our own constants
DROP_UNDECIDED = text(
    """
    UPDATE dead_letters SET state = 'dropped', dropped_by = :dropped_by, drop_reason = :reason
    WHERE id IN (
        SELECT id FROM dead_letters
        WHERE state = 'open' AND kept_by_service AND created_at < clock_timestamp() - make_interval(days => :days)
        LIMIT :limit FOR UPDATE SKIP LOCKED
    )
    RETURNING id, instance_id, service
    """
)
COUNT_OPEN = text("SELECT service, kind, count(*) AS letters FROM dead_letters WHERE state = 'open' GROUP BY service, kind")


class LetterNotFound(Exception):
    """There is no such dead letter."""


class LetterNotOpen(Exception):
    """The dead letter has been redriven or dropped, or is being redriven."""


def filter_values(wanted: LetterFilter) -> dict[str, Any]:
    """The parameters of MATCHES."""
    return {field: getattr(wanted, field) for field in LetterFilter.__dataclass_fields__}


async def read_attempts(transaction: Transaction, items: Sequence[int]) -> dict[int, list[Mapping[str, Any]]]:
    """The attempts of these items, in their order."""
    found: dict[int, list[Mapping[str, Any]]] = {item: [] for item in items}
    for row in (await transaction.execute(ATTEMPTS, {"items": list(items)})).mappings():
        found[row["item_id"]].append(dict(row))
    return found


async def file_items(transaction: Transaction, rows: Sequence[Mapping[str, Any]]) -> None:
    """File given-up items: rows with id, instance_id, job_id, item_id, code, message, attempts, history."""
    await transaction.execute(FILE_ITEMS, {"rows": json.dumps(list(rows)), "now": transaction.now})


async def file_messages(transaction: Transaction, letters: Sequence[DeadMessage]) -> list[DeadMessage]:
    """File dead messages, and open those again that failed after a redrive; return both."""
    # Of one letter the last word: a statement may not touch a row twice.
    letters = list({letter.id: letter for letter in letters}.values())
    if not letters:
        return []
    plain = DeadMessage.__dataclass_fields__.keys() - {"headers"}
    values: dict[str, Any] = {name: [getattr(letter, name) for letter in letters] for name in plain}
    values["headers"] = [json.dumps(letter.headers) for letter in letters]
    new = set((await transaction.execute(FILE_MESSAGES, values)).scalars())
    return [letter for letter in letters if letter.id in new]


async def list_letters(
    connection: AsyncConnection, wanted: LetterFilter, *, state: State | None, below: UUID | None, limit: int
) -> tuple[list[Letter], UUID | None]:
    """The newest first, and the id below which the next page begins, if there is one."""
    values = filter_values(wanted) | {"state": state, "below": below, "rows_max": limit + 1}
    rows = (await connection.execute(LIST, values)).all()
    letters = [Letter(**row._mapping) for row in rows[:limit]]
    return letters, letters[-1].id if len(rows) > limit else None


async def find_letter(connection: AsyncConnection, letter_id: UUID) -> WholeLetter:
    """A dead letter with all that is known of it. Raises LetterNotFound."""
    row = (await connection.execute(FIND, {"id": letter_id})).one_or_none()
    if row is None:
        raise LetterNotFound(letter_id)
    return WholeLetter(**row._mapping)


async def mark_dropped(transaction: Transaction, letter_id: UUID, *, reason: str, dropped_by: str) -> tuple[Letter, bool]:
    """Mark an open letter as dropped; return it, and whether its service keeps the message.

    Raises LetterNotFound, LetterNotOpen.
    """
    row = (await transaction.execute(DROP, {"id": letter_id, "reason": reason, "dropped_by": dropped_by})).one_or_none()
    if row is None:
        raise LetterNotOpen((await find_letter(transaction.connection, letter_id)).state)
    values = dict(row._mapping)
    kept_by_service = values.pop("kept_by_service")
    return Letter(**values), kept_by_service


async def mark_undecided_dropped(
    transaction: Transaction, *, keep_days: int, limit: int, reason: str, dropped_by: str
) -> Sequence[Any]:  # database rows
    """Mark open messages that services have kept for `keep_days` as dropped; return their id, instance_id and service."""
    values = {"days": keep_days, "limit": limit, "reason": reason, "dropped_by": dropped_by}
    return (await transaction.execute(DROP_UNDECIDED, values)).all()


async def count_open(connection: AsyncConnection) -> dict[tuple[str, str], int]:
    """How many are open, by service and kind."""
    return {(row.service, row.kind): row.letters for row in await connection.execute(COUNT_OPEN)}
