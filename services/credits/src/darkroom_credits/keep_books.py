"""Use case: a batch of job events becomes holds, settlements and their events, in the consumer's transaction."""

from collections.abc import Sequence
from typing import Any

import structlog
from darkroom_contracts.credits import CreditsRejected, CreditsReserved, CreditsSettled
from darkroom_contracts.jobs import ItemFinished
from darkroom_servicekit.database import Transaction
from darkroom_servicekit.stages import Received

from darkroom_credits.bookkeeping import Books, Posted, enter
from darkroom_credits.metrics import CreditsMetrics
from darkroom_credits.store import close_books, open_books

log = structlog.get_logger()


class KeepBooks:
    """Takes JobRequested, ItemFinished and JobFinished, of one kind or mixed, in the order of the log."""

    def __init__(self, metrics: CreditsMetrics) -> None:
        self._metrics = metrics

    # Any: the consumer hands over one kind at a time, and Received is invariant in its event.
    async def on_job_events(self, transaction: Transaction, batch: Sequence[Received[Any]]) -> None:
        """Enter a batch and publish what came of it."""
        events = [received.event for received in batch]
        books = await open_books(
            transaction,
            instances=[event.instance_id for event in events],
            jobs=[event.job_id for event in events],
            items=[(event.job_id, event.item_id) for event in events if isinstance(event, ItemFinished)],
        )
        enter(books, [Posted(received.event, received.envelope) for received in batch])
        await close_books(transaction, books)
        for event, cause in books.facts:
            transaction.publish(event, cause=cause)
        transaction.after_commit(lambda: self._report(books))

    def _report(self, books: Books) -> None:
        for event, _ in books.facts:
            if isinstance(event, CreditsReserved):
                self._metrics.decisions.labels("reserved").inc()
            elif isinstance(event, CreditsRejected):
                self._metrics.decisions.labels("rejected").inc()
            elif isinstance(event, CreditsSettled):
                self._metrics.settled.labels("spend").inc(event.spent)
                self._metrics.settled.labels("release").inc(event.released)
        for reason, posted in books.ignored:
            self._metrics.ignored.labels(reason).inc()
            if reason == "unknown-job":
                log.warning("no reservation of this job", job_id=posted.event.job_id, type=posted.envelope.type)
