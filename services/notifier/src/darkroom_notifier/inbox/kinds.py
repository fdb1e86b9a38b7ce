"""Which events people are told of, and what is told. Pure.

A notification's id is made of its event's, so the same event gives the same notification however often it comes.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Literal, get_args
from uuid import NAMESPACE_URL, UUID, uuid5

from darkroom_contracts.credits import CreditsGranted, CreditsRejected
from darkroom_contracts.envelope import Envelope
from darkroom_contracts.event import Event, JobEvent
from darkroom_contracts.jobs import JobFinished
from darkroom_servicekit.stages import Received

Kind = Literal["job.done", "job.failed", "job.canceled", "credits.granted", "credits.rejected"]
KINDS: tuple[Kind, ...] = get_args(Kind)

NAMESPACE = uuid5(NAMESPACE_URL, "https://darkroom.example/notifications")
ANSWER_WAIT = timedelta(seconds=2)
"""How long a creation waits for the decision on its credits unless told otherwise; a later refusal found nobody waiting."""
REFUSED_FOR_CREDITS = "insufficient-credits"


@dataclass(frozen=True)
class Told:
    """What is told: its kind, its data, and whether it is worth a message to those who are not looking."""

    kind: Kind
    data: dict[str, Any]
    by_message: bool = True


@dataclass(frozen=True, kw_only=True)
class Notification:
    """One thing told to a tenant's people."""

    id: UUID
    event_id: UUID
    instance_id: str
    told: Told
    job_id: int | None


def notification_of(received: Received[Event]) -> Notification | None:
    """The notification of an event, if it has one."""
    tell = _TELLERS.get(type(received.event))
    told = tell(received.event, received.envelope) if tell else None
    if told is None:
        return None
    event, event_id = received.event, UUID(received.envelope.id)
    job_id = event.job_id if isinstance(event, JobEvent) else None
    return Notification(
        id=uuid5(NAMESPACE, str(event_id)), event_id=event_id, instance_id=event.instance_id, told=told, job_id=job_id
    )


def _of_job(event: JobFinished, _envelope: Envelope) -> Told | None:
    if event.told_again or event.error == REFUSED_FOR_CREDITS:
        return None  # a refusal is told of by CreditsRejected, with what is missing
    kinds: dict[str, Kind] = {"DONE": "job.done", "FAILED": "job.failed", "CANCELED": "job.canceled"}
    data: dict[str, Any] = {
        "productId": event.product_id,
        "productName": event.product_name,
        "totalImages": event.items_total,
        "completedImages": event.items_done,
        "failedImages": event.items_failed,
        "canceledImages": event.items_canceled,
    }
    return Told(kinds[event.status], data | ({"error": event.error} if event.error else {}))


def _of_granted(event: CreditsGranted, _envelope: Envelope) -> Told:
    return Told("credits.granted", {"amount": event.amount, "reason": event.reason, "available": event.balances.available})


def _of_rejected(event: CreditsRejected, envelope: Envelope) -> Told:
    data = {"needed": event.needed, "available": event.balances.available}
    return Told("credits.rejected", data, by_message=_decided_late(envelope))


def _decided_late(envelope: Envelope) -> bool:
    """Whether the decision came after the wait for it, so that the caller was answered `202` and not `402`.

    Event ids are UUIDv7 (RFC 9562): their first 48 bits are the time in milliseconds, also the cause's.
    """
    try:
        asked = datetime.fromtimestamp((UUID(envelope.causation_id or "").int >> 80) / 1000, UTC)
        return datetime.fromisoformat(envelope.time) - asked > ANSWER_WAIT
    except ValueError:  # it does not say: rather told twice than not at all
        return True


_TELLERS: dict[type[Event], Callable[[Any, Envelope], Told | None]] = {  # Any: each takes the type it stands under
    CreditsRejected: _of_rejected,
    CreditsGranted: _of_granted,
    JobFinished: _of_job,
}

NOTIFIED: tuple[type[Event], ...] = tuple(_TELLERS)
"""The events that have notifications, in the order in which one can be the cause of the next."""
