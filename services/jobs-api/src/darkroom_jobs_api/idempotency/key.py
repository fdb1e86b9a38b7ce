"""Where an idempotency key counts, and what makes two requests the same. Pure."""

import hashlib
from dataclasses import dataclass

from darkroom_servicekit.http import Body


@dataclass(frozen=True)
class Scope:
    """Where a key counts: the same key of another tenant, person or route is another key."""

    instance_id: str
    subject: str
    route: str
    key: str


def fingerprint(body: Body, *, retry_of: int | None = None) -> str:
    """A digest of what was asked for, the same however the JSON was written; `retry_of`: the job that is tried again."""
    prefix = "" if retry_of is None else f"{retry_of}:"
    return hashlib.sha256((prefix + body.model_dump_json(by_alias=True)).encode()).hexdigest()
