"""Turns a batch of events into frames and files them in Redis, before the batch commits in PostgreSQL.

Two stores cannot commit together, so the order decides what a death in between does. Filed before the commit, a batch whose
commit is lost comes again, and the history files no event twice: nothing lost, nothing doubled. Filed after it, the frames of
a process that dies in between would never come. An event is a fact before we read it, so no one is told of what may be undone.
"""

import asyncio
import math
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from weakref import WeakKeyDictionary

from darkroom_contracts.envelope import utc_text
from darkroom_contracts.event import Event
from darkroom_servicekit.database import Transaction
from darkroom_servicekit.stages import Received

from darkroom_notifier.coalescing import Coalescer, Held
from darkroom_notifier.frames import Frame, frames_of
from darkroom_notifier.history import EventFrames, History
from darkroom_notifier.inbox.frame import notification_frames
from darkroom_notifier.measures import Measures
from darkroom_notifier.protocol import frame_body


@dataclass(frozen=True)
class Told:
    """One event's frames, by the event's own time."""

    at: str
    tenant: str
    event_id: str
    frames: tuple[Frame, ...]


class FramePublisher:
    """Handles every event that people are told of."""

    def __init__(self, history: History, measures: Measures, *, media_base: str, clock: Callable[[], float]) -> None:
        self._history = history
        self._measures = measures
        self._media_base = media_base
        self._clock = clock
        self._coalescer = Coalescer()
        self._holding = asyncio.Event()
        self._gathered: WeakKeyDictionary[Transaction, list[Told]] = WeakKeyDictionary()

    async def on_events(self, transaction: Transaction, batch: Sequence[Received[Event]]) -> None:
        """Gather the frames of one kind's events."""
        if transaction not in self._gathered:
            self._gathered[transaction] = []
            transaction.before_commit(lambda: self._file(transaction))
        gathered = self._gathered[transaction]
        now = utc_text(transaction.now)
        for received in batch:
            at = received.envelope.time or now
            frames = frames_of(received.event, self._media_base) + notification_frames(received)
            gathered.append(Told(at, received.event.instance_id, received.envelope.id, frames))
            for frame in frames:
                self._measures.frames.labels(event=frame.kind).inc()

    async def run(self) -> None:
        """Tell what was held back, for ever."""
        while True:
            wait = self._coalescer.due_in(self._clock())
            if wait is None:
                self._holding.clear()
                await self._holding.wait()
            else:
                await asyncio.sleep(wait)
                await self.tell_held(self._clock())

    async def tell_held(self, until: float = math.inf) -> None:
        """Tell the held frames that are due; all of them unless told otherwise."""
        due = self._coalescer.take_due(until)
        if due:
            await self._history.append({tenant: _events(held) for tenant, held in due.items()})

    async def _file(self, transaction: Transaction) -> None:
        """File a batch. Its events come topic by topic; by their own times a tenant's story is told in order."""
        by_tenant: defaultdict[str, list[EventFrames]] = defaultdict(list)
        now = self._clock()
        for told in sorted(self._gathered.pop(transaction), key=lambda one: one.at):
            bodies = self._admitted(told, now)
            if bodies:
                by_tenant[told.tenant].append(EventFrames(told.event_id, bodies))
        await self._history.append(by_tenant)

    def _admitted(self, told: Told, now: float) -> tuple[str, ...]:
        """The bodies of the frames to be told now; the others are held back."""
        admitted = []
        for number, frame in enumerate(told.frames):
            body = frame_body(frame.kind, told.at, frame.data)
            # A held frame is filed by itself, so it needs an id of its own, unless it is all that the event has.
            held = Held(told.event_id if number == 0 else f"{told.event_id}:{number}", body)
            if self._coalescer.admits(told.tenant, frame, now=now, held=held):
                admitted.append(body)
            else:
                self._holding.set()
        return tuple(admitted)


def _events(held: Sequence[Held]) -> list[EventFrames]:
    return [EventFrames(one.event_id, (one.body,)) for one in held]
