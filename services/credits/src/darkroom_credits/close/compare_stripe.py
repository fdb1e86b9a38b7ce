"""Use case: the purchases of a time are compared with Stripe's own sessions, payments and refunds.

What Stripe knows and we do not (its webhook was lost) is booked at once, by the rules that webhooks go through, and counted as
mended; what still does not agree is a difference. What happened in the last minutes may be on its way and is left alone.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

import structlog
from darkroom_servicekit.database import UnitOfWork
from pydantic import ValidationError
from sqlalchemy import text

from darkroom_credits.close.report import Difference
from darkroom_credits.payments.purchase import Charge, Purchase, Session
from darkroom_credits.payments.record_payments import record_refund, record_session
from darkroom_credits.payments.store import PURCHASE
from darkroom_credits.payments.stripe_client import StripeClient

ON_ITS_WAY = timedelta(minutes=10)
SESSION_LIFE = timedelta(days=3)
"""Sessions are open for a day and delayed payments take a few: a session made so long before the time may be paid in it."""

PURCHASES = text(
    f"SELECT {PURCHASE} FROM purchases WHERE created_at >= :since AND created_at < :until AND session_id IS NOT NULL"  # noqa: S608
)
DISPUTED = text("SELECT payment_intent, disputed FROM stripe_refunds WHERE payment_intent = ANY(CAST(:intents AS text[]))")

log = structlog.get_logger()


class CompareStripe:
    """Compares, and mends what can be mended."""

    def __init__(self, unit_of_work: UnitOfWork, stripe: StripeClient) -> None:
        self._uow = unit_of_work
        self._stripe = stripe

    async def compare(self, *, since: datetime, until: datetime) -> tuple[list[Difference], int]:
        """What does not agree, and how much was mended. Raises StripeUnavailable, StripeRefused."""
        begins, ends = since - SESSION_LIFE, until - ON_ITS_WAY
        listed = {str(found["id"]): found async for found in self._stripe.sessions(since=begins, until=ends)}
        mended = 0
        purchases = await self._purchases(begins, ends)
        for purchase in purchases:
            if purchase.session_id in listed:
                mended += await self._mend(listed[purchase.session_id])
        if mended:
            log.warning("payments or refunds that only stripe knew of are booked", count=mended)
            purchases = await self._purchases(begins, ends)
        disputed = await self._disputed(purchases)
        return [one for purchase in purchases for one in differences_of(purchase, listed, disputed)], mended

    async def _mend(self, found: Mapping[str, Any]) -> int:
        mended = 0
        try:
            session, charge = Session.read(dict(found)), charge_of(found)
            async with self._uow.begin() as transaction:
                mended += await record_session(transaction, session) == "paid"
                if charge is not None and charge.amount_refunded:
                    mended += await record_refund(transaction, charge) == "refunded"
        except ValidationError as error:
            log.error("stripe lists what cannot be read", session_id=found.get("id"), error=str(error)[:300])
        return mended

    async def _purchases(self, since: datetime, until: datetime) -> list[Purchase]:
        async with self._uow.read() as connection:
            rows = await connection.execute(PURCHASES, {"since": since, "until": until})
            return [Purchase(**row._mapping) for row in rows]

    async def _disputed(self, purchases: list[Purchase]) -> dict[str, int]:
        intents = [one.payment_intent for one in purchases if one.payment_intent]
        async with self._uow.read() as connection:
            return {row.payment_intent: row.disputed for row in await connection.execute(DISPUTED, {"intents": intents})}


def differences_of(purchase: Purchase, listed: Mapping[str, Mapping[str, Any]], disputed: Mapping[str, int]) -> list[Difference]:
    """Where a purchase and its session at Stripe do not agree: pure. Money in the currency's minor unit."""
    found = listed.get(purchase.session_id or "")
    subject = f"purchase {purchase.id}"
    ours = purchase.amount_minor if purchase.state == "PAID" else 0
    if found is None:
        return [Difference(purchase.instance_id, f"{subject}: unknown at Stripe", ours, 0)] if ours else []
    theirs = int(found.get("amount_total") or 0) if found.get("payment_status") == "paid" else 0
    differences = [Difference(purchase.instance_id, f"{subject}: paid", theirs, ours)] if theirs != ours else []
    charge = charge_of(found)
    back = (charge.amount_refunded if charge else 0) + disputed.get(purchase.payment_intent or "", 0)
    back = min(back, purchase.amount_minor)
    if back != purchase.refunded_minor:
        differences.append(Difference(purchase.instance_id, f"{subject}: paid back", back, purchase.refunded_minor))
    return differences


def charge_of(session: Mapping[str, Any]) -> Charge | None:
    """The charge inside a session that was listed with it. Raises pydantic.ValidationError."""
    intent = session.get("payment_intent")
    charge = intent.get("latest_charge") if isinstance(intent, dict) else None
    return Charge.model_validate(charge) if isinstance(charge, dict) else None
