"""Twilio's callbacks: the signature, a status as a report, and STOP or START from a person. Pure.

Source: Twilio, "Webhooks security": base64(HMAC-SHA1(auth token, URL + each parameter's name and value, sorted by name)).
"""

import base64
import hmac
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from darkroom_notifier.webhooks.reports import Report, Status

SIGNATURE_HEADER = "X-Twilio-Signature"
OPTED_OUT = "21610"

STOP_WORDS = frozenset({"STOP", "STOPALL", "UNSUBSCRIBE", "CANCEL", "END", "QUIT", "REVOKE", "OPTOUT"})
START_WORDS = frozenset({"START", "YES", "UNSTOP"})

_STATUSES: dict[str, Status] = {
    "sent": "sent",
    "delivered": "delivered",
    "undelivered": "undelivered",
    "failed": "undelivered",
}


@dataclass(frozen=True)
class OptChange:
    """A person's wish for all SMS from our number."""

    number: str
    stopped: bool


def has_signed(auth_token: str, url: str, form: Sequence[tuple[str, str]], signature: str) -> bool:
    """Whether Twilio sent this form to `url`, which is the whole address as Twilio was given it."""
    signed = url + "".join(name + value for name, value in sorted(set(form)))
    expected = base64.b64encode(hmac.digest(auth_token.encode(), signed.encode(), "sha1"))
    return hmac.compare_digest(expected, signature.encode())


def read_form(form: Mapping[str, str], message: str | None, now: datetime) -> Report | None:
    """The report in a form; None for a status that says nothing yet. It carries no time of its own that could be relied on."""
    sid, told = form.get("MessageSid") or form.get("SmsSid") or "", form.get("MessageStatus") or form.get("SmsStatus") or ""
    status = _STATUSES.get(told)
    if not sid or status is None:
        return None
    error = form.get("ErrorCode")
    if error == OPTED_OUT:
        status = "unsubscribed"
    return Report(
        event_id=f"{sid}:{told}",
        status=status,
        happened_at=now,
        message_id=_uuid(message),
        provider_ids=(sid,),
        address=form.get("To", ""),
        detail=f"error {error}" if error else None,
    )


def read_opt_change(form: Mapping[str, str]) -> OptChange | None:
    """What a person wrote to our number: STOP or START, by Twilio's own verdict or by its default words; else None."""
    number = form.get("From", "")
    if not number or form.get("SmsStatus") != "received":
        return None
    word = (form.get("OptOutType") or form.get("Body", "")).strip().upper()
    if word in STOP_WORDS:
        return OptChange(number, stopped=True)
    return OptChange(number, stopped=False) if word in START_WORDS else None


def _uuid(text: str | None) -> UUID | None:
    try:
        return UUID(text or "")
    except ValueError:
        return None
