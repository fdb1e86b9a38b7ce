"""What a rule of the oracle is, and how rules look at the evidence. A rule files itself under its own name."""

from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TypeVar

from chaos.evidence import Evidence, LogEvent, PaidCall

ENDED = frozenset({"DONE", "FAILED", "CANCELED"})
CLOCK_SECONDS = 0.05
"""Two clocks of one machine, read one after the other, differ by less."""

T = TypeVar("T")
K = TypeVar("K")


@dataclass(frozen=True)
class Violation:
    """A rule that was broken, where, and by what."""

    rule: str
    what: str
    item_id: int | None = None


Rule = Callable[[Evidence], Iterable[str | tuple[str, int]]]
RULES: dict[str, Rule] = {}


def rule(check: Rule) -> Rule:
    """File a rule under its own name."""
    RULES[check.__name__] = check
    return check


def by(values: Iterable[T], key: Callable[[T], K]) -> defaultdict[K, list[T]]:
    """The values in groups."""
    groups: defaultdict[K, list[T]] = defaultdict(list)
    for value in values:
        groups[key(value)].append(value)
    return groups


def distinct(events: Iterable[LogEvent], *names: str) -> list[LogEvent]:
    """The events of these names, each once: the log may hold one twice, under the same id."""
    return list({event.id: event for event in events if event.name in names}.values())


def calls_by_item(evidence: Evidence) -> dict[int, list[PaidCall]]:
    """The calls whose attempt is known, by item."""
    items = {attempt.id: attempt.item_id for attempt in evidence.attempts}
    found: defaultdict[int, list[PaidCall]] = defaultdict(list)
    for call in evidence.calls:
        if call.attempt_id in items:
            found[items[call.attempt_id]].append(call)
    return dict(found)
