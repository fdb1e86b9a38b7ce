"""SMS by Twilio's Messages API. It has no idempotency key: our id stands in the address that it reports to.

Source: Twilio, "Messages resource"; error codes from its error dictionary.
"""

from urllib.parse import quote

import httpx

from darkroom_notifier.channels.door import Confirm, Outgoing, SendFailed, confirm_nothing
from darkroom_notifier.channels.http_vendor import CONNECTIONS_MAX, post, refused, vendor_client

BASE_URL = "https://api.twilio.com"
OPTED_OUT = 21610
TOO_MANY = 20429
BAD_NUMBERS = frozenset({21211, 21214, 21217, 21265, 21614})


class Twilio:
    """A Twilio account. `report_url`: where it tells of deliveries; None: nowhere."""

    vendor = "twilio"
    at_once_max = CONNECTIONS_MAX

    def __init__(self, *, account_sid: str, auth_token: str, base_url: str | None, sender: str, report_url: str | None) -> None:
        self._client = vendor_client((base_url or BASE_URL).rstrip("/"), auth=(account_sid, auth_token))
        self._path = f"/2010-04-01/Accounts/{quote(account_sid, safe='')}/Messages.json"
        self.account = f"twilio {account_sid}"
        self._sender = sender
        self._report_url = report_url

    async def send(self, message: Outgoing, *, confirm: Confirm = confirm_nothing) -> str | None:
        """The message's `sid`."""
        form = {"To": message.to, "From": self._sender, "Body": message.text}
        if self._report_url:
            form["StatusCallback"] = f"{self._report_url}?message={message.message_id}"
        answer = await post(self._client, self.vendor, self._path, confirm=confirm, data=form)
        body = _object(answer)
        if answer.status_code == httpx.codes.CREATED:
            sid = body.get("sid")
            return sid if isinstance(sid, str) else None
        raise _refusal(answer.status_code, body)

    async def close(self) -> None:
        await self._client.aclose()


def _refusal(status: int, body: dict[str, object]) -> SendFailed:
    code, told = body.get("code"), body.get("message") or f"status {status}"
    if code == TOO_MANY:
        return SendFailed("vendor-busy", "twilio asks for patience", again="soon", blames="account")
    if code == OPTED_OUT:
        return SendFailed("unsubscribed", "the person has told twilio to stop", again="never", suppress="unsubscribed")
    if code in BAD_NUMBERS:
        return refused("twilio", "bad-address", f"error {code}")  # its words repeat the number
    return refused("twilio", "vendor-refused", f"error {code}: {told}")


def _object(answer: httpx.Response) -> dict[str, object]:
    try:
        body = answer.json()
    except ValueError:
        return {}
    return body if isinstance(body, dict) else {}
