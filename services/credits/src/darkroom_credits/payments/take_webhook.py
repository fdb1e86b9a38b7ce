"""Use case: one event of Stripe, its signature checked, changes what it may change: each event id once, for ever."""

import re
from collections.abc import Awaitable, Callable, Mapping
from datetime import UTC, datetime
from typing import Any

import structlog
from darkroom_servicekit.database import Transaction, UnitOfWork
from prometheus_client import Counter
from pydantic import BaseModel, ValidationError

from darkroom_credits.metrics import CreditsMetrics
from darkroom_credits.payments.record_payments import record_session
from darkroom_credits.payments.record_returns import record_charge, record_dispute, record_refund
from darkroom_credits.payments.store import keep_event, keep_outcome
from darkroom_credits.payments.stripe_objects import Charge, Dispute, Refund, Session, StripeId

Apply = Callable[[Transaction, dict[str, Any], datetime], Awaitable[str]]


def _session(*, failed: bool = False) -> Apply:
    return lambda transaction, found, _at: record_session(transaction, Session.read(found), failed=failed)


def _refund(*, failed: bool = False) -> Apply:
    return lambda transaction, found, at: record_refund(transaction, Refund.model_validate(found), told_at=at, failed=failed)


def _dispute(*, closed: bool = False, reinstated: bool = False) -> Apply:
    return lambda transaction, found, at: record_dispute(
        transaction, Dispute.model_validate(found), told_at=at, closed=closed, reinstated=reinstated
    )


EFFECTS: Mapping[str, Apply] = {
    "checkout.session.completed": _session(),
    "checkout.session.async_payment_succeeded": _session(),
    "checkout.session.async_payment_failed": _session(failed=True),
    "checkout.session.expired": _session(),
    "charge.refunded": lambda transaction, found, at: record_charge(transaction, Charge.model_validate(found), told_at=at),
    "refund.created": _refund(),
    "refund.updated": _refund(),
    "refund.failed": _refund(failed=True),
    "charge.refund.updated": _refund(),
    "charge.dispute.created": _dispute(),
    "charge.dispute.updated": _dispute(),
    "charge.dispute.funds_withdrawn": _dispute(),
    "charge.dispute.funds_reinstated": _dispute(reinstated=True),
    "charge.dispute.closed": _dispute(closed=True),
}
"""What each type of event does. Every other type is passed over on purpose: docs/credits.md says which and why."""
EVENTS = sorted(EFFECTS)
"""All that may change anything; Stripe lists at most twenty types at once."""
CHANGING = frozenset({"paid", "awaiting", "failed", "expired", "refunded", "disputed", "dispute-won", "dispute-lost"})
QUIET = frozenset({"not-needed", "nothing-new", "repeated"})

VISIBLE = re.compile(r"[!-~]{1,255}")

log = structlog.get_logger()


class NotAnEvent(Exception):
    """The body is signed but is no event of the shape that Stripe documents."""


class _Data(BaseModel):
    object: dict[str, Any]


class StripeEvent(BaseModel):
    """What is read of an event."""

    id: StripeId
    type: StripeId
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

    def count_failed(self) -> None:
        """Count an event that Stripe listed and that could not be taken."""
        self._metrics.listed.labels("failed").inc()

    async def _take(self, event: StripeEvent, counter: Counter) -> str:
        try:
            created = datetime.fromtimestamp(event.created, UTC)
        except (ValueError, OverflowError, OSError) as error:
            raise NotAnEvent(type(error).__name__) from error
        async with self._uow.begin() as transaction:
            object_id = event.data.object.get("id")
            object_id = object_id if isinstance(object_id, str) and VISIBLE.fullmatch(object_id) else None
            new = await keep_event(transaction, event.id, event.type, object_id=object_id, created=created)
            outcome = await self._apply(transaction, event, created) if new else "repeated"
            if new:
                await keep_outcome(transaction, event.id, outcome)
        counter.labels(outcome).inc()
        told = log.info if outcome in CHANGING else log.debug if outcome in QUIET else log.warning
        told("stripe event", event_id=event.id, type=event.type, object_id=object_id, outcome=outcome)
        return outcome

    async def _apply(self, transaction: Transaction, event: StripeEvent, created: datetime) -> str:
        if event.livemode != self._livemode:
            return "foreign-mode"
        apply = EFFECTS.get(event.type)
        if apply is None:
            return "not-needed"
        try:
            return await apply(transaction, event.data.object, created)
        except ValidationError:
            return "unreadable"
