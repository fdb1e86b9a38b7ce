"""The SQL of the close: the checks of `checks.py`, the figures, and the closes themselves, which are only ever added."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from darkroom_servicekit.database import Transaction
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection

from darkroom_credits.close.checks import CHECKS
from darkroom_credits.close.lines import ACCOUNTS, CARRIED, LINES_TO_CUT, OWN_ENTRIES
from darkroom_credits.close.report import Compared, Difference, Report, compared

CHECK_SECONDS_MAX = 600
"""For each statement: a close may add up more than any request."""
LOCK = 0x0DA2_C105
DAY_ONCE = "closes_day_key"

ONE_MOMENT = "SET TRANSACTION ISOLATION LEVEL REPEATABLE READ"
PATIENTLY = f"SET LOCAL statement_timeout = '{CHECK_SECONDS_MAX}s'"
TRY_LOCK = "SELECT pg_try_advisory_xact_lock(:lock)"
LAST_OF_A_DAY = "SELECT id, day, until FROM closes WHERE day IS NOT NULL ORDER BY day DESC LIMIT 1"
# Where no account was ever cut, the whole past is added up; of that only what was written since the last close has moved.
MOVEMENTS = f"""
    SELECT kind, sum(amount)::bigint AS amount FROM ({LINES_TO_CUT}) AS line
    WHERE EXISTS (SELECT FROM closed_accounts) OR created_at >= coalesce(CAST(:since AS timestamptz), '-infinity') GROUP BY kind
"""  # noqa: S608 - constants
FIGURES = """
    SELECT (SELECT count(*) FROM balances) AS tenants,
        (SELECT count(*) FROM reservations WHERE state = 'OPEN') AS open_reservations,
        (SELECT count(*) FROM purchases WHERE dispute_state = 'OPEN') AS open_disputes
"""
INSERT = """
    INSERT INTO closes (day, until, closed_at, asked_by, differences, report)
    VALUES (:day, :until, :now, :asked_by, :differences, CAST(:report AS jsonb)) RETURNING id
"""
ADDED_UP = f"""
    SELECT instance_id, account, sum(amount)::bigint AS amount FROM (
        {CARRIED}
        UNION ALL
        SELECT line.instance_id, entry.account, entry.amount FROM ({LINES_TO_CUT}) AS line CROSS JOIN {OWN_ENTRIES}
    ) AS part GROUP BY instance_id, account
"""  # noqa: S608 - constants
TOTALS = f"SELECT account, sum(amount)::bigint AS amount FROM ({ADDED_UP}) AS one GROUP BY account HAVING sum(amount) <> 0"  # noqa: S608
SUMS = [f"coalesce(sum(amount) FILTER (WHERE account = '{account}'), 0)" for account in ACCOUNTS]
CARRY = f"""
    INSERT INTO closed_accounts (close_id, instance_id, transaction_id, {", ".join(ACCOUNTS)})
    SELECT :close, cut.instance_id, cut.id, {", ".join(SUMS)}
    FROM (SELECT instance_id, max(id) AS id FROM ({LINES_TO_CUT}) AS line GROUP BY instance_id) AS cut
    JOIN ({ADDED_UP}) AS one USING (instance_id) GROUP BY cut.instance_id, cut.id
"""  # noqa: S608 - constants
LIST = text("SELECT id, day, until, closed_at, asked_by, differences, report FROM closes ORDER BY id DESC LIMIT :limit")
NEWEST_DAY = text("SELECT max(day) FROM closes")
NEWEST_DAILY_AT = text("SELECT max(closed_at) FROM closes WHERE day IS NOT NULL")


class ClosedElsewhere(Exception):
    """Another replica is closing just now, or has closed the day."""


@dataclass(frozen=True, kw_only=True)
class Previous:
    """The close of the newest day that is closed."""

    id: int
    day: date
    until: datetime


@dataclass(frozen=True, kw_only=True)
class Close:
    """A close as it was written."""

    id: int
    day: date | None
    until: datetime
    closed_at: datetime
    asked_by: str | None
    differences: int
    report: dict[str, Any]


async def begin_close(transaction: Transaction) -> bool:
    """See one moment only, with time to look; False when another replica closes just now."""
    await transaction.execute(ONE_MOMENT)
    await transaction.execute(PATIENTLY)
    return bool((await transaction.execute(TRY_LOCK, {"lock": LOCK})).scalar_one())


async def previous_close(transaction: Transaction) -> Previous | None:
    """The newest day that is closed, if any is."""
    row = (await transaction.execute(LAST_OF_A_DAY)).one_or_none()
    return Previous(**row._mapping) if row else None


async def run_checks(transaction: Transaction, *, sent_before: datetime) -> list[Compared]:
    """All comparisons inside the database."""
    found: list[Compared] = []
    for check in CHECKS:
        wanted = {"sent_before": sent_before} if ":sent_before" in check.sql else {}
        rows = (await transaction.execute(check.sql, wanted)).all()
        differences = [Difference(row.instance_id, str(row.subject), int(row.expected), int(row.found)) for row in rows]
        found.append(compared(check.name, check.says, differences))
    return found


async def figures(transaction: Transaction, previous: Previous | None, *, until: datetime) -> dict[str, Any]:
    """The accounts at `until`, summed over all tenants, what moved since the previous close, and counts as of now."""
    since = previous.until if previous else None
    moved = await transaction.execute(MOVEMENTS, {"since": since, "until": until})
    totals = await transaction.execute(TOTALS, {"until": until})
    counts = (await transaction.execute(FIGURES)).one()
    return {
        "movements": {row.kind: row.amount for row in moved},
        "accounts": {row.account: row.amount for row in totals},
        **counts._mapping,
    }


async def write_close(
    transaction: Transaction, report: Report, *, day: date | None, until: datetime, asked_by: str | None
) -> int:
    """Write a close; its number. Raises ClosedElsewhere."""
    values = {
        "day": day,
        "until": until,
        "now": transaction.now,
        "asked_by": asked_by,
        "differences": report.differences,
        "report": json.dumps(report.document()),
    }
    try:
        return int((await transaction.execute(INSERT, values)).scalar_one())
    except IntegrityError as error:
        # The moment that we look at is that before the lock was ours: whoever had it may have closed the day since.
        if DAY_ONCE not in str(error.orig):
            raise
        raise ClosedElsewhere from error


async def carry_forward(transaction: Transaction, close_id: int, *, until: datetime) -> None:
    """Cut every account that moved in the time before `until`, for the next close to go on from."""
    await transaction.execute(CARRY, {"until": until, "close": close_id})


async def list_closes(connection: AsyncConnection, *, limit: int) -> Sequence[Close]:
    """The newest closes first."""
    return [Close(**row._mapping) for row in await connection.execute(LIST, {"limit": limit})]


async def newest_closed_day(connection: AsyncConnection) -> date | None:
    """The newest day that is closed."""
    day: date | None = (await connection.execute(NEWEST_DAY)).scalar_one()
    return day


async def closed_last_at(connection: AsyncConnection) -> datetime | None:
    """When a day was closed last."""
    at: datetime | None = (await connection.execute(NEWEST_DAILY_AT)).scalar_one()
    return at
