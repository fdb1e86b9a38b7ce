"""Secrets that sign: one setting holds several, so that a new one replaces an old one without refusing anybody. Pure.

The first secret signs, every secret verifies. All settings of secrets have this shape: `new,old`.
"""

import hmac

SECRETS_MAX = 10
SECRET_CHARACTERS_MIN = 16
"""For each of several secrets: a short part says that a comma was meant to belong to a single secret."""


def parse_secrets(listed: str | None) -> tuple[str, ...]:
    """`new,old` → its secrets in order, without blanks. Raises ValueError for too many, or for one of several that is short."""
    secrets = tuple(one.strip() for one in (listed or "").split(",") if one.strip())
    if len(secrets) > SECRETS_MAX:
        raise ValueError(f"may hold at most {SECRETS_MAX} secrets")
    if len(secrets) > 1 and any(len(one) < SECRET_CHARACTERS_MIN for one in secrets):
        raise ValueError(f"each of several secrets needs {SECRET_CHARACTERS_MIN} characters or more; none may hold a comma")
    return secrets


def signed_by_any(secrets: tuple[str, ...], data: bytes, signature: bytes) -> bool:
    """Whether one of the secrets made this HMAC-SHA256 of the data."""
    return any(hmac.compare_digest(hmac.digest(secret.encode(), data, "sha256"), signature) for secret in secrets)
