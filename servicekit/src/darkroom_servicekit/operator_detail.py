"""Makes what outside systems said fit for logs, rows and events that operators read: no secrets, one line, bounded."""

import re

DETAIL_CHARACTERS_MAX = 500
HIDDEN = "…"
CALLBACK_TOKEN = re.compile(r"(token(?:=|%3D))[A-Za-z0-9_~.%-]+", re.IGNORECASE)
"""In an echoed webhook address. Whoever knows the token can end the attempt."""
BEARER_TOKEN = re.compile(r"\b(Bearer\s+|r8_)[A-Za-z0-9_.~+/=-]+", re.IGNORECASE)
SIGNED_ADDRESS = re.compile(
    r"([?&](?:x-amz-[a-z-]+|x-goog-[a-z-]+|signature|sig|policy|key-pair-id|access_token|awsaccesskeyid)(?:=|%3D))[^&\s\"'<>]+",
    re.IGNORECASE,
)
"""The parts of an address that open it to whoever has it."""
CONTROL = re.compile(r"[\x00-\x1f\x7f]+")


def operator_detail(said: str) -> str:
    """Return `said` without callback tokens, API tokens and signatures of addresses, on one line, with at most 500 characters."""
    text = CONTROL.sub(" ", said[: 4 * DETAIL_CHARACTERS_MAX])
    for secret in (CALLBACK_TOKEN, BEARER_TOKEN, SIGNED_ADDRESS):
        text = secret.sub(rf"\g<1>{HIDDEN}", text)
    return text[:DETAIL_CHARACTERS_MAX]
