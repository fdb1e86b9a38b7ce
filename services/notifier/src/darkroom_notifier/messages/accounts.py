"""The SQL of vendor accounts: one row each, locked by whoever claims messages or records how attempts ended.

The row's lock makes claims of different replicas follow each other, so each begins with the tenant after the last one served.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from darkroom_servicekit.database import Transaction
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from darkroom_notifier.messages.breaker import AccountState

REGISTER = text("INSERT INTO vendor_accounts (account, channel) VALUES (:account, :channel) ON CONFLICT DO NOTHING")
FIND = text(
    """
    SELECT last_instance, failing, paused_at, trials, next_trial_at, trial_message, error_code, error
    FROM vendor_accounts WHERE account = :account FOR UPDATE
    """
)
SAVE = text(
    """
    UPDATE vendor_accounts
    SET last_instance = :last_instance, failing = CAST(:failing AS text[]), paused_at = :paused_at, trials = :trials,
        next_trial_at = :next_trial_at, trial_message = :trial_message, error_code = :error_code, error = :error
    WHERE account = :account
    """
)
PAUSED = text(
    """
    SELECT account, channel, paused_at, next_trial_at, trials, error_code, error, (
        SELECT count(*) FROM (
            SELECT 1 FROM messages m WHERE m.channel = a.channel AND m.state IN ('pending', 'sending') LIMIT :counted_max
        ) AS counted
    ) AS waiting
    FROM vendor_accounts a WHERE paused_at IS NOT NULL ORDER BY paused_at LIMIT :limit
    """
)
ACCOUNTS_MAX = 100
WAITING_COUNTED_MAX = 10_000


@dataclass(frozen=True)
class Account:
    """A vendor account's row. `last_instance`: the tenant that was served last."""

    account: str
    last_instance: str
    state: AccountState


@dataclass(frozen=True, kw_only=True)
class PausedAccount:
    """A vendor account to which only trials are sent; `waiting` messages are counted up to a bound."""

    account: str
    channel: str
    paused_at: datetime
    next_trial_at: datetime
    trials: int
    error_code: str | None
    error: str | None
    waiting: int


async def lock_account(transaction: Transaction, account: str, channel: str) -> Account:
    """The account's row, locked until the transaction ends; made when it is not there."""
    row = (await transaction.execute(FIND, {"account": account})).mappings().one_or_none()
    if row is None:
        await transaction.execute(REGISTER, {"account": account, "channel": channel})
        row = (await transaction.execute(FIND, {"account": account})).mappings().one()
    fields = dict(row)
    last_instance, failing = fields.pop("last_instance"), frozenset(fields.pop("failing"))
    return Account(account, last_instance, AccountState(failing=failing, **fields))


async def save_account(transaction: Transaction, account: Account) -> None:
    """Write the row of an account that is locked."""
    state = account.state
    values = {
        "account": account.account,
        "last_instance": account.last_instance,
        "failing": sorted(state.failing),
        "paused_at": state.paused_at,
        "trials": state.trials,
        "next_trial_at": state.next_trial_at,
        "trial_message": state.trial_message,
        "error_code": state.error_code,
        "error": state.error,
    }
    await transaction.execute(SAVE, values)


async def paused_accounts(connection: AsyncConnection) -> Sequence[PausedAccount]:
    """The accounts that are paused, the longest pause first."""
    rows = await connection.execute(PAUSED, {"limit": ACCOUNTS_MAX, "counted_max": WAITING_COUNTED_MAX})
    return [PausedAccount(**row) for row in rows.mappings()]
