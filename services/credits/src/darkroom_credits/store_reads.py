"""The SQL that only reads: an account as its owner sees it, the statement, the plans. Every query carries the instance."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from darkroom_credits.plans import Plan

NEW_ACCOUNT_PLAN = "payg"
"""What a tenant never seen before is on."""

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
STATEMENT = text(
    """
    SELECT id, kind, available_change, available_after, created_at, job_id, reason FROM ledger_transactions
    WHERE instance_id = :instance AND available_change <> 0 AND id < :before ORDER BY id DESC LIMIT :limit
    """
)
PLANS = text(
    """
    SELECT DISTINCT ON (name) name, version, title, credits_per_month, weight, cap_per_minute, price_minor, currency, position
    FROM plans WHERE valid_from <= clock_timestamp() ORDER BY name, version DESC
    """
)
NEWEST = 2**63 - 1


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


class UnknownPlan(LookupError):
    """There is no plan of that name."""


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


async def read_statement(
    connection: AsyncConnection, instance_id: str, *, before: int | None, limit: int
) -> Sequence[StatementLine]:
    """The newest `limit` lines that are older than the line `before`."""
    values = {"instance": instance_id, "before": NEWEST if before is None else before, "limit": limit}
    return [StatementLine(**row._mapping) for row in await connection.execute(STATEMENT, values)]


async def read_plans(connection: AsyncConnection) -> list[Plan]:
    """The newest version of every plan, in the order in which they are shown."""
    rows = sorted(await connection.execute(PLANS), key=lambda row: int(row.position))
    return [Plan(**{name: value for name, value in row._mapping.items() if name != "position"}) for row in rows]


async def current_plan(connection: AsyncConnection, name: str) -> Plan:
    """The newest version of one plan. Raises UnknownPlan."""
    for plan in await read_plans(connection):
        if plan.name == name:
            return plan
    raise UnknownPlan(name)
