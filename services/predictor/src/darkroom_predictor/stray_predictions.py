"""Paid predictions without a live attempt: recorded with what showed them, counted, and cancelled at the provider.

There should be none. One means that a call was taken for not made although the provider made it, and that its item may be paid
for twice; the alert rule `PaidWithoutAttempt` pages someone.
"""

import asyncio
from collections.abc import Sequence

import structlog
from darkroom_servicekit.database import Transaction, UnitOfWork
from darkroom_servicekit.loops import set_within

from darkroom_predictor.metrics import PredictorMetrics
from darkroom_predictor.providers.door import CancelFailed, ProviderDoor
from darkroom_predictor.request_budget import RequestBudget
from darkroom_predictor.stray_store import FoundBy, SeenPrediction, record_strays, strays_told, take_due_strays

AT_ONCE_MAX = 10
LOOK_SECONDS = 10.0
AGAIN_SECONDS = (2.0, 60.0)
"""After a cancel that the provider did not take: first, doubling up to the second."""

log = structlog.get_logger()


class StrayPredictions:
    """One provider's. `record` within a transaction; `run` cancels until cancelled."""

    def __init__(self, door: ProviderDoor, unit_of_work: UnitOfWork, metrics: PredictorMetrics, *, budget: RequestBudget) -> None:
        self._door = door
        self._unit_of_work = unit_of_work
        self._metrics = metrics
        self._budget = budget
        self._woken = asyncio.Event()

    async def record(self, transaction: Transaction, seen: Sequence[SeenPrediction], *, found_by: FoundBy) -> None:
        """Record those of the predictions that belong to no live attempt of ours; again changes nothing."""
        found = await record_strays(transaction, self._door.name, seen, found_by=found_by) if seen else {}
        if not found:
            return
        self._metrics.strays.labels(found_by).inc(len(found))
        log.error("paid predictions without a live attempt", provider=self._door.name, found_by=found_by, predictions=found)
        transaction.after_commit(self._woken.set)

    async def run(self) -> None:
        """Cancel what was recorded, here or by another replica."""
        while True:
            self._woken.clear()
            await self.cancel_due()
            await set_within(self._woken, LOOK_SECONDS)

    async def cancel_due(self) -> int:
        """Cancel some that are due; return for how many the provider was asked."""
        async with self._unit_of_work.begin() as transaction:
            due = await take_due_strays(
                transaction, self._door.name, self._door.accounts, limit=AT_ONCE_MAX, again_seconds=AGAIN_SECONDS
            )
        taken = await asyncio.gather(*(self._cancel(account, prediction) for account, prediction in due))
        told = [prediction for (_, prediction), is_taken in zip(due, taken, strict=True) if is_taken]
        if told:
            async with self._unit_of_work.begin() as transaction:
                await strays_told(transaction, self._door.name, told)
        return len(due)

    async def _cancel(self, account: str, prediction_id: str) -> bool:
        if not await self._budget.take(account):
            return False
        try:
            await self._door.cancel(account, prediction_id)
        except CancelFailed as error:
            log.warning("stray prediction not cancelled yet", prediction_id=prediction_id, error=str(error)[:200])
            return False
        return True
