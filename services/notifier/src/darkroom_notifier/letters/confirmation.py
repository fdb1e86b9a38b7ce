"""The link that confirms an address: the id of a confirmation, signed. Nothing that is stored or logged lets anyone make one."""

import base64
import binascii
import hmac
from uuid import UUID

from darkroom_notifier.letters.unsubscribe import BrokenLink

PAGE_PATH = "/confirm"
TOKEN_CHARACTERS_MAX = 64
PURPOSE = b"darkroom confirm v1\n"
ID_BYTES = 16
SIGNATURE_BYTES = 16
"""A link is in an SMS, so the signature is cut; 128 bits cannot be guessed online."""


class ConfirmationLinks:
    """Signs and reads links. `site` is the public address."""

    def __init__(self, *, secret: str, site: str) -> None:
        self._secret = secret.encode()
        self._site = site.rstrip("/")

    def url(self, confirmation_id: UUID) -> str:
        """The page with the button that confirms."""
        return f"{self._site}{PAGE_PATH}?token={self.token(confirmation_id)}"

    def token(self, confirmation_id: UUID) -> str:
        """The id and its signature (HMAC-SHA256)."""
        return base64.urlsafe_b64encode(confirmation_id.bytes + self._signature(confirmation_id.bytes)).rstrip(b"=").decode()

    def read(self, token: str) -> UUID:
        """The id behind a token. Raises BrokenLink."""
        if len(token) > TOKEN_CHARACTERS_MAX:
            raise BrokenLink("not signed by us")
        try:
            data = base64.b64decode(token + "=" * (-len(token) % 4), altchars=b"-_", validate=True)
        except (binascii.Error, ValueError) as error:
            raise BrokenLink("not readable") from error
        identity, signature = data[:ID_BYTES], data[ID_BYTES:]
        if len(identity) != ID_BYTES or not hmac.compare_digest(self._signature(identity), signature):
            raise BrokenLink("not signed by us")
        return UUID(bytes=identity)

    def _signature(self, identity: bytes) -> bytes:
        return hmac.digest(self._secret, PURPOSE + identity, "sha256")[:SIGNATURE_BYTES]
