"""The SQL of what Stripe told has gone back: totals of payments, and refunds and disputes by their own ids.

All of a payment's news is written under its lock. Two pieces of news that come at once, a payment and its refund say, would
otherwise each miss what the other has not committed yet.
"""

from datetime import datetime
from typing import Literal

from darkroom_servicekit.database import Transaction
from sqlalchemy import text

from darkroom_credits.payments.paid_back import RefundTotal, Return
from darkroom_credits.payments.stripe_objects import Charge, Dispute, DisputeState, Refund, RefundState

LOCK_PAYMENT = text("SELECT pg_advisory_xact_lock(hashtextextended('payment of stripe: ' || :intent, 0))")
KEEP_TOTAL = text(
    """
    INSERT INTO stripe_refunds AS kept (payment_intent, currency, amount, refunded, told_at, updated_at)
    VALUES (:intent, :currency, :amount, :refunded, :told_at, :now)
    ON CONFLICT (payment_intent) DO UPDATE SET currency = excluded.currency, amount = excluded.amount,
        refunded = excluded.refunded, told_at = excluded.told_at, updated_at = :now
    WHERE kept.amount IS NULL OR excluded.told_at > kept.told_at
        OR coalesce(kept.told_at, excluded.told_at) = excluded.told_at AND excluded.refunded >= kept.refunded
    """
)
TOTAL = text("SELECT currency, amount, refunded FROM stripe_refunds WHERE payment_intent = :intent")
# A refund only goes on: it is never less than what it was heard of before.
KEEP_REFUND = text(
    """
    INSERT INTO stripe_returns AS kept (id, payment_intent, kind, currency, amount, state, announced, told_at, updated_at)
    VALUES (:id, :intent, 'refund', :currency, :amount, :state, :announced, :told_at, :now)
    ON CONFLICT (id) DO UPDATE SET announced = kept.announced OR excluded.announced, updated_at = :now,
        told_at = greatest(kept.told_at, excluded.told_at),
        state = CASE WHEN array_position(ARRAY['PENDING', 'SUCCEEDED', 'FAILED'], excluded.state)
            > array_position(ARRAY['PENDING', 'SUCCEEDED', 'FAILED'], kept.state) THEN excluded.state ELSE kept.state END
    WHERE kept.payment_intent = excluded.payment_intent AND kept.kind = 'refund'
    """
)
# A dispute may be decided otherwise: its newest state counts, of two told in one second the later in the usual order.
KEEP_DISPUTE = text(
    """
    INSERT INTO stripe_returns AS kept (id, payment_intent, kind, currency, amount, state, told_at, updated_at)
    VALUES (:id, :intent, 'dispute', :currency, :amount, :state, :told_at, :now)
    ON CONFLICT (id) DO UPDATE SET currency = excluded.currency, amount = excluded.amount, state = excluded.state,
        told_at = excluded.told_at, updated_at = :now
    WHERE kept.payment_intent = excluded.payment_intent AND kept.kind = 'dispute' AND
        (excluded.told_at, array_position(ARRAY['INQUIRY', 'OPEN', 'LOST', 'WON'], excluded.state))
        >= (kept.told_at, array_position(ARRAY['INQUIRY', 'OPEN', 'LOST', 'WON'], kept.state))
    """
)
RETURNS = text(
    "SELECT id, kind, currency, amount, state, announced FROM stripe_returns WHERE payment_intent = :intent ORDER BY told_at, id"
)
PLACEHOLDER = text("SELECT 1 FROM stripe_returns WHERE id = 'before:' || :intent")
WAS_TOLD_LOST = text(
    "SELECT 1 FROM stripe_events WHERE object_id = :id AND type = 'charge.dispute.closed' AND outcome IS NOT NULL LIMIT 1"
)
NAME_PLACEHOLDER = text("UPDATE stripe_returns SET id = :id WHERE id = 'before:' || :intent")
# An inquiry is none of the purchase's disputes.
SET_DISPUTED = text(
    """
    UPDATE purchases SET dispute_state = told.state, disputed_at = coalesce(disputed_at, :now)
    FROM (
        SELECT state FROM stripe_returns
        WHERE payment_intent = :intent AND kind = 'dispute' AND state IN ('OPEN', 'LOST', 'WON')
        ORDER BY array_position(ARRAY['OPEN', 'LOST', 'WON'], state) LIMIT 1
    ) AS told WHERE purchases.payment_intent = :intent AND dispute_state IS DISTINCT FROM told.state
    """
)


async def lock_payment(transaction: Transaction, payment_intent: str) -> None:
    """Take the payment's lock, until the transaction ends. It comes before the lock of any tenant, always."""
    await transaction.execute(LOCK_PAYMENT, {"intent": payment_intent})


async def keep_total(transaction: Transaction, payment_intent: str, charge: Charge, *, told_at: datetime) -> None:
    """Note how much of a payment a charge says was refunded; an older figure never replaces a newer one."""
    values = {
        "intent": payment_intent,
        "currency": charge.currency,
        "amount": charge.amount,
        "refunded": charge.amount_refunded,
        "told_at": told_at,
        "now": transaction.now,
    }
    await transaction.execute(KEEP_TOTAL, values)


async def keep_refund(
    transaction: Transaction, payment_intent: str, refund: Refund, *, state: RefundState, told_at: datetime, listed: bool = False
) -> None:
    """Note a refund; `listed` when Stripe shows it among the payment's refunds, which announces it also when it has failed."""
    values = _values(transaction, payment_intent, refund, state, told_at)
    await transaction.execute(KEEP_REFUND, values | {"announced": listed or state != "FAILED"})


async def keep_dispute(
    transaction: Transaction, payment_intent: str, dispute: Dispute, *, state: DisputeState, told_at: datetime
) -> None:
    """Note a dispute in its newest state."""
    placeholder = (await transaction.execute(PLACEHOLDER, {"intent": payment_intent})).one_or_none()
    if placeholder and (await transaction.execute(WAS_TOLD_LOST, {"id": dispute.id})).one_or_none():
        await transaction.execute(NAME_PLACEHOLDER, {"intent": payment_intent, "id": dispute.id})
    await transaction.execute(KEEP_DISPUTE, _values(transaction, payment_intent, dispute, state, told_at))


async def set_disputed(transaction: Transaction, payment_intent: str) -> None:
    """Show on the purchase how its disputes stand: one that is open comes first, then one that was lost."""
    await transaction.execute(SET_DISPUTED, {"intent": payment_intent, "now": transaction.now})


async def refund_total(transaction: Transaction, payment_intent: str) -> RefundTotal | None:
    """The newest total that a charge of the payment told."""
    row = (await transaction.execute(TOTAL, {"intent": payment_intent})).one_or_none()
    return RefundTotal(**row._mapping) if row else None


async def returns_of(transaction: Transaction, payment_intent: str) -> list[Return]:
    """All refunds and disputes of the payment."""
    return [Return(**row._mapping) for row in await transaction.execute(RETURNS, {"intent": payment_intent})]


def _values(
    transaction: Transaction,
    payment_intent: str,
    told: Refund | Dispute,
    state: Literal[RefundState, DisputeState],
    told_at: datetime,
) -> dict[str, object]:
    return {
        "id": told.id,
        "intent": payment_intent,
        "currency": told.currency,
        "amount": told.amount,
        "state": state,
        "told_at": told_at,
        "now": transaction.now,
    }
