"""Dead letters as plain values, and how a message's own story is read from its dead letter. Pure.

Two kinds: an item that ran out of attempts, and a message that a service could not handle.
"""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal
from uuid import NAMESPACE_URL, UUID, uuid5

from darkroom_contracts.topics import PLATFORM_KEY

Kind = Literal["item", "message"]
State = Literal["open", "redriving", "redriven", "dropped"]
STATES: tuple[State, ...] = ("open", "redriving", "redriven", "dropped")

OWN_HEADER = "dl-header-"
SUBJECT = re.compile(r"jobs/([0-9]{1,18})(?:/items/([0-9]{1,18}))?")
NUMBER = re.compile(r"[0-9]{1,9}")
NUL = "\x00"
INSTANCE_ID = re.compile(r"[^\s_{\[\"][^\u2400\ufffd]{0,99}")
"""What a Kafka key must be to be taken for a tenant: no JSON, and no sign that stands for bytes that are no text."""


@dataclass(frozen=True, kw_only=True)
class Letter:
    """A dead letter as it is listed."""

    id: UUID
    kind: Kind
    service: str
    instance_id: str
    job_id: int | None
    item_id: int | None
    code: str
    message: str
    attempts: int
    created_at: datetime
    state: State
    redrive_id: UUID | None
    dropped_by: str | None
    drop_reason: str | None


@dataclass(frozen=True, kw_only=True)
class WholeLetter(Letter):
    """A dead letter with all that is known of it: an item's attempts, or a message's headers and bytes.

    A message that `kept_by_service` stands whole in the table of its service; here are its first bytes and headers as text.
    """

    history: Sequence[Mapping[str, Any]] | None
    topic: str | None
    headers: Sequence[tuple[str, str]] | None
    data: bytes | None
    data_bytes: int | None
    data_sha256: str | None


@dataclass(frozen=True, kw_only=True)
class LetterFilter:
    """Which dead letters are meant; what is None does not matter."""

    instance_id: str | None = None
    service: str | None = None
    code: str | None = None
    before: datetime | None = None


@dataclass(frozen=True, kw_only=True)
class DeadMessage:
    """A message as it came to a dead-letter topic. `topic` is where it belongs, without the platform's prefix.

    One that `kept_by_service` is redriven by its service from its own table; older ones are sent to their topic again.
    """

    id: UUID
    service: str
    instance_id: str
    job_id: int | None
    item_id: int | None
    code: str
    message: str
    attempts: int
    topic: str
    headers: Sequence[tuple[str, str]]
    data: bytes
    data_bytes: int
    data_sha256: str | None
    kept_by_service: bool
    happened_at: datetime


def read_dead_message(
    headers: Mapping[str, str], data: bytes, *, service: str, key: str, place: str, prefix: str, now: datetime
) -> DeadMessage | None:
    """A message from its dead letter's headers; None when it is no dead letter of the kit (such as `ItemGivenUp`).

    `place` (topic, partition, offset of the letter) names it where its own id does not. `key` is the message's key; where
    it is no tenant's id, the data may name the tenant, else it is the platform's.
    """
    topic = headers.get("dl-topic")
    if topic is None:
        return None
    own = [(name.removeprefix(OWN_HEADER), value) for name, value in headers.items() if name.startswith(OWN_HEADER)]
    story = dict(own)
    subject = SUBJECT.match(story.get("ce_subject", ""))
    kept = _uuid(headers.get("dl-id"))
    return DeadMessage(
        id=kept or _uuid(headers.get("ce_id")) or uuid5(NAMESPACE_URL, place),
        service=service,
        instance_id=_instance_id(key) or _instance_id(_told_in(data)) or PLATFORM_KEY,
        job_id=int(subject[1]) if subject else None,
        item_id=int(subject[2]) if subject and subject[2] else None,
        code=headers.get("dl-reason", "unknown").replace(NUL, ""),
        message=headers.get("dl-detail", "").replace(NUL, ""),
        attempts=_number(headers.get("dl-attempts")) or 1,
        topic=topic.removeprefix(prefix).replace(NUL, ""),
        headers=[(name.replace(NUL, ""), value.replace(NUL, "")) for name, value in own],
        data=data,
        data_bytes=_number(headers.get("dl-value-bytes")) or len(data),
        data_sha256=headers.get("dl-value-sha256"),
        kept_by_service=kept is not None,
        happened_at=min(_time(story.get("ce_time")) or now, _time(headers.get("ce_time")) or now),
    )


def _instance_id(said: object) -> str | None:
    return said if isinstance(said, str) and said.isprintable() and INSTANCE_ID.fullmatch(said) else None


def _told_in(data: bytes) -> object:
    """The `instanceId` of a message's data, whatever it is; None for data that is no JSON object."""
    try:
        found = json.loads(data)
    except (ValueError, RecursionError):
        return None
    return found.get("instanceId") if isinstance(found, dict) else None


def _uuid(text: str | None) -> UUID | None:
    try:
        return UUID(text or "")
    except ValueError:
        return None


def _number(text: str | None) -> int | None:
    return int(text) if text and NUMBER.fullmatch(text) else None


def _time(text: str | None) -> datetime | None:
    try:
        found = datetime.fromisoformat(text or "")
    except ValueError:
        return None
    return found if found.tzinfo else None
