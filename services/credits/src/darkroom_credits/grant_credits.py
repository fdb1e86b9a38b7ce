"""Use case: credits are added to a tenant's account, once per key, with their ledger transaction and event."""

from collections.abc import Callable

from darkroom_servicekit.database import Transaction

from darkroom_credits.current_accounts import lock_accounts
from darkroom_credits.grants import NewGrant
from darkroom_credits.post_grant import post_grant
from darkroom_credits.store_grants import GrantRow, grant_of_key


class AnotherGrantHasThisKey(Exception):
    """The key was used before, for a grant that differs from this one."""


class GrantHasExpired(Exception):
    """The grant's expiry does not lie in the future."""


class GrantCredits:
    """Adds credits, in a transaction of the caller's. `look_again` is told of every grant that will end."""

    def __init__(self, look_again: Callable[[], None]) -> None:
        self._look_again = look_again

    async def grant(self, transaction: Transaction, new: NewGrant) -> tuple[GrantRow, bool]:
        """The grant, and whether it was made now. Raises AnotherGrantHasThisKey, GrantHasExpired."""
        account = (await lock_accounts(transaction, [new.instance_id]))[new.instance_id]
        # Under the tenant's lock nobody else can be using the key, since keys are the tenant's own.
        keys = [new.once_key, *new.former_keys] if new.once_key else []
        before = await grant_of_key(transaction, new.instance_id, keys)
        if before is not None:
            if (before.amount, before.reason, before.expires_at) != (new.amount, new.reason, new.expires_at):
                raise AnotherGrantHasThisKey
            return before, False
        if new.expires_at is not None and new.expires_at <= transaction.now:
            raise GrantHasExpired
        row = await post_grant(transaction, account, new)
        if new.expires_at is not None:
            transaction.after_commit(self._look_again)
        return row, True
