"""Which messages go out one by one and which are gathered into a digest. Pure.

One rule serves both limits. A person who got many messages of a topic gets a digest while the flood lasts, and so does everyone
of a tenant whose own limit is used up. The inbox has every entry all the same.
"""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from uuid import UUID


@dataclass(frozen=True, kw_only=True)
class MessageLimits:
    """`after`: a person's messages of a topic within `window` before they are gathered; by channel, what a tenant may send."""

    after: int = 10
    window: timedelta = timedelta(minutes=15)
    per_hour: Mapping[str, int] = field(default_factory=lambda: {"email": 500, "sms": 60})
    per_day: Mapping[str, int] = field(default_factory=lambda: {"email": 3000, "sms": 300})


@dataclass(frozen=True)
class Line:
    """The messages of a topic (`job`, `credits`) to one person on one channel."""

    instance_id: str
    recipient: str
    channel: str
    topic: str


@dataclass(frozen=True)
class Wanted:
    """A message that a person wants."""

    notification_id: UUID
    event_id: UUID
    line: Line
    kind: str


@dataclass(frozen=True, kw_only=True)
class Usage:
    """What a line got lately. `flooded`: a digest of it is open, or one was sent within the last two windows."""

    in_window: int = 0
    in_hour: int = 0
    in_day: int = 0
    flooded: bool = False


@dataclass(frozen=True)
class Gathered:
    """What is added to a digest: its first event, and how many of each kind."""

    line: Line
    event_id: UUID
    counts: Mapping[str, int]


def topic_of(kind: str) -> str:
    """`job.done` and `job.failed` are told of in one digest."""
    return kind.partition(".")[0]


class Budget:
    """What a tenant may still send on a channel."""

    def __init__(self, usage: Mapping[Line, Usage], limits: MessageLimits) -> None:
        self._limits = limits
        self._hour: Counter[tuple[str, str]] = Counter()
        self._day: Counter[tuple[str, str]] = Counter()
        for line, used in usage.items():
            self._hour[line.instance_id, line.channel] += used.in_hour
            self._day[line.instance_id, line.channel] += used.in_day

    def take(self, line: Line) -> bool:
        """Count one message; False where the tenant's limit is used up."""
        key, channel = (line.instance_id, line.channel), line.channel
        if self._hour[key] >= self._limits.per_hour[channel] or self._day[key] >= self._limits.per_day[channel]:
            return False
        self._hour[key] += 1
        self._day[key] += 1
        return True


def sort_messages(
    wanted: Sequence[Wanted], usage: Mapping[Line, Usage], limits: MessageLimits
) -> tuple[list[Wanted], list[Gathered]]:
    """Those that go out one by one, in their order, and what digests get, one entry for each line."""
    budget, single = Budget(usage, limits), []
    recent = Counter({line: used.in_window for line, used in usage.items()})
    flooded = {line for line, used in usage.items() if used.flooded}
    counts: defaultdict[Line, Counter[str]] = defaultdict(Counter)
    first: dict[Line, UUID] = {}
    for one in wanted:
        if one.line not in flooded and recent[one.line] < limits.after and budget.take(one.line):
            recent[one.line] += 1
            single.append(one)
        else:
            flooded.add(one.line)
            first.setdefault(one.line, one.event_id)
            counts[one.line][one.kind] += 1
    return single, [Gathered(line, first[line], dict(counts[line])) for line in sorted(counts, key=repr)]
