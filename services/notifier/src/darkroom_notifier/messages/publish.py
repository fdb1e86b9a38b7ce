"""The events that tell how a message ended."""

from typing import Any

from darkroom_contracts.envelope import Envelope
from darkroom_contracts.notifications import NotificationFailed, NotificationSent
from darkroom_servicekit.database import Transaction

from darkroom_notifier.messages.store import Message


def publish_sent(transaction: Transaction, message: Message, vendor: str, provider_id: str | None) -> None:
    """Publish that a vendor has a message."""
    event = NotificationSent(**_about(message, vendor), provider_message_id=provider_id)
    transaction.publish(event, cause=_cause(message))


def publish_undelivered(transaction: Transaction, message: Message, vendor: str, status: str) -> None:
    """Publish that a message was sent and did not arrive."""
    event = NotificationFailed(**_about(message, vendor), code=status, message=f"{vendor} could not deliver it")
    transaction.publish(event, cause=_cause(message))


def publish_failed(transaction: Transaction, message: Message, vendor: str, *, code: str, error: str) -> None:
    """Publish that a message will not be sent, unless an operator has it sent again."""
    event = NotificationFailed(**_about(message, vendor), code=code, message=error)
    transaction.publish(event, cause=_cause(message))


def _about(message: Message, vendor: str) -> dict[str, Any]:
    return {
        "instance_id": message.instance_id,
        "message_id": str(message.id),
        "notification_id": str(message.notification_id),
        "kind": message.kind,
        "channel": message.channel,
        "subject_id": message.recipient,
        "vendor": vendor,
        "attempts": message.attempts,
        "job_id": message.job_id,
    }


def _cause(message: Message) -> Envelope:
    """The event that the message tells of; only its id is known here."""
    story = None if message.job_id is None else str(message.job_id)
    return Envelope(id=str(message.event_id), type="", source="", subject="", time="", dataschema="", correlation_id=story)
