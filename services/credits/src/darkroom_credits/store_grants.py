"""The SQL of grants and of the plan that an account is on."""

from dataclasses import dataclass
from datetime import datetime

from darkroom_servicekit.database import Transaction

from darkroom_credits.grants import NewGrant
from darkroom_credits.plans import Plan

GRANT = "id, instance_id, kind, amount, remaining, expires_at, reason, created_by, created_at, available_after"
GRANT_OF_KEY = f"SELECT {GRANT} FROM grants WHERE once_key = :key"  # noqa: S608 - a constant
INSERT_GRANT = f"""
    INSERT INTO grants (
        instance_id, kind, amount, remaining, expires_at, reason, created_by, created_at, available_after, once_key)
    VALUES (:instance, :kind, :amount, :amount, :expires_at, :reason, :created_by, :now, :available_after, :once_key)
    RETURNING {GRANT}
"""  # noqa: S608 - a constant
PUT_ON_PLAN = """
    UPDATE balances SET plan = :plan, plan_version = :version, period_started_at = :now, renews_at = :renews_at, updated_at = :now
    WHERE instance_id = :instance
"""


@dataclass(frozen=True, kw_only=True)
class GrantRow:
    """A grant as it was written."""

    id: int
    instance_id: str
    kind: str
    amount: int
    remaining: int
    expires_at: datetime | None
    reason: str
    created_by: str
    created_at: datetime
    available_after: int


async def grant_of_key(transaction: Transaction, key: str) -> GrantRow | None:
    """The grant that was made under `key`, if one was."""
    row = (await transaction.execute(GRANT_OF_KEY, {"key": key})).one_or_none()
    return GrantRow(**row._mapping) if row else None


async def insert_grant(transaction: Transaction, new: NewGrant, *, available_after: int) -> GrantRow:
    """Write a grant, all of it remaining."""
    values = {
        "instance": new.instance_id,
        "kind": new.kind,
        "amount": new.amount,
        "expires_at": new.expires_at,
        "reason": new.reason,
        "created_by": new.created_by,
        "now": transaction.now,
        "available_after": available_after,
        "once_key": new.once_key,
    }
    return GrantRow(**(await transaction.execute(INSERT_GRANT, values)).one()._mapping)


async def put_on_plan(transaction: Transaction, instance_id: str, plan: Plan, *, renews_at: datetime) -> None:
    """A new period of `plan` begins now for an account that is locked."""
    values = {"plan": plan.name, "version": plan.version, "renews_at": renews_at, "instance": instance_id, "now": transaction.now}
    await transaction.execute(PUT_ON_PLAN, values)
