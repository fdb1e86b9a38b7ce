"""A bounded sum of units, such as bytes or pixels, that tasks hold at the same time. Waiters are served in their order."""

import asyncio
from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager


class Budget:
    """At most `total` units are held. A large claim is never passed by smaller ones that came later."""

    def __init__(self, total: int) -> None:
        self.total = total
        self._held = 0
        self._waiting: deque[tuple[int, asyncio.Future[None]]] = deque()

    @asynccontextmanager
    async def hold(self, units: int) -> AsyncIterator["Held"]:
        """Wait until `units` fit beside what others hold, then hold them inside the context."""
        assert 0 <= units <= self.total, "a claim beyond the total would wait forever"
        held = Held(self, await self._take(units))
        try:
            yield held
        finally:
            held.shrink(0)

    async def _take(self, units: int) -> int:
        if not self._waiting and self._held + units <= self.total:
            self._held += units
            return units
        turn = asyncio.get_running_loop().create_future()
        self._waiting.append((units, turn))
        try:
            await turn
        except asyncio.CancelledError:
            if turn.done() and not turn.cancelled():
                self._held -= units  # served in the same moment
            self._serve()
            raise
        return units

    def release(self, units: int) -> None:
        """Take back units that a holder no longer needs."""
        self._held -= units
        assert self._held >= 0
        self._serve()

    def _serve(self) -> None:
        while self._waiting:
            units, turn = self._waiting[0]
            if turn.done():
                self._waiting.popleft()
                continue
            if self._held + units > self.total:
                return
            self._waiting.popleft()
            self._held += units
            turn.set_result(None)


class Held:
    """A claim on a budget."""

    def __init__(self, budget: Budget, units: int) -> None:
        self._budget = budget
        self._units = units

    def shrink(self, units: int) -> None:
        """Hold no more than `units` from now on."""
        freed = max(0, self._units - units)
        self._units -= freed
        self._budget.release(freed)
