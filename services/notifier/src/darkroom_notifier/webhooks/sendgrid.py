"""SendGrid's event webhook: its ECDSA signature, and its events as reports. Pure.

Source: SendGrid, "Event Webhook reference" and "security features". No tolerance for the timestamp is defined, and a report
that comes again changes nothing; so age is not checked.
"""

import base64
import binascii
import json
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ec import ECDSA, EllipticCurvePublicKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import load_der_public_key

from darkroom_notifier.channels.sendgrid import MESSAGE_ARGUMENT
from darkroom_notifier.webhooks.reports import Report, Status

SIGNATURE_HEADER = "X-Twilio-Email-Event-Webhook-Signature"
TIMESTAMP_HEADER = "X-Twilio-Email-Event-Webhook-Timestamp"
EVENTS_MAX = 10_000
DETAIL_CHARACTERS_MAX = 300
SENDER_STATUSES = ("5.7.", "5.1.7", "5.1.8")
"""Enhanced status codes that refuse our sender or server, and say nothing of the mailbox."""

_STATUSES: dict[str, Status] = {
    "processed": "processed",
    "deferred": "deferred",
    "delivered": "delivered",
    "dropped": "dropped",
    "unsubscribe": "unsubscribed",
    "group_unsubscribe": "unsubscribed",
    "spamreport": "complained",
}
_DROPPED_FOR: dict[str, Status] = {
    "Bounced Address": "bounced",
    "Unsubscribed Address": "unsubscribed",
    "Spam Reporting Address": "complained",
}


class BrokenReport(ValueError):
    """A signed body that is no list of events."""


class SendGridKey:
    """The public key of one webhook, as SendGrid shows it: base64 of a SubjectPublicKeyInfo."""

    def __init__(self, text: str) -> None:
        key = load_der_public_key(base64.b64decode(text))
        if not isinstance(key, EllipticCurvePublicKey):
            raise ValueError("SendGrid's webhook key must be an elliptic-curve key")
        self._key = key

    def has_signed(self, body: bytes, *, timestamp: str, signature: str) -> bool:
        """Whether SendGrid sent this body."""
        try:
            self._key.verify(base64.b64decode(signature, validate=True), timestamp.encode() + body, ECDSA(SHA256()))
        except (InvalidSignature, binascii.Error, ValueError):
            return False
        return True


def read_events(body: bytes) -> list[Report]:
    """The reports in a body; events that say nothing of delivery (opens, clicks) are passed over. Raises BrokenReport."""
    try:
        events = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise BrokenReport("not JSON") from error
    if not isinstance(events, list) or len(events) > EVENTS_MAX:
        raise BrokenReport("not a list of events")
    return [report for event in events if isinstance(event, dict) and (report := _report(event))]


def _report(event: dict[str, Any]) -> Report | None:
    status = _status(event)
    event_id, at = event.get("sg_event_id"), event.get("timestamp")
    if status is None or not isinstance(event_id, str) or not isinstance(at, int) or not 0 <= at < 2**33:
        return None
    provider_id = str(event.get("sg_message_id") or "")
    # The X-Message-Id, then what the servers on the way have appended.
    candidates = {provider_id.partition(".filter")[0], provider_id.partition(".recvd")[0]} - {""}
    detail = event.get("reason") or event.get("response")
    return Report(
        event_id=event_id,
        status=status,
        happened_at=datetime.fromtimestamp(at, UTC),
        message_id=_uuid(event.get(MESSAGE_ARGUMENT)),
        provider_ids=tuple(sorted(candidates)),
        address=str(event.get("email") or ""),
        detail=str(detail)[:DETAIL_CHARACTERS_MAX] if detail else None,
    )


def _status(event: dict[str, Any]) -> Status | None:
    match event.get("event"):
        case "bounce":
            speaks_of_us = str(event.get("status") or "").startswith(SENDER_STATUSES)
            return "blocked" if event.get("type") == "blocked" or speaks_of_us else "bounced"
        case "dropped":
            return _DROPPED_FOR.get(str(event.get("reason")), "dropped")
        case str(name):
            return _STATUSES.get(name)
    return None


def _uuid(text: object) -> UUID | None:
    try:
        return UUID(str(text))
    except ValueError:
        return None
