"""Stripe's signature on a webhook (external API facts, Stripe 3.4): pure. Checked against the raw body, by our own code.

`t=<seconds>,v1=<hex>…`: HMAC-SHA256 over `t.body`; the key is the whole secret, `whsec_` included. One of several secrets and one
of several signatures must fit, so that a secret can be replaced without losing an event.
"""

import hmac
from collections.abc import Sequence
from datetime import datetime

TOLERANCE_SECONDS = 300
HEADER_CHARACTERS_MAX = 4_096
SIGNATURES_MAX = 16


class BadSignature(Exception):
    """The webhook is not Stripe's, or not of now; `reason` is one of missing, malformed, forged, old."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


def check_signature(body: bytes, header: str | None, *, secrets: Sequence[str], now: datetime) -> None:
    """Return when `header` signs `body` with one of the secrets, no more than the tolerance from now; else BadSignature."""
    if not header:
        raise BadSignature("missing")
    if len(header) > HEADER_CHARACTERS_MAX:
        raise BadSignature("malformed")
    pairs = [pair.strip().partition("=") for pair in header.split(",")]
    times = [value for name, _, value in pairs if name == "t"]
    signatures = [value for name, _, value in pairs if name == "v1"][:SIGNATURES_MAX]
    if len(times) != 1 or not (times[0].isascii() and times[0].isdecimal()) or len(times[0]) > 12 or not signatures:
        raise BadSignature("malformed")
    signed = times[0].encode() + b"." + body
    expected = [hmac.digest(secret.encode(), signed, "sha256").hex().encode() for secret in secrets]
    # Every pair is compared, so that the time taken tells nothing.
    fits = [hmac.compare_digest(one, given.encode()) for one in expected for given in signatures]
    if not any(fits):
        raise BadSignature("forged")
    if abs(now.timestamp() - int(times[0])) > TOLERANCE_SECONDS:
        raise BadSignature("old")
