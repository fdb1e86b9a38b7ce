"""E-mail by SendGrid's v3 API. It has no idempotency key: our id travels as a custom argument and comes back in its reports.

Source: SendGrid, "Mail Send" and "Errors" of the v3 API.
"""

from email.utils import parseaddr
from typing import Any

import httpx

from darkroom_notifier.channels.addresses import needs_utf8, wire_address
from darkroom_notifier.channels.door import Confirm, Outgoing, SendFailed, confirm_nothing
from darkroom_notifier.channels.http_vendor import CONNECTIONS_MAX, post, refused, vendor_client

MESSAGE_ARGUMENT = "darkroom_message_id"
BASE_URL = "https://api.sendgrid.com"


class SendGrid:
    """A SendGrid account."""

    vendor = "sendgrid"
    account = "sendgrid"
    at_once_max = CONNECTIONS_MAX

    def __init__(self, *, api_key: str, base_url: str | None, sender: str) -> None:
        self._client = vendor_client((base_url or BASE_URL).rstrip("/"), headers={"Authorization": f"Bearer {api_key}"})
        name, address = parseaddr(sender)
        self._from = {"email": address} | ({"name": name} if name else {})

    async def send(self, message: Outgoing, *, confirm: Confirm = confirm_nothing) -> str | None:
        """The `X-Message-Id`."""
        to = wire_address(message.to)
        if not to.isascii():
            raise needs_utf8(self.vendor)
        answer = await post(self._client, self.vendor, "/v3/mail/send", confirm=confirm, json=self._body(message, to))
        if answer.status_code == httpx.codes.ACCEPTED:
            found: str | None = answer.headers.get("x-message-id")
            return found
        raise _refusal(answer)

    async def close(self) -> None:
        await self._client.aclose()

    def _body(self, message: Outgoing, to: str) -> dict[str, Any]:
        content = [{"type": "text/plain", "value": message.text}]
        if message.html:
            content.append({"type": "text/html", "value": message.html})
        body: dict[str, Any] = {
            "personalizations": [{"to": [{"email": to}], "custom_args": {MESSAGE_ARGUMENT: message.message_id}}],
            "from": self._from,
            "subject": message.subject,
            "content": content,
            # Readers are not followed: no rewritten links, no invisible picture.
            "tracking_settings": {
                "click_tracking": {"enable": False, "enable_text": False},
                "open_tracking": {"enable": False},
            },
        }
        if message.unsubscribe_url:
            body["headers"] = unsubscribe_headers(message.unsubscribe_url)
        return body


def unsubscribe_headers(url: str) -> dict[str, str]:
    """One click in the mail program (RFC 8058)."""
    return {"List-Unsubscribe": f"<{url}>", "List-Unsubscribe-Post": "List-Unsubscribe=One-Click"}


def _refusal(answer: httpx.Response) -> SendFailed:
    try:
        errors = answer.json()["errors"]
        told = "; ".join(f"{error.get('field') or 'request'}: {error['message']}" for error in errors)
        fields = {str(error.get("field") or "") for error in errors}
    except (ValueError, KeyError, TypeError, AttributeError):
        told, fields = f"status {answer.status_code}", set()
    bad_address = any(field.startswith("personalizations") and field.endswith("email") for field in fields)
    return refused("sendgrid", "bad-address" if bad_address else "vendor-refused", told)
