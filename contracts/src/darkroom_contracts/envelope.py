"""CloudEvents 1.0 in Kafka's binary mode: attributes are `ce_…` headers, the value is the event's data alone.

Source: the CloudEvents specification 1.0 and its Kafka protocol binding.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

import uuid_utils

from darkroom_contracts.catalogue import EVENTS_BY_TYPE
from darkroom_contracts.event import Event

SPEC_VERSION = "1.0"
CONTENT_TYPE = "application/json"
SEQUENCE = re.compile(r"[0-9]{1,19}")
REQUIRED = ("ce_specversion", "ce_id", "ce_type", "ce_source")

Headers = Iterable[tuple[str, bytes]]


class MalformedEnvelope(ValueError):
    """A message's headers are no CloudEvent in binary mode."""


@dataclass(frozen=True, kw_only=True)
class Envelope:
    """What stands around an event's data. `sequence` is the writer's outbox order, set when it is relayed."""

    id: str
    type: str
    source: str
    subject: str
    time: str
    dataschema: str
    correlation_id: str | None = None
    causation_id: str | None = None
    sequence: int | None = None
    traceparent: str | None = None

    def headers(self) -> dict[str, str]:
        """The Kafka headers, without those that have no value."""
        optional = {
            "ce_correlationid": self.correlation_id,
            "ce_causationid": self.causation_id,
            "ce_sequence": None if self.sequence is None else str(self.sequence),
            "traceparent": self.traceparent,
        }
        return {
            "ce_specversion": SPEC_VERSION,
            "ce_id": self.id,
            "ce_type": self.type,
            "ce_source": self.source,
            "ce_subject": self.subject,
            "ce_time": self.time,
            "ce_dataschema": self.dataschema,
            "content-type": CONTENT_TYPE,
        } | {name: value for name, value in optional.items() if value is not None}

    @classmethod
    def from_headers(cls, headers: Mapping[str, str]) -> "Envelope":
        """Read an envelope back. Raises MalformedEnvelope naming what is missing or wrong."""
        missing = [name for name in REQUIRED if not headers.get(name)]
        if missing:
            raise MalformedEnvelope(f"missing header: {', '.join(missing)}")
        if headers["ce_specversion"] != SPEC_VERSION:
            raise MalformedEnvelope(f"ce_specversion is {headers['ce_specversion']!r}, not {SPEC_VERSION!r}")
        sequence = headers.get("ce_sequence", "")
        return cls(
            id=headers["ce_id"],
            type=headers["ce_type"],
            source=headers["ce_source"],
            subject=headers.get("ce_subject", ""),
            time=headers.get("ce_time", ""),
            dataschema=headers.get("ce_dataschema", ""),
            correlation_id=headers.get("ce_correlationid"),
            causation_id=headers.get("ce_causationid"),
            sequence=int(sequence) if SEQUENCE.fullmatch(sequence) else None,
            traceparent=headers.get("traceparent"),
        )


def wrap(event: Event, *, source: str, now: datetime, cause: Envelope | None = None, traceparent: str | None = None) -> Envelope:
    """The envelope of a new event, caused by `cause` (whose story it continues) where there is one."""
    return Envelope(
        id=str(uuid_utils.uuid7()),
        type=event.type_name(),
        source=source,
        subject=event.subject(),
        time=utc_text(now),
        dataschema=event.schema_path(),
        correlation_id=event.correlation_id() or (cause.correlation_id if cause else None),
        causation_id=cause.id if cause else None,
        traceparent=traceparent or (cause.traceparent if cause else None),
    )


def utc_text(at: datetime) -> str:
    """RFC 3339 in UTC with milliseconds and `Z`, as every time in Darkroom is written."""
    return at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def header_texts(headers: Headers) -> dict[str, str]:
    """Raw Kafka headers as text. Raises MalformedEnvelope for one whose name or value is not UTF-8, or that has no value."""
    try:
        texts = {name: value.decode() for name, value in headers}
        "".join(texts).encode()  # a name that is not UTF-8 comes with surrogates
        return texts
    except (UnicodeError, AttributeError) as error:
        raise MalformedEnvelope(f"a header is not UTF-8 text: {error}") from error


def read_event(envelope: Envelope, data: bytes | None) -> Event:
    """The event inside a message. Raises KeyError for an unknown type and pydantic.ValidationError for bad data."""
    return EVENTS_BY_TYPE[envelope.type].model_validate_json(data or b"")
