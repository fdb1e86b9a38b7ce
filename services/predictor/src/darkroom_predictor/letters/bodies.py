"""The JSON shapes of the operators' doors to dead letters."""

import base64
from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from darkroom_contracts.envelope import utc_text
from darkroom_servicekit.http import Body, StrictBody
from darkroom_servicekit.instants import Instant
from pydantic import Field, PlainSerializer

from darkroom_predictor.letters.letter import Kind, Letter, LetterFilter, State, WholeLetter
from darkroom_predictor.letters.store_redrives import Redrive

REASON_MAX = 500
IDS_MAX = 1000
PER_MINUTE_MAX = 100_000
NAME_MAX = 200

UtcTime = Annotated[datetime, PlainSerializer(utc_text, return_type=str)]


def _absent(value: object) -> bool:
    return value is None


class LetterBody(Body):
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
    created_at: UtcTime
    state: State
    redrive_id: UUID | None
    dropped_by: str | None = Field(default=None, exclude_if=_absent)
    drop_reason: str | None = Field(default=None, exclude_if=_absent)


class WholeLetterBody(LetterBody):
    """A dead letter with its history (an item) or its topic, headers and data (a message)."""

    history: list[dict[str, Any]] | None = Field(default=None, exclude_if=_absent)
    topic: str | None = Field(default=None, exclude_if=_absent)
    headers: dict[str, str] | None = Field(default=None, exclude_if=_absent)
    data: str | None = Field(default=None, exclude_if=_absent, description="text, where the bytes are UTF-8")
    data_base64: str | None = Field(default=None, exclude_if=_absent, description="the bytes, where they are not")
    data_bytes: int | None = Field(
        default=None, exclude_if=_absent, description="of the whole message; `data` may be its beginning"
    )
    data_sha256: str | None = Field(default=None, exclude_if=_absent, description="of the whole message")


class LettersBody(Body):
    """A page of dead letters, newest first."""

    dead_letters: list[LetterBody]
    next_cursor: str | None


class FilterBody(StrictBody):
    """Which open letters; what is left out does not matter."""

    instance_id: str | None = Field(default=None, max_length=NAME_MAX)
    service: str | None = Field(default=None, max_length=NAME_MAX)
    code: str | None = Field(default=None, max_length=NAME_MAX)
    before: Instant | None = None


class RedriveRequest(StrictBody):
    """What to redrive: these letters, those that a filter lets pass, or (an empty filter) all that are open."""

    ids: list[UUID] | None = Field(default=None, min_length=1, max_length=IDS_MAX)
    filter: FilterBody | None = None
    per_minute: int | None = Field(default=None, ge=1, le=PER_MINUTE_MAX, description="letters in any 60 seconds at most")
    dry_run: bool = Field(default=False, description="only count")


class RedriveStarted(Body):
    """What a redrive takes. `leftOut`: messages that may not go any more; see them with `dlq show`."""

    redrive_id: UUID | None
    matched: int
    left_out: int


class RedriveBody(Body):
    """A redrive as it stands."""

    id: UUID
    requested_by: str
    requested_at: UtcTime
    per_minute: int | None
    matched: int
    redriven: int
    state: str
    ended_at: UtcTime | None


class RedrivesBody(Body):
    """Redrives, newest first."""

    redrives: list[RedriveBody]


class DropRequest(StrictBody):
    """Why nothing will be done about a letter."""

    reason: str = Field(min_length=1, max_length=REASON_MAX)


def letter_body(letter: Letter) -> LetterBody:
    """A letter as it is listed."""
    return LetterBody(**{name: getattr(letter, name) for name in Letter.__dataclass_fields__})


def whole_letter_body(letter: WholeLetter) -> WholeLetterBody:
    """A letter with all that is known of it."""
    listed = {name: getattr(letter, name) for name in Letter.__dataclass_fields__}
    history = None if letter.history is None else [dict(attempt) for attempt in letter.history]
    headers = None if letter.headers is None else dict(letter.headers)
    text, encoded = _readable(letter.data)
    return WholeLetterBody(
        **listed,
        history=history,
        topic=letter.topic,
        headers=headers,
        data=text,
        data_base64=encoded,
        data_bytes=letter.data_bytes,
        data_sha256=letter.data_sha256,
    )


def redrive_body(redrive: Redrive) -> RedriveBody:
    """A redrive as it is shown."""
    return RedriveBody(**vars(redrive))


def letter_filter(body: FilterBody | None) -> LetterFilter:
    """The filter that was asked for; none lets everything pass."""
    return LetterFilter() if body is None else LetterFilter(**vars(body))


def _readable(data: bytes | None) -> tuple[str | None, str | None]:
    if data is None:
        return None, None
    try:
        return bytes(data).decode(), None
    except UnicodeDecodeError:
        return None, base64.b64encode(data).decode()
