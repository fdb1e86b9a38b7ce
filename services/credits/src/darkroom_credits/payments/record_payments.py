"""Use case: what Stripe tells of sessions and refunds becomes credits, in a transaction of the caller's.

Webhooks and the reconciler both end here. Each outcome is a word that is logged and counted; only `paid` and `refunded` move
credits.
"""

from dataclasses import asdict
from uuid import UUID

import structlog
from darkroom_contracts.credits import PaymentRefunded, PaymentSucceeded
from darkroom_servicekit.database import Transaction

from darkroom_credits.current_accounts import lock_accounts
from darkroom_credits.grants import NewGrant
from darkroom_credits.ledger import Account
from darkroom_credits.payments.money import MoneyBack, post_payment, post_refund
from darkroom_credits.payments.purchase import (
    Charge,
    Dispute,
    DisputeState,
    Purchase,
    Session,
    credits_of_refund,
    next_state,
    state_told,
)
from darkroom_credits.payments.store import (
    keep_dispute,
    keep_refund,
    purchase_of_id,
    purchase_of_intent,
    refund_told,
    set_disputed,
    set_paid,
    set_refunded,
    set_state,
)
from darkroom_credits.post_grant import post_grant
from darkroom_credits.store_grants import grant_of_id, write_grants
from darkroom_credits.store_ledger import write_account
from darkroom_credits.withdrawals import take_back

AUTHOR = "stripe"

log = structlog.get_logger()


async def record_session(transaction: Transaction, session: Session, *, failed: bool = False) -> str:
    """What came of news of a session: paid, awaiting, failed, expired, nothing-new, mismatch, foreign."""
    purchase = await _purchase_of(transaction, session)
    if purchase is None:
        return "foreign"
    account = (await lock_accounts(transaction, [purchase.instance_id]))[purchase.instance_id]
    # Only under the tenant's lock is it as it will stay.
    purchase = await purchase_of_id(transaction, purchase.id)
    assert purchase is not None, "purchases are never removed"
    if not session.is_of(purchase):
        return "foreign"
    told = state_told(session, failed=failed)
    if next_state(purchase.state, told) == purchase.state:
        return "nothing-new"
    if told != "PAID":
        await set_state(transaction, purchase, told, session_id=session.id)
        return told.lower()
    if not session.pays(purchase):
        log.error(
            "a payment is not what was sold: nothing granted",
            purchase_id=purchase.id,
            instance_id=purchase.instance_id,
            sold=[purchase.amount_minor, purchase.currency],
            paid=[session.amount_total, session.currency],
        )
        return "mismatch"
    await _pay(transaction, account, purchase, session)
    return "paid"


async def record_refund(transaction: Transaction, charge: Charge) -> str:
    """What came of news of a refund: refunded, nothing-new, waits (for its payment, or for ever when foreign), mismatch."""
    if charge.payment_intent is None:
        return "foreign"
    await keep_refund(transaction, charge.payment_intent, charge)
    known = await purchase_of_intent(transaction, charge.payment_intent)
    if known is None:
        return "waits"
    account = (await lock_accounts(transaction, [known.instance_id]))[known.instance_id]
    purchase = await purchase_of_id(transaction, known.id)
    assert purchase is not None, "purchases are never removed"
    return await _refund(transaction, account, purchase, charge.payment_intent)


async def record_dispute(transaction: Transaction, dispute: Dispute, *, closed: bool) -> str:
    """What came of news of a dispute: disputed, dispute-won, dispute-lost (its money and credits go back), foreign, mismatch."""
    intent = dispute.payment_intent
    if intent is None:
        return "foreign"
    state: DisputeState = "OPEN" if not closed else "LOST" if dispute.status == "lost" else "WON"
    if state == "LOST":
        await keep_dispute(transaction, intent, dispute)
    known = await purchase_of_intent(transaction, intent)
    if known is None:
        return "waits" if state == "LOST" else "foreign"
    account = (await lock_accounts(transaction, [known.instance_id]))[known.instance_id]
    await set_disputed(transaction, intent, state)
    if state != "LOST":
        log.warning("a payment is disputed", purchase_id=known.id, instance_id=known.instance_id, state=state)
        return "disputed" if state == "OPEN" else "dispute-won"
    purchase = await purchase_of_id(transaction, known.id)
    assert purchase is not None, "purchases are never removed"
    outcome = await _refund(transaction, account, purchase, intent, kind="dispute")
    return "dispute-lost" if outcome == "refunded" else outcome


async def _purchase_of(transaction: Transaction, session: Session) -> Purchase | None:
    try:
        purchase_id = UUID(session.client_reference_id or "")
    except ValueError:
        return None
    # It is not locked yet: the tenant comes first, always.
    return await purchase_of_id(transaction, str(purchase_id), lock=False)


async def _pay(transaction: Transaction, account: Account, purchase: Purchase, session: Session) -> None:
    intent = session.payment_intent
    assert intent is not None, "a session that pays has its payment intent"
    new = NewGrant(
        instance_id=purchase.instance_id,
        kind="purchase",
        amount=purchase.credits,
        reason="top-up by card",
        created_by=AUTHOR,
        once_key=f"purchase:{purchase.id}",
    )
    grant = await post_grant(transaction, account, new)
    await set_paid(transaction, purchase, session_id=session.id, payment_intent=intent, grant_id=grant.id)
    await post_payment(transaction, purchase)
    transaction.publish(
        PaymentSucceeded(
            instance_id=purchase.instance_id,
            purchase_id=purchase.id,
            grant_id=grant.id,
            credits=purchase.credits,
            amount_minor=purchase.amount_minor,
            currency=purchase.currency,
            price_version=purchase.price_version,
        )
    )
    paid = await purchase_of_id(transaction, purchase.id)
    assert paid is not None, "it was read before"
    # The refund may have been told of before the payment.
    await _refund(transaction, account, paid, intent)


async def _refund(
    transaction: Transaction, account: Account, purchase: Purchase, payment_intent: str, *, kind: MoneyBack = "refund"
) -> str:
    told = await refund_told(transaction, payment_intent)
    if told is None:
        return "nothing-new"
    if not told.is_of(purchase):
        log.error("a refund is not of what was sold: nothing taken back", purchase_id=purchase.id, told=asdict(told))
        return "mismatch"
    refunded = told.of(purchase)
    if refunded <= purchase.refunded_minor:
        return "nothing-new"
    assert purchase.grant_id is not None, "only what was paid is refunded"
    credits = credits_of_refund(purchase, refunded)
    grant = await grant_of_id(transaction, purchase.grant_id)
    due = credits - purchase.credits_refunded
    owed_before = grant.owed
    grant.owed += due
    for fact in take_back(account, grant):
        transaction.publish(fact)
    await write_account(transaction, account, created_by=AUTHOR)
    await write_grants(transaction, [grant])
    await set_refunded(transaction, purchase, minor=refunded, credits=credits)
    paid_back = refunded - purchase.refunded_minor
    short = grant.owed - owed_before
    lost_minor = paid_back * short // due if due else 0
    await post_refund(transaction, purchase, kind=kind, amount=paid_back, lost=lost_minor)
    if short:
        log.warning("refunded credits were spent or held already", purchase_id=purchase.id, credits=short, minor=lost_minor)
    transaction.publish(
        PaymentRefunded(
            instance_id=purchase.instance_id,
            purchase_id=purchase.id,
            grant_id=grant.id,
            amount_minor=refunded,
            currency=purchase.currency,
            credits_refunded=credits,
            credits_lost=grant.owed,
        )
    )
    return "refunded"
