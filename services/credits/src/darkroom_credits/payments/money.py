"""The SQL of the money's own double entry: what came in by card, and what went back. Appended only, each sums to zero."""

from collections.abc import Mapping
from typing import Literal

from darkroom_servicekit.database import Transaction
from sqlalchemy import text

from darkroom_credits.payments.paid_back import Booked
from darkroom_credits.payments.purchase import Purchase

MoneyBack = Literal["refund", "dispute"]
UNDONE: Mapping[MoneyBack, str] = {"refund": "refund-failed", "dispute": "dispute-won"}

POST = text(
    """
    WITH written AS (
        INSERT INTO money_transactions (instance_id, kind, purchase_id, amount_minor, currency, created_at)
        VALUES (:instance, :kind, CAST(:purchase AS uuid), :amount, :currency, :now) RETURNING instance_id, id
    )
    INSERT INTO money_entries (instance_id, transaction_id, account, amount)
    SELECT instance_id, id, account, entry
    FROM written, unnest(CAST(:accounts AS text[]), CAST(:entries AS bigint[])) AS e (account, entry)
    """
)
BOOKED = text(
    """
    SELECT coalesce(sum(entry.amount) FILTER (WHERE entry.account = 'returns'), 0)::bigint AS returns,
        coalesce(sum(entry.amount) FILTER (WHERE entry.account = 'losses'), 0)::bigint AS losses
    FROM money_transactions AS line JOIN money_entries AS entry
        ON (entry.instance_id, entry.transaction_id) = (line.instance_id, line.id)
    WHERE line.purchase_id = CAST(:purchase AS uuid)
    """
)


async def post_payment(transaction: Transaction, purchase: Purchase) -> None:
    """A payment came in."""
    amount = purchase.amount_minor
    await _post(transaction, "payment", purchase, amount, {"card": amount, "sales": -amount})


async def post_refund(transaction: Transaction, purchase: Purchase, *, kind: MoneyBack, amount: int, lost: int) -> None:
    """So much went back; `lost` of it for credits that could not be taken back."""
    await _post(transaction, kind, purchase, amount, {"card": -amount, "returns": amount - lost, "losses": lost})


async def post_restored(transaction: Transaction, purchase: Purchase, *, kind: MoneyBack, amount: int, lost: int) -> None:
    """So much of what went back is ours again; `lost` of it had been booked as a loss."""
    entries = {"card": amount, "returns": lost - amount, "losses": -lost}
    await _post(transaction, UNDONE[kind], purchase, amount, entries)


async def booked_of(transaction: Transaction, purchase: Purchase) -> Booked:
    """What stands in the accounts of money that went back, for one purchase."""
    return Booked(**(await transaction.execute(BOOKED, {"purchase": purchase.id})).one()._mapping)


async def _post(transaction: Transaction, kind: str, purchase: Purchase, amount: int, entries: Mapping[str, int]) -> None:
    written = {account: entry for account, entry in entries.items() if entry}
    values = {
        "instance": purchase.instance_id,
        "kind": kind,
        "purchase": purchase.id,
        "amount": amount,
        "currency": purchase.currency,
        "now": transaction.now,
        "accounts": list(written),
        "entries": list(written.values()),
    }
    await transaction.execute(POST, values)
