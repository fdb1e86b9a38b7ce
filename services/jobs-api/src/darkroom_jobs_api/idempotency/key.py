"""The `Idempotency-Key` header and what makes two requests the same. Pure.

Source: draft-ietf-httpapi-idempotency-key-header (a Structured Fields string); a bare token is taken as well.
"""

import hashlib
import re
from dataclasses import dataclass

from darkroom_servicekit.http import Body
from darkroom_servicekit.problems import FieldError

KEY_CHARACTERS_MAX = 255
QUOTED = re.compile(r'"((?:[\x20-\x21\x23-\x5b\x5d-\x7e]|\\["\\])*)"')
TOKEN = re.compile(r"[A-Za-z0-9!#$%&'*+\-.^_`|~:/=]+")
ESCAPED = re.compile(r"\\(.)")


@dataclass(frozen=True)
class Scope:
    """Where a key counts: the same key of another tenant, person or route is another key."""

    instance_id: str
    subject: str
    route: str
    key: str


def parse_key(header: str | None) -> str | FieldError | None:
    """The key in a header; None when there is none; the broken rule when it is not one."""
    if header is None:
        return None
    text = header.strip()
    if match := QUOTED.fullmatch(text):
        key = ESCAPED.sub(r"\1", match[1])
    elif TOKEN.fullmatch(text):
        key = text
    else:
        return FieldError(field="Idempotency-Key", rule="must be a token or a string in double quotes")
    if not 1 <= len(key) <= KEY_CHARACTERS_MAX:
        return FieldError(field="Idempotency-Key", rule=f"must have 1 to {KEY_CHARACTERS_MAX} characters")
    return key


def fingerprint(body: Body, *, retry_of: int | None = None) -> str:
    """A digest of what was asked for, the same however the JSON was written; `retry_of`: the job that is tried again."""
    prefix = "" if retry_of is None else f"{retry_of}:"
    return hashlib.sha256((prefix + body.model_dump_json(by_alias=True)).encode()).hexdigest()
