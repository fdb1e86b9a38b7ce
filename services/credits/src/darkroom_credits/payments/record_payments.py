"""Use case: what Stripe tells of a session becomes credits, in a transaction of the caller's.

Webhooks, the reconciler and the daily close all end here. Each outcome is a word that is logged and counted; only `paid` moves
credits.
"""

from uuid import UUID

import structlog
from darkroom_contracts.credits import PaymentSucceeded
from darkroom_servicekit.database import Transaction

from darkroom_credits.current_accounts import lock_accounts
from darkroom_credits.grants import NewGrant
from darkroom_credits.ledger import Account
from darkroom_credits.payments.money import post_payment
from darkroom_credits.payments.purchase import Purchase, next_state, session_is_of, session_pays, state_told
from darkroom_credits.payments.settle_returns import AUTHOR, settle_returns
from darkroom_credits.payments.store import purchase_of_id, set_paid, set_state
from darkroom_credits.payments.store_returns import lock_payment
from darkroom_credits.payments.stripe_objects import Session
from darkroom_credits.post_grant import post_grant

log = structlog.get_logger()


async def record_session(transaction: Transaction, session: Session, *, failed: bool = False) -> str:
    """What came of news of a session: paid, awaiting, failed, expired, nothing-new, mismatch, foreign."""
    purchase = await _purchase_of(transaction, session)
    if purchase is None:
        return "foreign"
    if session.payment_intent is not None:
        await lock_payment(transaction, session.payment_intent)
    account = (await lock_accounts(transaction, [purchase.instance_id]))[purchase.instance_id]
    # Only under the tenant's lock is it as it will stay.
    purchase = await purchase_of_id(transaction, purchase.id)
    assert purchase is not None, "purchases are never removed"
    if not session_is_of(session, purchase):
        return "foreign"
    told = state_told(session, failed=failed)
    if next_state(purchase.state, told) == purchase.state:
        return "nothing-new"
    if told != "PAID":
        await set_state(transaction, purchase, told, session_id=session.id)
        return told.lower()
    if not session_pays(session, purchase):
        log.error(
            "a payment is not what was sold: nothing granted",
            purchase_id=purchase.id,
            instance_id=purchase.instance_id,
            sold=[purchase.amount_minor, purchase.currency],
            paid=session.asked,
        )
        return "mismatch"
    await _pay(transaction, account, purchase, session)
    return "paid"


async def _purchase_of(transaction: Transaction, session: Session) -> Purchase | None:
    try:
        purchase_id = UUID(session.client_reference_id or "")
    except ValueError:
        return None
    # It is not locked yet: the payment and the tenant come first, always.
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
    await set_paid(transaction, purchase, session, grant_id=grant.id)
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
    # Refunds and disputes may have been told of before the payment.
    await settle_returns(transaction, account, paid, intent)
