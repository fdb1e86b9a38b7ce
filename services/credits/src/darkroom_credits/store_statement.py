"""The SQL of the statement and of usage, both read from the ledger itself. Every query carries the instance."""

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from darkroom_servicekit.database import UnitOfWork
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from darkroom_credits.ledger import Kind

NEWEST = 2**63 - 1
EXPORT_LINES_MAX = 1_000
"""Read at once for an export; it goes on from there."""

LINES = """
    SELECT id, kind, available_change, available_after, created_at, job_id, reason FROM ledger_transactions
    WHERE instance_id = :instance AND available_change <> 0
        AND (CAST(:kinds AS text[]) IS NULL OR kind = ANY(CAST(:kinds AS text[])))
        AND (CAST(:since AS timestamptz) IS NULL OR created_at >= CAST(:since AS timestamptz))
        AND (CAST(:until AS timestamptz) IS NULL OR created_at < CAST(:until AS timestamptz))
        AND (CAST(:job AS bigint) IS NULL OR job_id = CAST(:job AS bigint))
"""
NEWEST_FIRST = text(LINES + "AND id < :before ORDER BY id DESC LIMIT :limit")
OLDEST_FIRST = text(LINES + "AND id > :after ORDER BY id LIMIT :limit")
# Two parts, so that each reads its own index of a day's lines.
USAGE = text(
    """
    SELECT date(line.created_at AT TIME ZONE 'UTC') AS day, reservations.product,
        sum(line.spent)::bigint AS spent, count(DISTINCT line.job_id) FILTER (WHERE line.spent > 0) AS jobs
    FROM (
        SELECT job_id, amount AS spent, created_at FROM ledger_transactions
        WHERE instance_id = :instance AND kind = 'spend' AND created_at >= :since AND created_at < :until
        UNION ALL
        SELECT job_id, -amount, created_at FROM ledger_transactions
        WHERE instance_id = :instance AND kind = 'reimburse' AND created_at >= :since AND created_at < :until
    ) AS line JOIN reservations USING (job_id)
    WHERE reservations.instance_id = :instance
    GROUP BY day, product ORDER BY day, product
    """
)


@dataclass(frozen=True, kw_only=True)
class Filter:
    """Which lines of a statement are wanted; what is None lets everything pass. `until` is not part of it."""

    kinds: tuple[Kind, ...] | None = None
    since: datetime | None = None
    until: datetime | None = None
    job_id: int | None = None

    def values(self, instance_id: str) -> dict[str, object]:
        kinds = None if self.kinds is None else list(self.kinds)
        return {"instance": instance_id, "kinds": kinds, "since": self.since, "until": self.until, "job": self.job_id}


@dataclass(frozen=True, kw_only=True)
class StatementLine:
    """A change of the available credits."""

    id: int
    kind: str
    available_change: int
    available_after: int
    created_at: datetime
    job_id: int | None
    reason: str | None


@dataclass(frozen=True, kw_only=True)
class Usage:
    """What a tenant spent on a product on a day of UTC, less what was given back on it, and in how many jobs it spent."""

    day: date
    product: str
    spent: int
    jobs: int


async def read_statement(
    connection: AsyncConnection, instance_id: str, wanted: Filter, *, before: int | None, limit: int
) -> Sequence[StatementLine]:
    """The newest `limit` lines that are older than the line `before`."""
    values = wanted.values(instance_id) | {"before": NEWEST if before is None else before, "limit": limit}
    return [StatementLine(**row._mapping) for row in await connection.execute(NEWEST_FIRST, values)]


async def export_statement(unit_of_work: UnitOfWork, instance_id: str, wanted: Filter) -> AsyncIterator[list[StatementLine]]:
    """All lines, oldest first, in portions; no connection is held between them."""
    after = 0
    while True:
        async with unit_of_work.read() as connection:
            values = wanted.values(instance_id) | {"after": after, "limit": EXPORT_LINES_MAX}
            lines = [StatementLine(**row._mapping) for row in await connection.execute(OLDEST_FIRST, values)]
        if lines:
            yield lines
        if len(lines) < EXPORT_LINES_MAX:
            return
        after = lines[-1].id


async def read_usage(connection: AsyncConnection, instance_id: str, *, since: datetime, until: datetime) -> list[Usage]:
    """Return what was spent from `since` up to, and without, `until`, less what was given back in that time."""
    values = {"instance": instance_id, "since": since, "until": until}
    return [Usage(**row._mapping) for row in await connection.execute(USAGE, values)]
