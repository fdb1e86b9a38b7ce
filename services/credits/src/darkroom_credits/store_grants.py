"""The SQL of grants."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from darkroom_servicekit.database import Transaction
from sqlalchemy import text

from darkroom_credits.grants import Grant, NewGrant

GRANT = "id, instance_id, kind, amount, remaining, expires_at, reason, created_by, created_at, available_after"
GRANT_OF_KEY = f"""
    SELECT {GRANT} FROM grants WHERE once_key = ANY(CAST(:keys AS text[])) AND instance_id = :instance ORDER BY id LIMIT 1
"""  # noqa: S608 - a constant
INSERT_GRANT = f"""
    INSERT INTO grants (
        instance_id, kind, amount, remaining, expires_at, reason, created_by, created_at, available_after, once_key)
    VALUES (:instance, :kind, :amount, :amount, :expires_at, :reason, :created_by, :now, :available_after, :once_key)
    RETURNING {GRANT}
"""  # noqa: S608 - a constant
DUE = text(
    """
    SELECT id, instance_id, remaining, expires_at, owed FROM grants
    WHERE instance_id = ANY(CAST(:ids AS text[])) AND remaining > 0 AND expires_at <= :now
    """
)
WRITE_GRANTS = text(
    """
    UPDATE grants SET remaining = changed.remaining, owed = changed.owed
    FROM unnest(CAST(:ids AS bigint[]), CAST(:remainings AS bigint[]), CAST(:oweds AS bigint[])) AS changed (id, remaining, owed)
    WHERE grants.id = changed.id AND (grants.remaining <> changed.remaining OR grants.owed <> changed.owed)
    """
)
OF_ID = "SELECT id, instance_id, remaining, expires_at, owed FROM grants WHERE id = :id"
END_ALLOWANCES = """
    UPDATE grants SET expires_at = :now
    WHERE instance_id = :instance AND kind = 'allowance' AND expires_at > :now
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


async def grant_of_key(transaction: Transaction, instance_id: str, keys: Sequence[str]) -> GrantRow | None:
    """The tenant's grant that was made under one of `keys`, if one was."""
    row = (await transaction.execute(GRANT_OF_KEY, {"keys": list(keys), "instance": instance_id})).one_or_none()
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


async def grant_of_id(transaction: Transaction, grant_id: int) -> Grant:
    """One grant; its tenant is locked."""
    return Grant(**(await transaction.execute(OF_ID, {"id": grant_id})).one()._mapping)


async def due_grants(transaction: Transaction, instance_ids: Sequence[str]) -> dict[str, list[Grant]]:
    """The tenants' grants that have ended with something left in them; the tenants are locked."""
    found: dict[str, list[Grant]] = {}
    for row in await transaction.execute(DUE, {"ids": list(instance_ids), "now": transaction.now}):
        found.setdefault(row.instance_id, []).append(Grant(**row._mapping))
    return found


async def write_grants(transaction: Transaction, grants: Sequence[Grant]) -> None:
    """Write what remains of grants, and what is owed of them."""
    if grants:
        columns = {
            "ids": [one.id for one in grants],
            "remainings": [one.remaining for one in grants],
            "oweds": [one.owed for one in grants],
        }
        await transaction.execute(WRITE_GRANTS, columns)


async def end_allowances(transaction: Transaction, instance_id: str) -> None:
    """A plan's allowances end now, also as far as jobs hold them; the tenant is locked."""
    await transaction.execute(END_ALLOWANCES, {"instance": instance_id, "now": transaction.now})
