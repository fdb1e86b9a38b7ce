"""How Replicate signs webhooks (Standard Webhooks 1.0: HMAC-SHA256 over `id.timestamp.body`)."""

import base64
import hashlib
import hmac
from functools import lru_cache

ACCOUNTS_CACHED = 256


@lru_cache(maxsize=ACCOUNTS_CACHED)
def _key(account: str) -> bytes:
    """24 bytes made from the account's name alone, so that the secret outlives a restart of the sandbox."""
    return hashlib.sha256(f"darkroom sandbox webhook secret of {account}".encode()).digest()[:24]


def secret_of(account: str) -> str:
    """The account's one signing secret, as `GET /v1/webhooks/default/secret` gives it."""
    return "whsec_" + base64.b64encode(_key(account)).decode()


def signed_headers(account: str, *, webhook_id: str, at: float, body: bytes) -> dict[str, str]:
    """Headers of one attempt: the id stays the same over retries, the timestamp is the attempt's."""
    seconds = str(int(at))
    digest = hmac.digest(_key(account), f"{webhook_id}.{seconds}.".encode() + body, "sha256")
    return {
        "content-type": "application/json",
        "user-agent": "darkroom-sandbox",
        "webhook-id": webhook_id,
        "webhook-timestamp": seconds,
        "webhook-signature": "v1," + base64.b64encode(digest).decode(),
    }
