"""Paid predictions without a live attempt: recorded with what showed them, counted, and cancelled at the provider.

There should be none. One means that a call was taken for not made although the provider made it, and that its item may be paid
for twice; the alert rule `PaidWithoutAttempt` pages someone.
"""

from collections.abc import Callable, Sequence

import structlog
from darkroom_servicekit.database import Transaction

from darkroom_predictor.metrics import PredictorMetrics
from darkroom_predictor.stray_store import FoundBy, SeenPrediction, record_strays

log = structlog.get_logger()


class StrayPredictions:
    """One provider's. `cancels_due` wakes the loop that cancels what was recorded."""

    def __init__(self, provider: str, metrics: PredictorMetrics, *, cancels_due: Callable[[], None]) -> None:
        self._provider = provider
        self._metrics = metrics
        self._cancels_due = cancels_due

    async def record(self, transaction: Transaction, seen: Sequence[SeenPrediction], *, found_by: FoundBy) -> None:
        """Record those of the predictions that belong to no live attempt of ours; again changes nothing."""
        found = await record_strays(transaction, self._provider, seen, found_by=found_by) if seen else {}
        if not found:
            return
        self._metrics.strays.labels(found_by).inc(len(found))
        log.error("paid predictions without a live attempt", provider=self._provider, found_by=found_by, predictions=found)
        transaction.after_commit(self._cancels_due)
