"""Use case: a purchase's credits and money follow what has gone back of its payment, up and down, under the payment's lock.

Credits that were refunded are taken back as far as they are available; the rest is owed and its money a loss. A refund that
failed and a dispute that was won after all undo that, what is owed first.
"""

from dataclasses import dataclass

import structlog
from darkroom_contracts.credits import PaymentRefunded, PaymentRestored
from darkroom_servicekit.database import Transaction

from darkroom_credits.ledger import Account
from darkroom_credits.payments.money import MoneyBack, booked_of, post_refund, post_restored
from darkroom_credits.payments.paid_back import PaidBack, losses_restored, paid_back
from darkroom_credits.payments.purchase import Purchase, credits_of_refund
from darkroom_credits.payments.store import set_refunded
from darkroom_credits.payments.store_returns import refund_total, returns_of, set_disputed
from darkroom_credits.store_grants import grant_of_id, write_grants
from darkroom_credits.store_ledger import write_account
from darkroom_credits.withdrawals import restore, take_back

AUTHOR = "stripe"

log = structlog.get_logger()


@dataclass(frozen=True)
class Settled:
    """What came of it: `taken`, `restored` or `unchanged`; and the news that cannot be about the payment."""

    change: str
    foreign: frozenset[str]


async def settle_returns(
    transaction: Transaction, account: Account, purchase: Purchase, payment_intent: str, *, kind: MoneyBack = "refund"
) -> Settled:
    """Bring a paid purchase up to all that was told of its refunds and disputes. The payment and the tenant are locked."""
    await set_disputed(transaction, payment_intent)
    told: PaidBack = paid_back(
        purchase, await refund_total(transaction, payment_intent), await returns_of(transaction, payment_intent)
    )
    if told.foreign:
        log.error("a refund or dispute is not of what was sold", purchase_id=purchase.id, ids=sorted(told.foreign))
    if told.minor > purchase.refunded_minor:
        await _take(transaction, account, purchase, told.minor, kind=kind)
        return Settled("taken", told.foreign)
    if told.minor < purchase.refunded_minor:
        await _restore(transaction, account, purchase, told.minor, kind=kind)
        return Settled("restored", told.foreign)
    return Settled("unchanged", told.foreign)


async def _take(transaction: Transaction, account: Account, purchase: Purchase, refunded: int, *, kind: MoneyBack) -> None:
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
    minor = refunded - purchase.refunded_minor
    short = grant.owed - owed_before
    lost_minor = minor * short // due if due else 0
    await post_refund(transaction, purchase, kind=kind, amount=minor, lost=lost_minor)
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


async def _restore(transaction: Transaction, account: Account, purchase: Purchase, refunded: int, *, kind: MoneyBack) -> None:
    assert purchase.grant_id is not None, "only what was paid is refunded"
    credits = credits_of_refund(purchase, refunded)
    grant = await grant_of_id(transaction, purchase.grant_id)
    back = purchase.credits_refunded - credits
    owed_before = grant.owed
    for fact in restore(account, grant, back):
        transaction.publish(fact)
    await write_account(transaction, account, created_by=AUTHOR)
    await write_grants(transaction, [grant])
    await set_refunded(transaction, purchase, minor=refunded, credits=credits)
    minor = purchase.refunded_minor - refunded
    booked = await booked_of(transaction, purchase)
    lost_minor = losses_restored(booked, minor, owed=owed_before - grant.owed, credits=back)
    await post_restored(transaction, purchase, kind=kind, amount=minor, lost=lost_minor)
    log.error("money that was paid back is ours again: its credits are back", purchase_id=purchase.id, credits=back, minor=minor)
    transaction.publish(
        PaymentRestored(
            instance_id=purchase.instance_id,
            purchase_id=purchase.id,
            grant_id=grant.id,
            amount_minor=refunded,
            currency=purchase.currency,
            credits_refunded=credits,
            credits_lost=grant.owed,
        )
    )
