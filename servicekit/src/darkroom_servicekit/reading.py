"""What a message is to one service: an event that it handles, one that it must refuse, or none of its business. Pure.

A message is refused when it is unreadable, or when it is a version of a handled event that this code does not know.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from enum import Enum
from uuid import UUID

from aiokafka import ConsumerRecord
from darkroom_contracts.catalogue import EVENTS, EVENTS_BY_TYPE
from darkroom_contracts.envelope import Envelope, MalformedEnvelope, header_texts, read_event
from darkroom_contracts.event import Event

from darkroom_servicekit.error_text import cause_of
from darkroom_servicekit.stages import Received

UNREADABLE = "unreadable"
UNKNOWN_VERSION = "unknown-version"
TYPE = re.compile(r"darkroom\.([A-Za-z]{1,100})\.v([0-9]{1,9})")
NAMES = frozenset(event.__name__ for event in EVENTS)


@dataclass(frozen=True)
class Refused:
    """A message that the service cannot handle, and why."""

    reason: str
    detail: str


class Passed(Enum):
    """Why a message is passed over: another service's event, or a type that this code has never heard of."""

    NOT_OURS = "not-ours"
    UNKNOWN_TYPE = "unknown-type"


class Reader:
    """Reads messages for a service that handles these kinds of events."""

    def __init__(self, kinds: Iterable[type[Event]]) -> None:
        self._kinds = frozenset(kinds)
        self._newest: dict[str, int] = {}
        for kind in self._kinds:
            self._newest[kind.__name__] = max(kind.version, self._newest.get(kind.__name__, 0))

    def read(self, record: ConsumerRecord) -> Received[Event] | Refused | Passed:
        """Read one message. Raises nothing on content."""
        try:
            envelope = Envelope.from_headers(header_texts(record.headers))
            kind = EVENTS_BY_TYPE.get(envelope.type)
            if kind is None or kind not in self._kinds:
                return self._other(envelope.type)
            if (spelling := str(UUID(envelope.id))) != envelope.id:
                envelope = replace(envelope, id=spelling)  # PostgreSQL's, by which ids are compared
            event = read_event(envelope, record.value)
            if record.key != event.instance_id.encode():
                raise MalformedEnvelope("the key is not the event's instance")
            return Received(event, envelope)
        except (ValueError, RecursionError) as error:  # pydantic's and the envelope's errors are ValueErrors
            return Refused(UNREADABLE, cause_of(error))

    def _other(self, type_name: str) -> Refused | Passed:
        match = TYPE.fullmatch(type_name)
        if match is None or match[1] not in NAMES:
            return Passed.UNKNOWN_TYPE
        name, version = match[1], int(match[2])
        newest = self._newest.get(name)
        if newest is not None and (version > newest or type_name not in EVENTS_BY_TYPE):
            return Refused(UNKNOWN_VERSION, f"{type_name} is not known here; the newest known version is {newest}")
        return Passed.NOT_OURS
