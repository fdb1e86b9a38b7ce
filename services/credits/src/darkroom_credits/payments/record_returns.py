"""Use case: what Stripe tells of refunds and disputes is kept by id, and the purchase follows, in a transaction of the caller's.

What is told before its payment waits for it. Each outcome is a word that is logged and counted.
"""

from datetime import datetime

import structlog
from darkroom_servicekit.database import Transaction

from darkroom_credits.current_accounts import lock_accounts
from darkroom_credits.payments.money import MoneyBack
from darkroom_credits.payments.settle_returns import Settled, settle_returns
from darkroom_credits.payments.store import purchase_of_id, purchase_of_intent
from darkroom_credits.payments.store_returns import keep_dispute, keep_refund, keep_total, lock_payment
from darkroom_credits.payments.stripe_objects import Charge, Dispute, Refund

TOTAL = ""
"""The id under which `paid_back` names a total that is not of the payment."""

log = structlog.get_logger()


async def record_charge(transaction: Transaction, charge: Charge, *, told_at: datetime) -> str:
    """What came of a charge's refunds: refunded, refund-failed, nothing-new, waits (for its payment), mismatch, foreign."""
    if charge.payment_intent is None:
        return "foreign"
    await lock_payment(transaction, charge.payment_intent)
    await keep_total(transaction, charge.payment_intent, charge, told_at=told_at)
    for refund in charge.refunds.data if charge.refunds else ():
        await keep_refund(transaction, charge.payment_intent, refund, state=refund.state(), told_at=told_at, listed=True)
    settled = await _settle(transaction, charge.payment_intent, kind="refund")
    return _refund_outcome(settled, TOTAL)


async def record_refund(transaction: Transaction, refund: Refund, *, told_at: datetime, failed: bool = False) -> str:
    """What came of news of one refund: refunded, refund-failed (its credits are back), nothing-new, waits, mismatch, foreign."""
    if refund.payment_intent is None:
        return "foreign"
    await lock_payment(transaction, refund.payment_intent)
    state = refund.state(failed=failed)
    await keep_refund(transaction, refund.payment_intent, refund, state=state, told_at=told_at)
    settled = await _settle(transaction, refund.payment_intent, kind="refund")
    return _refund_outcome(settled, refund.id)


async def record_dispute(
    transaction: Transaction, dispute: Dispute, *, told_at: datetime, closed: bool = False, reinstated: bool = False
) -> str:
    """What came of a dispute's news: disputed, dispute-inquiry, dispute-won, dispute-lost, nothing-new, waits, mismatch, foreign.

    Only one that is lost takes money and credits back."""
    intent = dispute.payment_intent
    if intent is None:
        return "foreign"
    await lock_payment(transaction, intent)
    state = dispute.state(closed=closed, reinstated=reinstated)
    await keep_dispute(transaction, intent, dispute, state=state, told_at=told_at)
    settled = await _settle(transaction, intent, kind="dispute")
    if settled is None:
        return "waits"
    if dispute.id in settled.foreign:
        return "mismatch"
    log.warning("a payment is disputed", payment_intent=intent, dispute_id=dispute.id, state=state, change=settled.change)
    match state:
        case "OPEN":
            return "disputed"
        case "INQUIRY":
            return "dispute-inquiry"
        case "WON":
            return "dispute-won"
        case "LOST":
            return "dispute-lost" if settled.change == "taken" else "nothing-new"


def _refund_outcome(settled: Settled | None, about: str) -> str:
    if settled is None:
        return "waits"
    if about in settled.foreign:
        return "mismatch"
    return {"taken": "refunded", "restored": "refund-failed", "unchanged": "nothing-new"}[settled.change]


async def _settle(transaction: Transaction, payment_intent: str, *, kind: MoneyBack) -> Settled | None:
    known = await purchase_of_intent(transaction, payment_intent)
    if known is None:
        return None
    account = (await lock_accounts(transaction, [known.instance_id]))[known.instance_id]
    purchase = await purchase_of_id(transaction, known.id)
    assert purchase is not None, "purchases are never removed"
    return await settle_returns(transaction, account, purchase, payment_intent, kind=kind)
