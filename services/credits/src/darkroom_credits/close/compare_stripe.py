"""Use case: the purchases of a time are compared with Stripe's own sessions, payments and refunds.

What Stripe knows and we do not (its webhook was lost) is booked at once, by the rules that webhooks go through, and counted as
mended; what still does not agree is a difference. What happened in the last minutes may be on its way and is left alone. An
object of Stripe that cannot be read or booked is a difference too, and the comparison goes on.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

import structlog
from darkroom_contracts.money import minor_amount
from darkroom_servicekit.database import UnitOfWork
from darkroom_servicekit.outages import is_outage
from sqlalchemy import text

from darkroom_credits.close.report import Difference
from darkroom_credits.payments.paid_back import LIVE_REFUNDS, sold_amount
from darkroom_credits.payments.purchase import Purchase
from darkroom_credits.payments.record_payments import record_session
from darkroom_credits.payments.record_returns import record_charge
from darkroom_credits.payments.store import PURCHASE
from darkroom_credits.payments.stripe_client import StripeClient
from darkroom_credits.payments.stripe_objects import Charge, Session

ON_ITS_WAY = timedelta(minutes=10)
SESSION_LIFE = timedelta(days=3)
"""Sessions are open for a day and delayed payments take a few: a session made so long before the time may be paid in it."""

PURCHASES = text(
    f"SELECT {PURCHASE} FROM purchases WHERE created_at >= :since AND created_at < :until AND session_id IS NOT NULL"  # noqa: S608
)
DISPUTED = text(
    """
    SELECT payment_intent, currency, amount FROM stripe_returns
    WHERE payment_intent = ANY(CAST(:intents AS text[])) AND kind = 'dispute' AND state = 'LOST'
    """
)

Disputed = Mapping[str, Sequence[tuple[int, str]]]
"""By payment intent, amount and currency of each dispute that was lost."""

log = structlog.get_logger()


class CompareStripe:
    """Compares, and mends what can be mended."""

    def __init__(self, unit_of_work: UnitOfWork, stripe: StripeClient) -> None:
        self._uow = unit_of_work
        self._stripe = stripe

    async def compare(self, *, since: datetime, until: datetime) -> tuple[list[Difference], int]:
        """What does not agree, and how much was mended. Raises StripeUnavailable, StripeRefused."""
        begins, ends = since - SESSION_LIFE, until - ON_ITS_WAY
        listed = {str(found.get("id")): found async for found in self._stripe.sessions(since=begins, until=ends)}
        mended, broken = 0, set[str]()
        purchases = await self._purchases(begins, ends)
        for purchase in purchases:
            if purchase.session_id in listed:
                found = await self._mend(listed[purchase.session_id])
                mended += found or 0
                if found is None:
                    broken.add(purchase.id)
        if mended:
            log.warning("payments or refunds that only stripe knew of are booked", count=mended)
            purchases = await self._purchases(begins, ends)
        disputed = await self._disputed(purchases)
        differences = [
            Difference(one.instance_id, f"purchase {one.id}: unreadable at Stripe", 0, 1) for one in purchases if one.id in broken
        ]
        sound = [one for one in purchases if one.id not in broken]
        return [*differences, *(one for purchase in sound for one in differences_of(purchase, listed, disputed))], mended

    async def _mend(self, found: Mapping[str, Any]) -> int | None:
        """Book what is new in a session; how much that was, None when it cannot be."""
        mended = 0
        try:
            session, charge = Session.read(dict(found)), charge_of(found)
            async with self._uow.begin() as transaction:
                mended += await record_session(transaction, session) == "paid"
                if charge is not None and (charge.amount_refunded or charge.refunds):
                    outcome = await record_charge(transaction, charge, told_at=transaction.now)
                    mended += outcome in ("refunded", "refund-failed")
        except Exception as error:
            if is_outage(error):
                raise
            log.exception("a session of stripe cannot be compared", session_id=str(found.get("id")), error=str(error)[:300])
            return None
        return mended

    async def _purchases(self, since: datetime, until: datetime) -> list[Purchase]:
        async with self._uow.read() as connection:
            rows = await connection.execute(PURCHASES, {"since": since, "until": until})
            return [Purchase(**row._mapping) for row in rows]

    async def _disputed(self, purchases: list[Purchase]) -> Disputed:
        intents = [one.payment_intent for one in purchases if one.payment_intent]
        found: dict[str, list[tuple[int, str]]] = {}
        async with self._uow.read() as connection:
            for row in await connection.execute(DISPUTED, {"intents": intents}):
                found.setdefault(row.payment_intent, []).append((row.amount, row.currency))
        return found


def differences_of(purchase: Purchase, listed: Mapping[str, Mapping[str, Any]], disputed: Disputed) -> list[Difference]:
    """Where a purchase and its session at Stripe do not agree: pure. Money in the currency's minor unit."""
    found = listed.get(purchase.session_id or "")
    subject = f"purchase {purchase.id}"
    ours = purchase.amount_minor if purchase.state == "PAID" else 0
    if found is None:
        return [Difference(purchase.instance_id, f"{subject}: unknown at Stripe", ours, 0)] if ours else []
    session = Session.read(dict(found))
    asked = minor_amount(session.asked[0] or 0, purchase.currency)
    theirs = asked if session.payment_status == "paid" else 0
    differences = [Difference(purchase.instance_id, f"{subject}: paid", theirs, ours)] if theirs != ours else []
    lost = (sold_amount(purchase, *one) or 0 for one in disputed.get(purchase.payment_intent or "", ()))
    back = min(refunded_of(purchase, charge_of(found)) + sum(lost), purchase.amount_minor)
    if back != purchase.refunded_minor:
        differences.append(Difference(purchase.instance_id, f"{subject}: paid back", back, purchase.refunded_minor))
    return differences


def refunded_of(purchase: Purchase, charge: Charge | None) -> int:
    """What a charge says was refunded: by its refunds, if it lists all of them, since a total may count one that failed."""
    if charge is None:
        return 0
    if charge.refunds is None or charge.refunds.has_more:
        return sold_amount(purchase, charge.amount_refunded, charge.currency) or 0
    live = [one for one in charge.refunds.data if one.state() in LIVE_REFUNDS]
    return sum(sold_amount(purchase, one.amount, one.currency) or 0 for one in live)


def charge_of(session: Mapping[str, Any]) -> Charge | None:
    """The charge inside a session that was listed with it. Raises pydantic.ValidationError."""
    intent = session.get("payment_intent")
    charge = intent.get("latest_charge") if isinstance(intent, dict) else None
    return Charge.model_validate(charge) if isinstance(charge, dict) else None
