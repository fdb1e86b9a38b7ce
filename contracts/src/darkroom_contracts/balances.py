"""Every tenant's balances from the events of `darkroom.credits` alone: pure.

The amounts are added up; the balances that each event tells are only compared with the sums. An event that comes again, as after
a relay that died half-way, changes nothing: of each tenant the writer's sequence only rises.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field

from darkroom_contracts.credits import (
    Balances,
    CreditsAdjusted,
    CreditsExpired,
    CreditsGranted,
    CreditsReimbursed,
    CreditsRejected,
    CreditsReserved,
    CreditsRestored,
    CreditsSettled,
    CreditsTakenBack,
)
from darkroom_contracts.envelope import Envelope
from darkroom_contracts.event import Event

DISAGREEMENTS_MAX = 1000
"""Told at most; all are counted."""

BalanceEvent = (
    CreditsReserved
    | CreditsRejected
    | CreditsSettled
    | CreditsGranted
    | CreditsExpired
    | CreditsTakenBack
    | CreditsRestored
    | CreditsAdjusted
    | CreditsReimbursed
)
"""The events that tell of balances."""


@dataclass(frozen=True)
class Sums:
    """A tenant's credits, added up. One that the events do not tell of has nothing."""

    available: int = 0
    held: int = 0
    spent: int = 0

    def moved(self, *, available: int = 0, held: int = 0, spent: int = 0) -> "Sums":
        return Sums(self.available + available, self.held + held, self.spent + spent)


@dataclass(frozen=True)
class Disagreement:
    """An event tells of other balances than the sum of all before it and itself."""

    instance_id: str
    event_id: str
    added_up: Sums
    told: Sums


@dataclass
class Rebuilt:
    """What the events add up to so far. `take` them in the order of the topic, at least of each tenant."""

    balances: dict[str, Sums] = field(default_factory=dict)
    events: int = 0
    repeated: int = 0
    skipped: int = 0
    """Records that could not be read as events; counted by the reader."""
    disagreements_count: int = 0
    disagreements: list[Disagreement] = field(default_factory=list)
    _sequences: dict[str, int] = field(default_factory=dict)

    def take(self, envelope: Envelope, event: Event) -> None:
        """Add one event; one that tells of no balances changes nothing."""
        if not isinstance(event, BalanceEvent):
            return
        if envelope.sequence is not None:
            if envelope.sequence <= self._sequences.get(event.instance_id, -1):
                self.repeated += 1
                return
            self._sequences[event.instance_id] = envelope.sequence
        self.events += 1
        after = moved_by(event, self.balances.get(event.instance_id, Sums()))
        self.balances[event.instance_id] = after
        told = _sums(event.balances)
        if told != after:
            self.disagreements_count += 1
            if len(self.disagreements) < DISAGREEMENTS_MAX:
                self.disagreements.append(Disagreement(event.instance_id, envelope.id, after, told))


def balances_from(messages: Iterable[tuple[Envelope, Event]]) -> Rebuilt:
    """All of the topic at once, or as much of it as was there at the time that is asked about."""
    rebuilt = Rebuilt()
    for envelope, event in messages:
        rebuilt.take(envelope, event)
    return rebuilt


def moved_by(event: BalanceEvent, before: Sums) -> Sums:
    """The balances after an event, by the amounts in it."""
    match event:
        case CreditsGranted() | CreditsRestored():
            return before.moved(available=event.amount)
        case CreditsReserved():
            return before.moved(available=-event.amount, held=event.amount)
        case CreditsSettled():
            return before.moved(available=event.released, held=-event.released - event.spent, spent=event.spent)
        case CreditsExpired() | CreditsTakenBack():
            return before.moved(available=-event.amount)
        case CreditsAdjusted():
            return before.moved(available=event.amount + event.lost)
        case CreditsReimbursed():
            return before.moved(available=event.amount, spent=-event.amount)
        case CreditsRejected():
            return before


def _sums(told: Balances) -> Sums:
    return Sums(told.available, told.held, told.spent)
