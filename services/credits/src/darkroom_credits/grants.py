"""Which grant a credit comes from: pure. What expires soonest is taken first, and what comes back fills the latest first.

The sum of what remains of a tenant's grants is its available credits, always.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Literal

NEVER = datetime.max.replace(tzinfo=UTC)

GrantKind = Literal["allowance", "operator", "purchase", "adjustment", "reimbursement"]


@dataclass(frozen=True, kw_only=True)
class NewGrant:
    """Credits to be added. `once_key` names the grant for ever: a second one of that name is the same grant.

    `former_keys`: the names under which older versions may have made it.
    """

    instance_id: str
    kind: GrantKind
    amount: int
    reason: str
    created_by: str
    expires_at: datetime | None = None
    once_key: str | None = None
    former_keys: tuple[str, ...] = ()


@dataclass(kw_only=True)
class Grant:
    """Credits given at once, and how many of them are available still."""

    id: int
    instance_id: str
    remaining: int
    expires_at: datetime | None = None
    owed: int = 0
    """Credits of a refunded purchase that are to be taken back as soon as they come back."""


@dataclass(kw_only=True)
class Draw:
    """What a job holds, or held, of one grant."""

    job_id: int
    grant_id: int
    amount: int
    released: int = 0


def soonest_first(grants: Iterable[Grant]) -> list[Grant]:
    """The order in which grants are spent: by expiry, those that never expire last, then the oldest first."""
    return sorted(grants, key=lambda grant: (grant.expires_at or NEVER, grant.id))


def draw(grants: Iterable[Grant], amount: int, *, job_id: int) -> list[Draw]:
    """Take `amount` from `grants`, which must hold that much between them."""
    draws: list[Draw] = []
    missing = amount
    for grant in soonest_first(grants):
        taken = min(missing, grant.remaining)
        if taken:
            grant.remaining -= taken
            missing -= taken
            draws.append(Draw(job_id=job_id, grant_id=grant.id, amount=taken))
        if not missing:
            break
    assert not missing, f"grants hold {missing} credits less than the account"
    return draws


def give_back(grants: Iterable[Grant], draws: Iterable[Draw], amount: int) -> None:
    """Return `amount` of what a job drew, to the latest to expire first: what is kept counts as spent from the soonest."""
    by_grant = {one.grant_id: one for one in draws}
    missing = amount
    for grant in reversed(soonest_first(grants)):
        drawn = by_grant.get(grant.id)
        if drawn is None or not missing:
            continue
        returned = min(missing, drawn.amount - drawn.released)
        drawn.released += returned
        grant.remaining += returned
        missing -= returned
    assert not missing, f"{missing} credits more given back than were drawn"
