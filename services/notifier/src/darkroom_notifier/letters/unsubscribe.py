"""The link that ends a shop's e-mails to an address: signed, without an expiry, good for nothing else."""

import base64
import binascii
import hmac
import json
from dataclasses import dataclass

from darkroom_servicekit.signing_keys import parse_secrets

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
    """Signs and reads links. `secret` may be several (`new,old`): the first signs, all are read. `site`: the public address."""

    def __init__(self, *, secret: str, site: str) -> None:
        self._secrets = parse_secrets(secret)
        self._site = site.rstrip("/")

    def url(self, message: Message) -> str:
        """The link for an e-mail."""
        return f"{self._site}{PATH}?token={self.token(Unsubscription(message.instance_id, message.address, message.locale))}"

    def token(self, wish: Unsubscription) -> str:
        """The wish, signed (HMAC-SHA256)."""
        payload = _encode(json.dumps([wish.instance_id, wish.address, wish.locale]).encode())
        return f"{payload}.{_signature(payload, self._secrets[0])}"

    def read(self, token: str) -> Unsubscription:
        """The wish behind a token. Raises BrokenLink."""
        payload, _, signature = token.partition(".")
        if len(token) > TOKEN_CHARACTERS_MAX or not self._is_ours(payload, signature):
            raise BrokenLink("not signed by us")
        try:
            return Unsubscription(*json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4))))
        except (binascii.Error, ValueError, TypeError) as error:
            raise BrokenLink("not readable") from error

    def _is_ours(self, payload: str, signature: str) -> bool:
        expected = [_signature(payload, secret).encode() for secret in self._secrets]
        return any(hmac.compare_digest(one, signature.encode()) for one in expected)


def _signature(payload: str, secret: str) -> str:
    return _encode(hmac.digest(secret.encode(), PURPOSE + payload.encode(), "sha256"))


def _encode(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()
