"""How a batch of mixed events is handled type by type without any tenant's order being lost. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from darkroom_contracts.envelope import Envelope
from darkroom_contracts.event import Event

E = TypeVar("E", bound=Event)


@dataclass(frozen=True)
class Received(Generic[E]):
    """An event as it came from the log."""

    event: E
    envelope: Envelope


Stage = dict[type[Event], list[Received[Event]]]


def stages(batch: Sequence[Received[Event]], order: Mapping[type[Event], int]) -> list[Stage]:
    """Split `batch` into stages whose types are handled in `order`, so that every tenant's events keep their sequence.

    Within a stage a tenant's events have types that never go back in `order`; where they would, a new stage begins for it.
    """
    result: list[Stage] = []
    place: dict[str, tuple[int, int]] = {}
    for received in batch:
        kind = type(received.event)
        rank = order[kind]
        stage, last = place.get(received.event.instance_id, (0, rank))
        if rank < last:
            stage += 1
        place[received.event.instance_id] = (stage, rank)
        while len(result) <= stage:
            result.append({})
        result[stage].setdefault(kind, []).append(received)
    return result
