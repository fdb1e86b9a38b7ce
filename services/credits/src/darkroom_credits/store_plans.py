"""The SQL of plans, and of the plan and period that an account is on."""

from datetime import datetime

from darkroom_servicekit.database import Transaction
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from darkroom_credits.ledger import Account
from darkroom_credits.plans import Period, Plan, UnknownPlan

PLANS = text(
    """
    SELECT DISTINCT ON (name) name, version, title, credits_per_month, weight, cap_per_minute, price_minor, currency, position
    FROM plans WHERE valid_from <= :at ORDER BY name, version DESC
    """
)
PUT_ON_PLAN = """
    UPDATE balances SET
        plan = :plan, plan_version = :version, anchored_at = :anchored_at, period_started_at = :begins, renews_at = :renews_at,
        updated_at = :now
    WHERE instance_id = :instance
"""
PUT_ON_VERSION = "UPDATE balances SET plan_version = :version, updated_at = :now WHERE instance_id = :instance"
WAS_ON_A_PLAN = "SELECT period_started_at IS NOT NULL FROM balances WHERE instance_id = :instance"
PLAN_KEY = "SELECT plan_key FROM balances WHERE instance_id = :instance"
KEEP_PLAN_KEY = "UPDATE balances SET plan_key = :key WHERE instance_id = :instance"


async def read_plans(connection: AsyncConnection, *, at: datetime) -> list[Plan]:
    """Every plan in the version that was sold at a time, in the order in which they are shown."""
    rows = sorted(await connection.execute(PLANS, {"at": at}), key=lambda row: int(row.position))
    return [Plan(**{name: value for name, value in row._mapping.items() if name != "position"}) for row in rows]


async def plan_at(connection: AsyncConnection, name: str, *, at: datetime) -> Plan:
    """One plan in the version that was sold at a time. Raises UnknownPlan."""
    for plan in await read_plans(connection, at=at):
        if plan.name == name:
            return plan
    raise UnknownPlan(name)


async def put_on_plan(transaction: Transaction, account: Account, plan: Plan, *, anchored_at: datetime, period: Period) -> None:
    """A period of `plan` has begun for an account that is locked. A plan without an allowance has nothing to renew."""
    account.plan, account.plan_version, account.anchored_at = plan.name, plan.version, anchored_at
    account.renews_at = period.ends if plan.credits_per_month else None
    values = {
        "plan": plan.name,
        "version": plan.version,
        "anchored_at": anchored_at,
        "begins": period.begins,
        "renews_at": account.renews_at,
        "instance": account.instance_id,
        "now": transaction.now,
    }
    await transaction.execute(PUT_ON_PLAN, values)


async def put_on_version(transaction: Transaction, account: Account, plan: Plan) -> None:
    """Another version of its plan is in force for an account that is locked and has no periods."""
    account.plan_version = plan.version
    values = {"version": plan.version, "instance": account.instance_id, "now": transaction.now}
    await transaction.execute(PUT_ON_VERSION, values)


async def was_ever_on_a_plan(transaction: Transaction, instance_id: str) -> bool:
    """Whether anybody ever put the account on a plan; the tenant is locked."""
    return bool((await transaction.execute(WAS_ON_A_PLAN, {"instance": instance_id})).scalar_one())


async def last_plan_key(transaction: Transaction, instance_id: str) -> str | None:
    """The key of the last change of plan that had one; the tenant is locked."""
    key: str | None = (await transaction.execute(PLAN_KEY, {"instance": instance_id})).scalar_one()
    return key


async def keep_plan_key(transaction: Transaction, instance_id: str, key: str) -> None:
    """Remember the key of a change of plan."""
    await transaction.execute(KEEP_PLAN_KEY, {"instance": instance_id, "key": key})
