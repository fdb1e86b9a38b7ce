"""Turns a batch of events into frames and files them in Redis, before the batch commits in PostgreSQL.

Two stores cannot commit together, so the order decides what a death in between does. Filed before the commit, a batch whose
commit is lost comes again, and the history files no event twice: nothing lost, nothing doubled. Filed after it, the frames of
a process that dies in between would never come. An event is a fact before we read it, so no one is told of what may be undone.
"""

from collections import defaultdict
from collections.abc import Sequence
from weakref import WeakKeyDictionary

from darkroom_contracts.envelope import utc_text
from darkroom_contracts.event import Event
from darkroom_servicekit.database import Transaction
from darkroom_servicekit.stages import Received

from darkroom_notifier.frames import frames_of
from darkroom_notifier.history import EventFrames, History
from darkroom_notifier.inbox.frame import notification_frames
from darkroom_notifier.measures import Measures
from darkroom_notifier.protocol import frame_body

Told = tuple[str, str, EventFrames]
"""Time, tenant and frames of one event."""


class FramePublisher:
    """Handles every event that people are told of."""

    def __init__(self, history: History, measures: Measures, *, media_base: str) -> None:
        self._history = history
        self._measures = measures
        self._media_base = media_base
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
            bodies = tuple(frame_body(frame.kind, at, frame.data) for frame in frames)
            gathered.append((at, received.event.instance_id, EventFrames(received.envelope.id, bodies)))
            for frame in frames:
                self._measures.frames.labels(event=frame.kind).inc()

    async def _file(self, transaction: Transaction) -> None:
        """File a batch. Its events come topic by topic; by their own times a tenant's story is told in order."""
        by_tenant: defaultdict[str, list[EventFrames]] = defaultdict(list)
        for _, tenant, event in sorted(self._gathered.pop(transaction), key=lambda told: told[0]):
            by_tenant[tenant].append(event)
        await self._history.append(by_tenant)
