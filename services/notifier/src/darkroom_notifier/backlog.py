"""What one socket has yet to be sent. A reader too far behind is given up, and no other reader waits for it."""

import asyncio
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

from darkroom_notifier.history import Batch
from darkroom_notifier.protocol import Closing, Code

FRAMES_BEHIND_MAX = 1000
SECONDS_BEHIND_MAX = 10.0


@dataclass(frozen=True)
class Waiting:
    """A batch and when it came."""

    batch: Batch
    since: float


class Backlog:
    """A bounded queue of one reader. `clock` counts seconds and never goes back."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._waiting: deque[Waiting] = deque()
        self._frames = 0
        self._filled = asyncio.Event()

    def put(self, batch: Batch) -> None:
        """Add a batch. Raises Closing (4503) when the reader is too far behind."""
        now = self._clock()
        self._waiting.append(Waiting(batch, now))
        self._frames += len(batch.messages)
        self._filled.set()
        if self._frames > FRAMES_BEHIND_MAX or now - self._waiting[0].since > SECONDS_BEHIND_MAX:
            raise Closing(Code.RECONNECT, "too far behind")

    async def next(self) -> Batch:
        """The oldest batch, waited for. It counts as waiting until `done`."""
        while not self._waiting:
            self._filled.clear()
            await self._filled.wait()
        return self._waiting[0].batch

    def done(self) -> None:
        """The oldest batch was sent."""
        self._frames -= len(self._waiting.popleft().batch.messages)
