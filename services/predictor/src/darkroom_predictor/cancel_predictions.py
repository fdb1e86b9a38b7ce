"""Asks the provider to stop predictions whose items are to be cancelled, again and again until it has heard, within a budget.

What the provider makes of it is its own affair and comes through the poller: stopped, or finished first, and then it counts.
"""

import asyncio
from dataclasses import dataclass

import structlog
from darkroom_servicekit.database import UnitOfWork
from darkroom_servicekit.loops import set_within

from darkroom_predictor.cancel_store import DueCancel, cancels_told, take_due_cancels
from darkroom_predictor.metrics import PredictorMetrics
from darkroom_predictor.providers.door import CancelFailed, ProviderDoor

AT_ONCE_MAX = 10
AGAIN_SECONDS = (2.0, 60.0)
"""After a cancel that the provider did not take: first, doubling up to the second."""
LOOK_SECONDS = 10.0
"""How often the loop looks by itself: for what is due again, and for what a process left that died."""

log = structlog.get_logger()


@dataclass(frozen=True)
class CancelBudget:
    """Calls of this replica; they count at the provider beside the creations."""

    per_minute: int

    def rest_seconds(self, calls: int) -> float:
        """How long to rest after so many."""
        return calls * 60 / self.per_minute


class CancelPredictions:
    """`run` for ever, for one provider; `wake` when something is due."""

    def __init__(self, door: ProviderDoor, unit_of_work: UnitOfWork, metrics: PredictorMetrics, *, budget: CancelBudget) -> None:
        self._door = door
        self._unit_of_work = unit_of_work
        self._metrics = metrics
        self._budget = budget
        self._woken = asyncio.Event()

    def wake(self) -> None:
        """There is something to be cancelled."""
        self._woken.set()

    async def run(self) -> None:
        """Cancel what is due until cancelled."""
        while True:
            self._woken.clear()
            calls = await self.cancel_due()
            if calls:
                await asyncio.sleep(self._budget.rest_seconds(calls))
                continue
            await set_within(self._woken, LOOK_SECONDS)

    async def cancel_due(self) -> int:
        """One round; how many calls it made."""
        async with self._unit_of_work.begin() as transaction:
            due = await take_due_cancels(
                transaction, self._door.name, self._door.accounts, limit=AT_ONCE_MAX, again_seconds=AGAIN_SECONDS
            )
        told = [one.attempt_id for one, taken in zip(due, await asyncio.gather(*map(self._cancel, due)), strict=True) if taken]
        if told:
            async with self._unit_of_work.begin() as transaction:
                await cancels_told(transaction, told)
        return len(due)

    async def _cancel(self, due: DueCancel) -> bool:
        """Whether the provider has heard it."""
        try:
            await self._door.cancel(due.account, due.prediction_id)
        except CancelFailed as error:
            self._metrics.cancels.labels("failed").inc()
            log.warning("prediction not cancelled yet", attempt_id=due.attempt_id, tries=due.cancels, error=str(error)[:200])
            return False
        self._metrics.cancels.labels("told").inc()
        return True
