"""The link that confirms an address: the id of a confirmation, signed. Nothing that is stored or logged lets anyone make one."""

import base64
import binascii
import hmac
from uuid import UUID

from darkroom_servicekit.signing_keys import parse_secrets

from darkroom_notifier.letters.unsubscribe import BrokenLink

PAGE_PATH = "/confirm"
TOKEN_CHARACTERS_MAX = 64
PURPOSE = b"darkroom confirm v1\n"
ID_BYTES = 16
SIGNATURE_BYTES = 16
"""A link is in an SMS, so the signature is cut; 128 bits cannot be guessed online."""


class ConfirmationLinks:
    """Signs and reads links. `secret` may be several (`new,old`): the first signs, all are read. `site`: the public address."""

    def __init__(self, *, secret: str, site: str) -> None:
        self._secrets = parse_secrets(secret)
        self._site = site.rstrip("/")

    def url(self, confirmation_id: UUID) -> str:
        """The page with the button that confirms."""
        return f"{self._site}{PAGE_PATH}?token={self.token(confirmation_id)}"

    def token(self, confirmation_id: UUID) -> str:
        """The id and its signature (HMAC-SHA256)."""
        identity = confirmation_id.bytes
        return base64.urlsafe_b64encode(identity + _signature(identity, self._secrets[0])).rstrip(b"=").decode()

    def read(self, token: str) -> UUID:
        """The id behind a token. Raises BrokenLink."""
        if len(token) > TOKEN_CHARACTERS_MAX:
            raise BrokenLink("not signed by us")
        try:
            data = base64.b64decode(token + "=" * (-len(token) % 4), altchars=b"-_", validate=True)
        except (binascii.Error, ValueError) as error:
            raise BrokenLink("not readable") from error
        identity, signature = data[:ID_BYTES], data[ID_BYTES:]
        expected = [_signature(identity, secret) for secret in self._secrets]
        if len(identity) != ID_BYTES or not any(hmac.compare_digest(one, signature) for one in expected):
            raise BrokenLink("not signed by us")
        return UUID(bytes=identity)


def _signature(identity: bytes, secret: str) -> bytes:
    return hmac.digest(secret.encode(), PURPOSE + identity, "sha256")[:SIGNATURE_BYTES]
