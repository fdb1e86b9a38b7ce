"""The SQL of operators' corrections."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from darkroom_servicekit.database import Transaction

from darkroom_credits.corrections import Correction

ADJUSTMENT = "id, instance_id, kind, amount, lost, job_id, item_id, reason, created_by, created_at, available_after"
INSERT = f"""
    INSERT INTO adjustments (
        instance_id, kind, amount, lost, job_id, item_id, reason, created_by, created_at, available_after, once_key)
    VALUES (
        :instance, :kind, :amount, :lost, CAST(:job AS bigint), CAST(:item AS bigint), :reason, :created_by, :now,
        :available_after, :once_key)
    RETURNING {ADJUSTMENT}
"""  # noqa: S608 - a constant
OF_KEY = f"""
    SELECT {ADJUSTMENT} FROM adjustments
    WHERE once_key = ANY(CAST(:keys AS text[])) AND instance_id = :instance ORDER BY id LIMIT 1
"""  # noqa: S608 - a constant
MARK_ITEM = """
    UPDATE settlements SET reimbursed_at = :now
    WHERE job_id = :job AND item_id = :item AND charge = 'spend' AND reimbursed_at IS NULL RETURNING amount
"""
ITEM_IS_KNOWN = "SELECT 1 FROM settlements WHERE job_id = :job AND item_id = :item"
MARK_JOB = "UPDATE reservations SET reimbursed = :reimbursed, updated_at = :now WHERE job_id = :job"


@dataclass(frozen=True, kw_only=True)
class Adjustment:
    """A correction as it was made."""

    id: int
    instance_id: str
    kind: str
    amount: int
    lost: int
    job_id: int | None
    item_id: int | None
    reason: str
    created_by: str
    created_at: datetime
    available_after: int


async def adjustment_of_key(transaction: Transaction, instance_id: str, keys: Sequence[str]) -> Adjustment | None:
    """The tenant's correction that was made under one of `keys`, if one was; the tenant is locked."""
    row = (await transaction.execute(OF_KEY, {"keys": list(keys), "instance": instance_id})).one_or_none()
    return Adjustment(**row._mapping) if row else None


async def insert_adjustment(
    transaction: Transaction, wanted: Correction, *, amount: int, lost: int, available_after: int
) -> Adjustment:
    """Write a correction down for ever."""
    values = {
        "instance": wanted.instance_id,
        "kind": "adjust" if wanted.job_id is None else "reimburse",
        "amount": amount,
        "lost": lost,
        "job": wanted.job_id,
        "item": wanted.item_id,
        "reason": wanted.reason,
        "created_by": wanted.created_by,
        "now": transaction.now,
        "available_after": available_after,
        "once_key": wanted.once_key,
    }
    return Adjustment(**(await transaction.execute(INSERT, values)).one()._mapping)


async def item_is_known(transaction: Transaction, job_id: int, item_id: int) -> bool:
    """Whether an item of the job was settled by itself."""
    return (await transaction.execute(ITEM_IS_KNOWN, {"job": job_id, "item": item_id})).one_or_none() is not None


async def mark_item_reimbursed(transaction: Transaction, job_id: int, item_id: int) -> int | None:
    """An item's credits are given back; how many it had spent, None when none or when they were given back before."""
    values = {"job": job_id, "item": item_id, "now": transaction.now}
    amount: int | None = (await transaction.execute(MARK_ITEM, values)).scalar_one_or_none()
    return amount


async def write_reimbursed(transaction: Transaction, job_id: int, reimbursed: int) -> None:
    """How much of what a job spent has been given back in all."""
    await transaction.execute(MARK_JOB, {"job": job_id, "reimbursed": reimbursed, "now": transaction.now})
