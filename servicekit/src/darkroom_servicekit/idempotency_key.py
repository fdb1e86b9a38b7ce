"""The `Idempotency-Key` header: one key however it is spelled, the same at every route that creates something.

Source: draft-ietf-httpapi-idempotency-key-header (a Structured Fields string); a bare token is taken as well.
"""

import re
from typing import Annotated

from fastapi import Depends, Header

from darkroom_servicekit.problems import FieldError, invalid_fields

KEY_CHARACTERS_MAX = 255
QUOTED = re.compile(r'"((?:[\x20-\x21\x23-\x5b\x5d-\x7e]|\\["\\])*)"')
TOKEN = re.compile(r"[A-Za-z0-9!#$%&'*+\-.^_`|~:/=]+")
ESCAPED = re.compile(r"\\(.)")
TO_ESCAPE = re.compile(r'(["\\])')


def parse_key(header: str | None) -> str | FieldError | None:
    """Return the key in a header; None when there is none; the broken rule when it is not a key."""
    if header is None:
        return None
    text = header.strip(" \t")
    if match := QUOTED.fullmatch(text):
        key = ESCAPED.sub(r"\1", match[1])
    elif TOKEN.fullmatch(text):
        key = text
    else:
        return FieldError(field="Idempotency-Key", rule="must be a token or a string in double quotes")
    if not 1 <= len(key) <= KEY_CHARACTERS_MAX:
        return FieldError(field="Idempotency-Key", rule=f"must have 1 to {KEY_CHARACTERS_MAX} characters")
    return key


def former_spellings(key: str) -> list[str]:
    """Return how older versions stored a key that they did not parse: bare, or in the quotes that it was sent with."""
    quoted = TO_ESCAPE.sub(r"\\\1", key)
    return [key, f'"{quoted}"']


def idempotency_key(
    idempotency_key: Annotated[str | None, Header(description="the same key answers the same")] = None,
) -> str | None:
    """Read the header, as a FastAPI dependency. Raises Problem (400) for a header that is not a key."""
    key = parse_key(idempotency_key)
    if isinstance(key, FieldError):
        raise invalid_fields([key])
    return key


IdempotencyKey = Annotated[str | None, Depends(idempotency_key)]
"""A route's parameter: the key, or None. It comes after the principal, so that nobody unknown learns what a key is."""
