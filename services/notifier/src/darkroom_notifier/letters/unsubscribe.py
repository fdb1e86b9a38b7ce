"""The link that ends a shop's e-mails to an address: signed, without an expiry, good for nothing else."""

import base64
import binascii
import hmac
import json
from dataclasses import dataclass

from darkroom_notifier.messages.store import Message

PATH = "/api/notifications/unsubscribe"
TOKEN_CHARACTERS_MAX = 1024
PURPOSE = b"darkroom unsubscribe v1\n"


class BrokenLink(ValueError):
    """A token that we did not sign."""


@dataclass(frozen=True)
class Unsubscription:
    """No more e-mails of this tenant to this address; `locale` is for the answer."""

    instance_id: str
    address: str
    locale: str


class UnsubscribeLinks:
    """Signs and reads links. `site` is the public address."""

    def __init__(self, *, secret: str, site: str) -> None:
        self._secret = secret.encode()
        self._site = site.rstrip("/")

    def url(self, message: Message) -> str:
        """The link for an e-mail."""
        return f"{self._site}{PATH}?token={self.token(Unsubscription(message.instance_id, message.address, message.locale))}"

    def token(self, wish: Unsubscription) -> str:
        """The wish, signed (HMAC-SHA256)."""
        payload = _encode(json.dumps([wish.instance_id, wish.address, wish.locale]).encode())
        return f"{payload}.{self._signature(payload)}"

    def read(self, token: str) -> Unsubscription:
        """The wish behind a token. Raises BrokenLink."""
        payload, _, signature = token.partition(".")
        if len(token) > TOKEN_CHARACTERS_MAX or not hmac.compare_digest(self._signature(payload).encode(), signature.encode()):
            raise BrokenLink("not signed by us")
        try:
            return Unsubscription(*json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4))))
        except (binascii.Error, ValueError, TypeError) as error:
            raise BrokenLink("not readable") from error

    def _signature(self, payload: str) -> str:
        return _encode(hmac.digest(self._secret, PURPOSE + payload.encode(), "sha256"))


def _encode(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()
