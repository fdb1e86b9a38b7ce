"""The SQL that only reads: an account as its owner sees it, and the reservations that are open."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from darkroom_credits.plans import NEW_ACCOUNT_PLAN

# One statement, so that the parts belong to the same moment; a row for each time at which credits expire, or just one.
ACCOUNT = text(
    """
    SELECT available, held, spent, plan, renews_at, expiring.amount, expiring.expires_at
    FROM balances LEFT JOIN LATERAL (
        SELECT expires_at, sum(remaining)::bigint AS amount FROM grants
        WHERE instance_id = balances.instance_id AND remaining > 0 AND expires_at IS NOT NULL GROUP BY expires_at
    ) AS expiring ON true
    WHERE instance_id = :instance ORDER BY expiring.expires_at
    """
)
OPEN_COUNTS = text(
    """
    SELECT count(*) AS open, count(*) FILTER (WHERE created_at < :before) AS overdue, min(created_at) AS oldest
    FROM reservations WHERE state = 'OPEN'
    """
)
OPEN_SINCE = text(
    """
    SELECT job_id, instance_id, product, amount, amount - spent - released AS held, created_at, updated_at, sweeps,
        items_total, (SELECT count(*) FROM settlements WHERE settlements.job_id = reservations.job_id) AS items_settled
    FROM reservations WHERE state = 'OPEN' AND created_at < :before AND sweeps >= :sweeps ORDER BY created_at, job_id LIMIT :limit
    """
)


@dataclass(frozen=True, kw_only=True)
class Expiring:
    """Available credits that are lost at a time."""

    amount: int
    expires_at: datetime


@dataclass(frozen=True, kw_only=True)
class AccountView:
    """A tenant's credits at one moment; what expires is told soonest first."""

    available: int = 0
    held: int = 0
    spent: int = 0
    plan: str = NEW_ACCOUNT_PLAN
    renews_at: datetime | None = None
    expiring: Sequence[Expiring] = ()

    def is_due(self, now: datetime) -> bool:
        """Whether time has done something to it that is not posted yet."""
        instants = [self.renews_at, *(one.expires_at for one in self.expiring[:1])]
        return any(at is not None and at <= now for at in instants)


@dataclass(frozen=True, kw_only=True)
class OpenReservations:
    """How many jobs hold credits, how many of them for too long, and since when the oldest does."""

    open: int
    overdue: int
    oldest: datetime | None


@dataclass(frozen=True, kw_only=True)
class OpenReservation:
    """A job that holds credits still."""

    job_id: int
    instance_id: str
    product: str
    amount: int
    held: int
    created_at: datetime
    updated_at: datetime
    items_total: int
    items_settled: int
    sweeps: int


async def read_account(connection: AsyncConnection, instance_id: str) -> AccountView:
    """A tenant's account; that of one never seen is empty."""
    rows = (await connection.execute(ACCOUNT, {"instance": instance_id})).all()
    if not rows:
        return AccountView()
    first = rows[0]
    return AccountView(
        available=first.available,
        held=first.held,
        spent=first.spent,
        plan=first.plan,
        renews_at=first.renews_at,
        expiring=[Expiring(amount=row.amount, expires_at=row.expires_at) for row in rows if row.amount is not None],
    )


async def read_open_reservations(connection: AsyncConnection, *, now: datetime, overdue_seconds: float) -> OpenReservations:
    """How many jobs hold credits, and how many have done so for longer than a time."""
    values = {"before": now - timedelta(seconds=overdue_seconds)}
    return OpenReservations(**(await connection.execute(OPEN_COUNTS, values)).one()._mapping)


async def list_open_reservations(
    connection: AsyncConnection, *, before: datetime, undecided: bool, limit: int
) -> list[OpenReservation]:
    """The reservations that have been open since before a time, the oldest first; only those that were looked up in vain, too."""
    values = {"before": before, "sweeps": 1 if undecided else 0, "limit": limit}
    rows = await connection.execute(OPEN_SINCE, values)
    return [OpenReservation(**row._mapping) for row in rows]
