"""A job is to be stopped: what waits ends at once, what is under way is marked and ends when its call's outcome is known."""

from collections.abc import Callable, Iterable, Mapping, Sequence

from darkroom_contracts.jobs import JobCancelRequested
from darkroom_servicekit.database import Transaction
from darkroom_servicekit.stages import Received

from darkroom_predictor.cancel_store import stop_items
from darkroom_predictor.fail_attempts import item_canceled
from darkroom_predictor.fair_queue import Hints, Place, mark_of


class CancelJobs:
    """Handles JobCancelRequested. `cancels_due` hears, by provider, that predictions are to be cancelled there."""

    def __init__(self, tell: Callable[[Mapping[str, Hints]], None], cancels_due: Callable[[Iterable[str]], None]) -> None:
        self._tell = tell
        self._cancels_due = cancels_due

    async def on_jobs_cancel_requested(self, transaction: Transaction, batch: Sequence[Received[JobCancelRequested]]) -> None:
        """A request that names another tenant's job finds nothing, like one that comes too late or again."""
        causes = {(received.event.job_id, received.event.instance_id): received.envelope for received in batch}
        jobs = [(job, instance, envelope.id) for (job, instance), envelope in sorted(causes.items())]
        ended, under_way = await stop_items(transaction, jobs)
        hints: dict[str, Hints] = {}
        for item in ended:
            place = Place(item.instance_id, item.job_id, item.item_id, item.redriven, mark_of(item.model))
            hints.setdefault(item.provider, Hints()).removed.append(place)
            transaction.publish(item_canceled(item), cause=causes[item.job_id, item.instance_id])
        providers = {item.provider for item in under_way}
        transaction.after_commit(lambda: self._tell(hints))
        if providers:
            transaction.after_commit(lambda: self._cancels_due(providers))
