"""Use case: one event of Stripe, its signature checked, changes what it may change: each event id once, for ever."""

from datetime import UTC, datetime
from typing import Any

import structlog
from darkroom_servicekit.database import Transaction, UnitOfWork
from prometheus_client import Counter
from pydantic import BaseModel, ValidationError

from darkroom_credits.metrics import CreditsMetrics
from darkroom_credits.payments.purchase import Charge, Dispute, Session
from darkroom_credits.payments.record_payments import record_dispute, record_refund, record_session
from darkroom_credits.payments.store import keep_event, keep_outcome

SESSION_EVENTS = frozenset(
    {
        "checkout.session.completed",
        "checkout.session.async_payment_succeeded",
        "checkout.session.async_payment_failed",
        "checkout.session.expired",
    }
)
DISPUTE_EVENTS = frozenset({"charge.dispute.created", "charge.dispute.closed"})
EVENTS = sorted(SESSION_EVENTS | DISPUTE_EVENTS | {"charge.refunded"})
"""All that may change anything."""
CHANGING = frozenset({"paid", "awaiting", "failed", "expired", "refunded", "disputed", "dispute-won", "dispute-lost"})

log = structlog.get_logger()


class NotAnEvent(Exception):
    """The body is signed but is no event of the shape that Stripe documents."""


class _Data(BaseModel):
    object: dict[str, Any]


class StripeEvent(BaseModel):
    """What is read of an event."""

    id: str
    type: str
    created: int
    livemode: bool
    data: _Data


class TakeWebhook:
    """Takes events. `livemode` is that of our key: events of the other mode are not ours."""

    def __init__(self, unit_of_work: UnitOfWork, metrics: CreditsMetrics, *, livemode: bool) -> None:
        self._uow = unit_of_work
        self._metrics = metrics
        self._livemode = livemode

    async def take(self, body: bytes) -> str:
        """Handle an event whose signature was good; what came of it, in a word. Raises NotAnEvent."""
        try:
            return await self._take(StripeEvent.model_validate_json(body), self._metrics.webhooks)
        except ValidationError as error:
            raise NotAnEvent(type(error).__name__) from error

    async def take_listed(self, found: dict[str, Any]) -> str:
        """Handle an event that Stripe listed when it was asked; what came of it. Raises NotAnEvent."""
        try:
            return await self._take(StripeEvent.model_validate(found), self._metrics.listed)
        except ValidationError as error:
            raise NotAnEvent(type(error).__name__) from error

    async def _take(self, event: StripeEvent, counter: Counter) -> str:
        try:
            created = datetime.fromtimestamp(event.created, UTC)
        except (ValueError, OverflowError, OSError) as error:
            raise NotAnEvent(type(error).__name__) from error
        async with self._uow.begin() as transaction:
            object_id = event.data.object.get("id")
            object_id = object_id if isinstance(object_id, str) else None
            new = await keep_event(transaction, event.id, event.type, object_id=object_id, created=created)
            outcome = await self._apply(transaction, event) if new else "repeated"
            if new:
                await keep_outcome(transaction, event.id, outcome)
        counter.labels(outcome).inc()
        told = log.info if outcome in CHANGING else log.debug if outcome == "not-needed" else log.warning
        told("stripe event", event_id=event.id, type=event.type, object_id=object_id, outcome=outcome)
        return outcome

    async def _apply(self, transaction: Transaction, event: StripeEvent) -> str:
        if event.livemode != self._livemode:
            return "foreign-mode"
        found = event.data.object
        try:
            if event.type in SESSION_EVENTS:
                failed = event.type == "checkout.session.async_payment_failed"
                return await record_session(transaction, Session.read(found), failed=failed)
            if event.type == "charge.refunded":
                return await record_refund(transaction, Charge.model_validate(found))
            if event.type in DISPUTE_EVENTS:
                closed = event.type == "charge.dispute.closed"
                return await record_dispute(transaction, Dispute.model_validate(found), closed=closed)
        except ValidationError:
            return "unreadable"
        return "not-needed"
