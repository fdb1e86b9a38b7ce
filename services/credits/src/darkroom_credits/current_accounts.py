"""The one way to a tenant's account: locked, and brought up to now before anybody decides anything on it.

So no one ever sees credits of a grant that has ended, or a period that should have begun, whether or not the loop that posts
these things on time has been there; whoever comes first posts them. Accounts are locked in the order of their ids.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime

from darkroom_contracts.credits import PlanChanged
from darkroom_servicekit.database import Transaction
from sqlalchemy import text

from darkroom_credits.grants import NewGrant
from darkroom_credits.ledger import Account
from darkroom_credits.plans import Period, Plan, period_at
from darkroom_credits.post_grant import post_grant
from darkroom_credits.store_grants import due_grants, write_grants
from darkroom_credits.store_ledger import SERVICE, write_account
from darkroom_credits.store_plans import plan_at, put_on_plan, put_on_version
from darkroom_credits.withdrawals import withdraw

LOCK = text(
    """
    SELECT instance_id, available, held, spent, plan, plan_version, anchored_at, renews_at,
        (SELECT max(version) FROM plans WHERE name = balances.plan AND valid_from <= :now) AS version_sold
    FROM balances
    WHERE instance_id = ANY(CAST(:ids AS text[])) ORDER BY instance_id FOR UPDATE
    """
)
OPEN_ACCOUNTS = text(
    """
    INSERT INTO balances (instance_id) SELECT id FROM unnest(CAST(:ids AS text[])) AS id ORDER BY id
    ON CONFLICT DO NOTHING
    """
)


async def lock_accounts(transaction: Transaction, instance_ids: Iterable[str]) -> dict[str, Account]:
    """Each tenant's account as of the transaction's time, opened when it is new, locked until the transaction's end."""
    ids = sorted(set(instance_ids))
    accounts, behind = await _locked(transaction, ids)
    missing = [instance_id for instance_id in ids if instance_id not in accounts]
    if missing:
        await transaction.execute(OPEN_ACCOUNTS, {"ids": missing})
        opened, behind_of_opened = await _locked(transaction, missing)
        accounts |= opened
        behind += behind_of_opened
    await end_grants(transaction, accounts)
    for account in accounts.values():
        if account.renews_at is not None and account.renews_at <= transaction.now:
            await _renew(transaction, account)
    for account in behind:
        await _take_new_version(transaction, account)
    return accounts


async def _locked(transaction: Transaction, ids: Sequence[str]) -> tuple[dict[str, Account], list[Account]]:
    """Return the accounts, locked, and those without periods whose plan is sold in another version now."""
    accounts: dict[str, Account] = {}
    behind: list[Account] = []
    for row in await transaction.execute(LOCK, {"ids": list(ids), "now": transaction.now}):
        values = dict(row._mapping)
        version_sold = values.pop("version_sold")
        account = accounts[row.instance_id] = Account(**values)
        if account.renews_at is None and version_sold is not None and account.plan_version < version_sold:
            behind.append(account)
    return accounts, behind


async def end_grants(transaction: Transaction, accounts: dict[str, Account]) -> None:
    """Post what has ended with something left in it; the accounts are locked."""
    for instance_id, grants in (await due_grants(transaction, list(accounts))).items():
        account = accounts[instance_id]
        for fact in withdraw(account, grants, now=transaction.now):
            transaction.publish(fact)
        await write_account(transaction, account)
        await write_grants(transaction, grants)


async def _renew(transaction: Transaction, account: Account) -> None:
    """Begin the period that now lies in. Periods that were slept over give nothing: their allowances would have expired."""
    assert account.anchored_at is not None, f"{account.instance_id} renews without an anchor"
    period = period_at(account.anchored_at, transaction.now)
    before = account.plan_version
    plan = await plan_at(transaction.connection, account.plan, at=period.begins)
    await begin_period(transaction, account, plan, anchored_at=account.anchored_at, period=period, told=plan.version != before)


async def _take_new_version(transaction: Transaction, account: Account) -> None:
    """Put an account without periods on the version of its plan that is sold now: it has no next period to wait for."""
    plan = await plan_at(transaction.connection, account.plan, at=transaction.now)
    if plan.credits_per_month:
        period = period_at(transaction.now, transaction.now)
        await begin_period(transaction, account, plan, anchored_at=transaction.now, period=period, told=True)
        return
    await put_on_version(transaction, account, plan)
    _tell_terms(transaction, account, plan, period_began=transaction.now)


async def begin_period(
    transaction: Transaction, account: Account, plan: Plan, *, anchored_at: datetime, period: Period, told: bool
) -> None:
    """Put a locked account on a period of a plan, with its allowance; `told` when its terms are new to others."""
    await put_on_plan(transaction, account, plan, anchored_at=anchored_at, period=period)
    if told:
        _tell_terms(transaction, account, plan, period_began=period.begins)
    if plan.credits_per_month:
        allowance = NewGrant(
            instance_id=account.instance_id,
            kind="allowance",
            amount=plan.credits_per_month,
            reason=f"monthly allowance of {plan.title}",
            created_by=SERVICE,
            expires_at=period.ends,
            once_key=f"allowance:{account.instance_id}:{period.begins.isoformat()}",
        )
        await post_grant(transaction, account, allowance)


def _tell_terms(transaction: Transaction, account: Account, plan: Plan, *, period_began: datetime) -> None:
    event = PlanChanged(
        instance_id=account.instance_id,
        plan=plan.name,
        plan_version=plan.version,
        credits_per_month=plan.credits_per_month,
        weight=plan.weight,
        cap_per_minute=plan.cap_per_minute,
        period_started_at=period_began,
        renews_at=account.renews_at,
    )
    transaction.publish(event)
