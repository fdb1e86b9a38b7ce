"""The SQL of prices, purchases and Stripe's events."""

from datetime import datetime

from darkroom_servicekit.database import Transaction
from darkroom_servicekit.idempotency_key import former_spellings
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from darkroom_credits.payments.prices import Price
from darkroom_credits.payments.purchase import Purchase, State
from darkroom_credits.payments.stripe_objects import Session

PURCHASE = (
    "id::text, instance_id, credits, amount_minor, currency, price_version, created_at, state, session_id, url, payment_intent,"
    " grant_id, refunded_minor, credits_refunded, checks, presented_minor, presented_currency, stripe_key"
)
PRICE = text(
    """
    SELECT version, currency, minor_per_thousand, credits_min, credits_max FROM credit_prices
    WHERE valid_from <= :at ORDER BY version DESC LIMIT 1
    """
)
INSERT_PURCHASE = text(
    f"""
    INSERT INTO purchases (
        id, instance_id, credits, amount_minor, currency, price_version, created_by, created_at, idempotency_key, check_at)
    VALUES (CAST(:id AS uuid), :instance, :credits, :amount, :currency, :price_version, :created_by, :now, :key, :check_at)
    ON CONFLICT (instance_id, idempotency_key) DO UPDATE SET idempotency_key = excluded.idempotency_key
    RETURNING {PURCHASE}
    """  # noqa: S608 - a constant
)
OF_FORMER_KEY = text(
    f"SELECT {PURCHASE} FROM purchases WHERE instance_id = :instance AND idempotency_key = :key"  # noqa: S608 - a constant
)
OF_ID = f"SELECT {PURCHASE} FROM purchases WHERE id = CAST(:id AS uuid)"  # noqa: S608 - a constant
OF_INTENT = text(f"SELECT {PURCHASE} FROM purchases WHERE payment_intent = :intent")  # noqa: S608 - a constant
OFFER = text(
    """
    UPDATE purchases SET session_id = :session, url = :url, state = CASE state WHEN 'CREATED' THEN 'OPEN' ELSE state END,
        check_at = CASE WHEN state IN ('CREATED', 'OPEN') THEN CAST(:check_at AS timestamptz) END
    WHERE id = CAST(:id AS uuid) AND stripe_key = :stripe_key AND (session_id IS NULL OR session_id = :session) RETURNING id
    """
)
NEXT_STRIPE_KEY = text(
    """
    UPDATE purchases SET stripe_key = stripe_key + 1
    WHERE id = CAST(:id AS uuid) AND stripe_key = :stripe_key AND stripe_key < :most AND session_id IS NULL
    """
)
SET_STATE = text(
    """
    UPDATE purchases SET state = :state, session_id = :session, check_at = CASE WHEN :ended THEN NULL ELSE check_at END
    WHERE id = CAST(:id AS uuid)
    """
)
SET_PAID = text(
    """
    UPDATE purchases SET state = 'PAID', session_id = :session, payment_intent = :intent, grant_id = :grant, paid_at = :now,
        check_at = NULL, presented_minor = CAST(:presented_minor AS bigint), presented_currency = :presented_currency
    WHERE id = CAST(:id AS uuid)
    """
)
END_UNOFFERED = text(
    "UPDATE purchases SET state = 'EXPIRED', check_at = NULL"
    " WHERE id = CAST(:id AS uuid) AND state = 'CREATED' AND session_id IS NULL"
)
SET_REFUNDED = text("UPDATE purchases SET refunded_minor = :minor, credits_refunded = :credits WHERE id = CAST(:id AS uuid)")
KEEP_EVENT = text(
    """
    INSERT INTO stripe_events (id, type, object_id, created_at, received_at) VALUES (:id, :type, :object, :created, :now)
    ON CONFLICT (id) DO NOTHING RETURNING id
    """
)
KEEP_OUTCOME = text("UPDATE stripe_events SET outcome = :outcome WHERE id = :id")
TO_CHECK = text(
    f"""
    SELECT {PURCHASE} FROM purchases WHERE check_at <= :now ORDER BY check_at LIMIT :limit
    """  # noqa: S608 - a constant
)
NEXT_CHECK = text("SELECT min(check_at) FROM purchases WHERE check_at IS NOT NULL")
CHECK_AGAIN = text(
    "UPDATE purchases SET checks = checks + 1, check_at = :at WHERE id = CAST(:id AS uuid) AND check_at IS NOT NULL"
)


async def current_price(connection: AsyncConnection, *, at: datetime) -> Price:
    """The price that credits are sold at."""
    return Price(**(await connection.execute(PRICE, {"at": at})).one()._mapping)


async def insert_purchase(
    transaction: Transaction, purchase: Purchase, *, created_by: str, key: str | None, check_at: datetime | None = None
) -> Purchase:
    """Write a purchase, to be asked after at a time; the one that was written under the key before, if one was."""
    if key is not None:
        _bare, quoted = former_spellings(key)
        former = (await transaction.execute(OF_FORMER_KEY, {"instance": purchase.instance_id, "key": quoted})).one_or_none()
        if former is not None:
            return Purchase(**former._mapping)
    values = {
        "id": purchase.id,
        "instance": purchase.instance_id,
        "credits": purchase.credits,
        "amount": purchase.amount_minor,
        "currency": purchase.currency,
        "price_version": purchase.price_version,
        "created_by": created_by,
        "now": purchase.created_at,
        "key": key,
        "check_at": check_at,
    }
    return Purchase(**(await transaction.execute(INSERT_PURCHASE, values)).one()._mapping)


async def purchase_of_id(transaction: Transaction, purchase_id: str, *, lock: bool = True) -> Purchase | None:
    """A purchase, locked unless told otherwise."""
    row = (await transaction.execute(OF_ID + " FOR UPDATE" * lock, {"id": purchase_id})).one_or_none()
    return Purchase(**row._mapping) if row else None


async def purchase_of_intent(transaction: Transaction, payment_intent: str) -> Purchase | None:
    """The purchase that was paid by a payment intent."""
    row = (await transaction.execute(OF_INTENT, {"intent": payment_intent})).one_or_none()
    return Purchase(**row._mapping) if row else None


async def offer(transaction: Transaction, purchase: Purchase, session: Session, *, check_at: datetime) -> bool:
    """The purchase can be paid in a session; news of it may have come before. False: it was made under a key that is past."""
    values = {
        "id": purchase.id,
        "session": session.id,
        "url": session.url,
        "check_at": check_at,
        "stripe_key": purchase.stripe_key,
    }
    return (await transaction.execute(OFFER, values)).one_or_none() is not None


async def next_stripe_key(transaction: Transaction, purchase: Purchase, *, most: int) -> None:
    """Go on to the next Idempotency-Key at Stripe, unless another process has, or the purchase is offered."""
    await transaction.execute(NEXT_STRIPE_KEY, {"id": purchase.id, "stripe_key": purchase.stripe_key, "most": most})


async def set_state(transaction: Transaction, purchase: Purchase, state: State, *, session_id: str) -> None:
    """What has failed or expired is not asked after any more."""
    ended = state in ("FAILED", "EXPIRED")
    await transaction.execute(SET_STATE, {"id": purchase.id, "state": state, "session": session_id, "ended": ended})


async def end_unoffered(transaction: Transaction, purchase: Purchase) -> None:
    """The purchase was never offered, and will not be; should it have been paid all the same, that counts."""
    await transaction.execute(END_UNOFFERED, {"id": purchase.id})


async def set_paid(transaction: Transaction, purchase: Purchase, session: Session, *, grant_id: int) -> None:
    """The purchase is paid in a session, and its credits are granted."""
    minor, currency = session.presented or (None, None)
    values = {
        "id": purchase.id,
        "session": session.id,
        "intent": session.payment_intent,
        "grant": grant_id,
        "now": transaction.now,
        "presented_minor": minor,
        "presented_currency": currency,
    }
    await transaction.execute(SET_PAID, values)


async def set_refunded(transaction: Transaction, purchase: Purchase, *, minor: int, credits: int) -> None:
    """The totals of what was paid back so far."""
    await transaction.execute(SET_REFUNDED, {"id": purchase.id, "minor": minor, "credits": credits})


async def keep_event(transaction: Transaction, event_id: str, kind: str, *, object_id: str | None, created: datetime) -> bool:
    """Note an event for ever; whether it is new."""
    values = {"id": event_id, "type": kind, "object": object_id, "created": created, "now": transaction.now}
    return (await transaction.execute(KEEP_EVENT, values)).one_or_none() is not None


async def keep_outcome(transaction: Transaction, event_id: str, outcome: str) -> None:
    """Note what came of an event."""
    await transaction.execute(KEEP_OUTCOME, {"id": event_id, "outcome": outcome})


async def purchases_to_check(connection: AsyncConnection, *, now: datetime, limit: int) -> list[Purchase]:
    """Purchases whose news are overdue, the longest waiting first."""
    return [Purchase(**row._mapping) for row in await connection.execute(TO_CHECK, {"now": now, "limit": limit})]


async def next_check(connection: AsyncConnection) -> datetime | None:
    """When the next purchase is to be asked after."""
    at: datetime | None = (await connection.execute(NEXT_CHECK)).scalar_one()
    return at


async def check_again(transaction: Transaction, purchase: Purchase, *, at: datetime | None) -> None:
    """Ask after a purchase at a time, or (None) never again."""
    await transaction.execute(CHECK_AGAIN, {"id": purchase.id, "at": at})
