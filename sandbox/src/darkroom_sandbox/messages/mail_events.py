"""What becomes of an e-mail, as SendGrid's event webhook tells it: signed lists of events.

`bounce@…`, `blocked@…` and `dropped@…` always end that way; an address that bounced is dropped from then on. The signing key is
fixed and public: it proves nothing to anyone but a local platform.
"""

import base64
import hashlib
import json
import random
import secrets
import time
from collections.abc import Callable
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ec import ECDSA, SECP256R1, derive_private_key
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from darkroom_sandbox.messages.box import Mail
from darkroom_sandbox.messages.courier import Courier
from darkroom_sandbox.messages.options import EventRequest, SendGridOptions

_KEY = derive_private_key(int.from_bytes(hashlib.sha256(b"darkroom sandbox sendgrid").digest()), SECP256R1())
_MORE: dict[str, dict[str, object]] = {
    "bounce": {"type": "bounce", "status": "5.1.1", "reason": "550 5.1.1 The email account does not exist."},
    "group_unsubscribe": {"asm_group_id": 1},
    "delivered": {"response": "250 OK"},
}
_FATES: dict[str, str] = {"bounce": "bounce", "blocked": "blocked", "dropped": "dropped"}


def public_key() -> str:
    """The webhook's public key as SendGrid shows it: base64 of the SubjectPublicKeyInfo."""
    return base64.b64encode(_KEY.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)).decode()


def signed_headers(body: bytes) -> dict[str, str]:
    """The headers of a webhook: ECDSA with SHA-256 over timestamp and body."""
    timestamp = str(int(time.time()))
    signature = base64.b64encode(_KEY.sign(timestamp.encode() + body, ECDSA(SHA256()))).decode()
    return {
        "content-type": "application/json",
        "x-twilio-email-event-webhook-signature": signature,
        "x-twilio-email-event-webhook-timestamp": timestamp,
    }


class MailEvents:
    """Decides an e-mail's fate and reports it. `platform_url`: whose webhook is called unless the options name another."""

    def __init__(self, courier: Courier, options: Callable[[], SendGridOptions], platform_url: str) -> None:
        self._courier = courier
        self._options = options
        self._webhook = f"{platform_url.rstrip('/')}/webhooks/sendgrid" if platform_url else None
        self._bounced: set[tuple[str, str]] = set()

    def follow(self, mail: Mail) -> None:
        """Everything that happens to it, reported in one list for each address and step."""
        options = self._options()
        url = options.webhook.url or self._webhook
        for person in (*mail.to, *mail.cc, *mail.bcc):
            for events in self._story(mail, person["email"], options):
                mail.state = events[-1]["event"]
                if url:
                    self._courier.send(url, json.dumps(events).encode(), signed_headers, options.webhook)

    def report(self, wanted: EventRequest, mail: Mail | None) -> dict[str, Any]:
        """Report one event of a person at any time after sending. Without a mail it is about one that somebody else sent."""
        event = {
            "email": wanted.to,
            "timestamp": int(time.time()) - wanted.age_seconds,
            "event": wanted.event,
            "sg_event_id": secrets.token_urlsafe(24),
            "sg_message_id": f"{mail.id if mail else secrets.token_urlsafe(16)}.filter0001.16648.{secrets.token_hex(6)}-0",
            **(mail.custom_args if mail else {}),
            **_MORE.get(wanted.event, {}),
        }
        options = self._options()
        if url := options.webhook.url or self._webhook:
            self._courier.send(url, json.dumps([event]).encode(), signed_headers, options.webhook)
        return event

    def clear(self) -> None:
        """Forgets who bounced."""
        self._bounced.clear()

    def _story(self, mail: Mail, address: str, options: SendGridOptions) -> list[list[dict[str, Any]]]:
        def event(name: str, **more: object) -> dict[str, Any]:
            return {
                "email": address,
                "timestamp": int(time.time()),
                "event": name,
                "sg_event_id": secrets.token_urlsafe(24),
                "sg_message_id": f"{mail.id}.filter0001.16648.{secrets.token_hex(6)}-0",
                "smtp-id": f"<{mail.id}@ismtpd>",
                **mail.custom_args,
                **more,
            }

        if (mail.account, address.lower()) in self._bounced:
            return [[event("dropped", reason="Bounced Address", status="5.0.0")]]
        fate = _FATES.get(address.partition("@")[0].lower()) or _drawn(options)
        processed = [event("processed")]
        match fate:
            case "dropped":
                return [[event("dropped", reason="Invalid", status="5.0.0")]]
            case "bounce":
                self._bounced.add((mail.account, address.lower()))
                told = "550 5.1.1 The email account that you tried to reach does not exist."
                return [processed, [event("bounce", type="bounce", status="5.1.1", reason=told)]]
            case "blocked":
                return [processed, [event("bounce", type="blocked", status="5.7.1", reason="550 5.7.1 Blocked for now.")]]
            case "deferred":
                deferred = event("deferred", response="451 4.3.0 Try again later", attempt="1")
                return [processed, [deferred], [event("delivered", response="250 OK")]]
        return [processed, [event("delivered", response="250 OK")]]


def _drawn(options: SendGridOptions) -> str:
    draw = random.random()
    for fate, rate in (("bounce", options.bounce_rate), ("blocked", options.block_rate), ("deferred", options.defer_rate)):
        if draw < rate:
            return fate
        draw -= rate
    return "delivered"
