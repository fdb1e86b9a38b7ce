"""Asks the provider, within the budget of requests, to stop predictions until it has accepted: those of items that are to be
cancelled, and stray predictions.

How a prediction of an item then ends is reported by the poller: it was stopped, or it finished first, and then it counts.
"""

import asyncio

import structlog
from darkroom_servicekit.database import UnitOfWork
from darkroom_servicekit.loops import set_within

from darkroom_predictor.cancel_store import CancelTable, DueCancel
from darkroom_predictor.metrics import PredictorMetrics
from darkroom_predictor.providers.door import CancelFailed, ProviderDoor
from darkroom_predictor.request_budget import RequestBudget

AT_ONCE_MAX = 10
AGAIN_SECONDS = (2.0, 60.0)
"""After a cancel that the provider did not take: first, doubling up to the second."""
LOOK_SECONDS = 10.0
"""How often the loop looks by itself: for what is due again, and for what a process left that died."""

BUDGET_AGAIN_SECONDS = 1.0
"""How soon it looks again where the budget held calls back."""

log = structlog.get_logger()


class CancelPredictions:
    """`run` until cancelled, for one provider and one table of predictions; `wake` when something is due."""

    def __init__(
        self,
        door: ProviderDoor,
        unit_of_work: UnitOfWork,
        metrics: PredictorMetrics,
        *,
        budget: RequestBudget,
        table: CancelTable,
    ) -> None:
        self._door = door
        self._table = table
        self._unit_of_work = unit_of_work
        self._metrics = metrics
        self._budget = budget
        self._woken = asyncio.Event()
        self._held_back = False

    def wake(self) -> None:
        """There is something to be cancelled."""
        self._woken.set()

    async def run(self) -> None:
        """Cancel what is due until cancelled."""
        while True:
            self._woken.clear()
            if await self.cancel_due():
                continue
            await set_within(self._woken, BUDGET_AGAIN_SECONDS if self._held_back else LOOK_SECONDS)

    async def cancel_due(self) -> int:
        """One round; how many calls it made."""
        async with self._unit_of_work.begin() as transaction:
            due = await self._table.lock_due(transaction, self._door.accounts, limit=AT_ONCE_MAX)
            granted: list[DueCancel] = []
            for account in sorted({one.account for one in due}):
                ours = [one for one in due if one.account == account]
                granted += ours[: await self._budget.take_within(transaction, account, len(ours))]
            await self._table.postpone(transaction, [one.prediction_id for one in granted], again_seconds=AGAIN_SECONDS)
        self._held_back = len(granted) < len(due)
        taken = await asyncio.gather(*map(self._cancel, granted))
        told = [one.prediction_id for one, heard in zip(granted, taken, strict=True) if heard]
        if told:
            async with self._unit_of_work.begin() as transaction:
                await self._table.told(transaction, told)
        return len(granted)

    async def _cancel(self, due: DueCancel) -> bool:
        """Whether the provider has heard it."""
        try:
            await self._door.cancel(due.account, due.prediction_id)
        except CancelFailed as error:
            self._metrics.cancels.labels("failed").inc()
            log.warning(
                "prediction not cancelled yet", prediction_id=due.prediction_id, tries=due.cancels, error=str(error)[:200]
            )
            return False
        self._metrics.cancels.labels("told").inc()
        return True
