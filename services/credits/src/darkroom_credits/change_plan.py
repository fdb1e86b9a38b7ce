"""Use case: a tenant goes on a plan from now on; the old plan's unspent allowance ends, the new one's is granted."""

from collections.abc import Callable

from darkroom_servicekit.database import Transaction
from darkroom_servicekit.idempotency_key import former_spellings

from darkroom_credits.current_accounts import begin_period, end_grants, lock_accounts
from darkroom_credits.plans import period_at
from darkroom_credits.store_grants import end_allowances
from darkroom_credits.store_plans import keep_plan_key, last_plan_key, plan_at


class ChangePlan:
    """Puts tenants on plans, in a transaction of the caller's."""

    def __init__(self, look_again: Callable[[], None]) -> None:
        self._look_again = look_again

    async def change(self, transaction: Transaction, instance_id: str, plan_name: str, *, key: str | None = None) -> None:
        """Begin a period of the plan now; a change that carries the last one's `key` is that one. Raises UnknownPlan."""
        plan = await plan_at(transaction.connection, plan_name, at=transaction.now)
        accounts = await lock_accounts(transaction, [instance_id])
        account = accounts[instance_id]
        if key is not None:
            if await last_plan_key(transaction, instance_id) in former_spellings(key):
                return
            await keep_plan_key(transaction, instance_id, key)
        await end_allowances(transaction, instance_id)
        await end_grants(transaction, accounts)
        period = period_at(transaction.now, transaction.now)
        await begin_period(transaction, account, plan, anchored_at=transaction.now, period=period, told=True)
        transaction.after_commit(self._look_again)
