"""Credits that leave an account unspent, or come back to it: pure. The one place that says what may not stay available.

It is asked whenever an account is locked, before anything else is decided, and whenever credits come back to grants.
"""

from collections.abc import Iterable
from datetime import datetime

from darkroom_contracts.credits import CreditsExpired, CreditsRestored, CreditsTakenBack

from darkroom_credits.grants import Grant, soonest_first
from darkroom_credits.ledger import Account

EXPIRED = "expired"
REFUNDED = "payment refunded"
RESTORED = "refund undone"


def withdraw(
    account: Account, grants: Iterable[Grant], *, now: datetime, job_id: int | None = None
) -> list[CreditsExpired | CreditsTakenBack]:
    """Take what is owed for refunds, then what remains of grants that have ended by `now`; what came of it, in order."""
    facts: list[CreditsExpired | CreditsTakenBack] = []
    for grant in soonest_first(grants):
        facts += take_back(account, grant, job_id=job_id)
        if grant.remaining and grant.expires_at is not None and grant.expires_at <= now:
            amount, grant.remaining = grant.remaining, 0
            account.move("expire", amount, job_id=job_id, grant_id=grant.id, reason=EXPIRED)
            facts.append(
                CreditsExpired(
                    instance_id=account.instance_id,
                    grant_id=grant.id,
                    amount=amount,
                    expired_at=grant.expires_at,
                    job_id=job_id,
                    balances=account.balances(),
                )
            )
    return facts


def take_back(account: Account, grant: Grant, *, job_id: int | None = None) -> list[CreditsTakenBack]:
    """Take of a refunded grant as much of what is owed as remains of it."""
    amount = min(grant.owed, grant.remaining)
    if not amount:
        return []
    grant.owed -= amount
    grant.remaining -= amount
    account.move("refund", amount, job_id=job_id, grant_id=grant.id, reason=REFUNDED)
    balances = account.balances()
    return [CreditsTakenBack(instance_id=account.instance_id, grant_id=grant.id, amount=amount, job_id=job_id, balances=balances)]


def restore(account: Account, grant: Grant, amount: int) -> list[CreditsRestored]:
    """Undo the refund of `amount` credits of a grant: first what is still owed, which nobody has taken, then what was taken."""
    owed = min(grant.owed, amount)
    grant.owed -= owed
    back = amount - owed
    if not back:
        return []
    grant.remaining += back
    account.move("restore", back, grant_id=grant.id, reason=RESTORED)
    return [CreditsRestored(instance_id=account.instance_id, grant_id=grant.id, amount=back, balances=account.balances())]
