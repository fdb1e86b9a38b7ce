"""Tokens signed by hand, as the vendors' documentation describes them."""

import base64
import hmac
import json
from typing import Any


def instance_token(claims: dict[str, Any], key: str) -> str:
    """A Wix instance token: `signature.payload`, HMAC-SHA256 over the encoded payload."""
    payload = base64.urlsafe_b64encode(json.dumps(claims).encode()).rstrip(b"=").decode()
    signature = base64.urlsafe_b64encode(hmac.new(key.encode(), payload.encode(), "sha256").digest()).rstrip(b"=").decode()
    return f"{signature}.{payload}"
