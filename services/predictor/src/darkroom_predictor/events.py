"""Events in: items to file, predictions that ended, jobs to stop. The consumer files and ends; it never calls a provider."""

from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta

import structlog
from darkroom_contracts.credits import PlanChanged
from darkroom_contracts.items import ItemCompleted, PredictionFailed, PredictionSeen
from darkroom_contracts.jobs import ItemRequested, JobCancelRequested
from darkroom_servicekit.consumer import Handlers
from darkroom_servicekit.database import Transaction
from darkroom_servicekit.stages import Received

from darkroom_predictor.attempt_store import mark_done
from darkroom_predictor.cancel_jobs import CancelJobs
from darkroom_predictor.fail_attempts import FailAttempts, Failure
from darkroom_predictor.fair_queue import Hints, Place, mark_of
from darkroom_predictor.hear_of_predictions import HearOfPredictions
from darkroom_predictor.items import Then
from darkroom_predictor.keep_terms import KeepTerms
from darkroom_predictor.queue_store import end_items, end_waiting, insert_items, lock_items_of
from darkroom_predictor.refuse_old_items import refuse_old_items

log = structlog.get_logger()


class PredictorEvents:
    """The handlers. `tell` passes hints on to the dispatchers of the providers; `keep`: how long the queue remembers an item."""

    def __init__(
        self,
        fail_attempts: FailAttempts,
        cancel_jobs: CancelJobs,
        hear: HearOfPredictions,
        keep_terms: KeepTerms,
        tell: Callable[[Mapping[str, Hints]], None],
        *,
        keep: timedelta,
    ) -> None:
        self._fail_attempts = fail_attempts
        self._cancel_jobs = cancel_jobs
        self._hear = hear
        self._keep_terms = keep_terms
        self._tell = tell
        self._keep = keep

    def handlers(self) -> Handlers:
        return (
            Handlers()
            .on(PlanChanged, self._keep_terms.on_plans_changed)
            .on(ItemRequested, self.on_items_requested)
            .on(JobCancelRequested, self._cancel_jobs.on_jobs_cancel_requested)
            .on(PredictionSeen, self._hear.on_predictions_seen)
            .on(ItemCompleted, self.on_items_completed)
            .on(PredictionFailed, self.on_predictions_failed)
        )

    async def on_items_requested(self, transaction: Transaction, batch: Sequence[Received[ItemRequested]]) -> None:
        """File them; after the commit their providers' queues hear of them."""
        oldest = transaction.now - self._keep
        if old := [received for received in batch if received.event.requested_at < oldest]:
            await refuse_old_items(transaction, old)
        batch = [received for received in batch if received.event.requested_at >= oldest]
        new = await insert_items(transaction, batch)
        hints: dict[str, Hints] = {}
        for received in batch:
            event = received.event
            if event.item_id in new:
                new.discard(event.item_id)
                place = Place(event.instance_id, event.job_id, event.item_id, event.redriven, mark_of(event.model))
                hints.setdefault(event.provider, Hints()).filed.append((place, 0.0))
        transaction.after_commit(lambda: self._tell(hints))

    async def on_items_completed(self, transaction: Transaction, batch: Sequence[Received[ItemCompleted]]) -> None:
        """The attempt is done, its slot free. A result of an attempt that was given up ends the item too, while it waits."""
        attempts = [received.event.attempt_id for received in batch]
        await lock_items_of(transaction, attempts)
        done = await mark_done(transaction, attempts)
        items = {item for _, _, _, item, *_ in done}
        await end_items(transaction, sorted(items))
        hints: dict[str, Hints] = {}
        for provider, account, attempt, _, model, tenant in done:
            told = hints.setdefault(provider, Hints())
            told.released.append((account, attempt))
            told.ran.append((model, tenant, 0))
        if late := [received.event.item_id for received in batch if received.event.item_id not in items]:
            for item in await end_waiting(transaction, late):
                hints.setdefault(item.provider, Hints()).removed.append(
                    Place(item.instance_id, item.job_id, item.item_id, item.redriven, mark_of(item.model))
                )
        transaction.after_commit(lambda: self._tell(hints))

    async def on_predictions_failed(self, transaction: Transaction, batch: Sequence[Received[PredictionFailed]]) -> None:
        """Another attempt, or the end of the item."""
        failures = [
            Failure(
                attempt_id=received.event.attempt_id,
                code=received.event.code,
                message=received.event.detail or received.event.message,
                then=Then.RETRY if received.event.retryable else Then.END,
                cause=received.envelope,
                ours=received.event.fault == "platform",
            )
            for received in batch
        ]
        hints = await self._fail_attempts(transaction, failures)
        transaction.after_commit(lambda: self._tell(hints))
