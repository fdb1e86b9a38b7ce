"""Use case: credits are added to a tenant's account, once per key, with their ledger transaction and event."""

from darkroom_contracts.credits import CreditsGranted
from darkroom_servicekit.database import Transaction

from darkroom_credits.grants import NewGrant
from darkroom_credits.metrics import CreditsMetrics
from darkroom_credits.store import lock_accounts, write_lines
from darkroom_credits.store_grants import GrantRow, grant_of_key, insert_grant


class AnotherGrantHasThisKey(Exception):
    """The key was used before, for a grant that differs from this one."""


class GrantHasExpired(Exception):
    """The grant's expiry does not lie in the future."""


class GrantCredits:
    """Adds credits, in a transaction of the caller's."""

    def __init__(self, metrics: CreditsMetrics) -> None:
        self._metrics = metrics

    async def grant(self, transaction: Transaction, new: NewGrant) -> tuple[GrantRow, bool]:
        """The grant, and whether it was made now. Raises AnotherGrantHasThisKey, GrantHasExpired."""
        account = (await lock_accounts(transaction, [new.instance_id]))[new.instance_id]
        # Under the tenant's lock nobody else can be using the key, since keys are the tenant's own.
        before = await grant_of_key(transaction, new.once_key) if new.once_key else None
        if before is not None:
            if (before.amount, before.reason, before.expires_at) != (new.amount, new.reason, new.expires_at):
                raise AnotherGrantHasThisKey
            return before, False
        if new.expires_at is not None and new.expires_at <= transaction.now:
            raise GrantHasExpired
        account.move("grant", new.amount, reason=new.reason)
        row = await insert_grant(transaction, new, available_after=account.available)
        await write_lines(transaction, account.lines, created_by=new.created_by)
        event = CreditsGranted(
            instance_id=new.instance_id,
            grant_id=row.id,
            amount=new.amount,
            reason=new.reason,
            expires_at=new.expires_at,
            balances=account.balances(),
        )
        transaction.publish(event)
        transaction.after_commit(lambda: self._metrics.granted.labels(new.kind).inc(new.amount))
        return row, True
