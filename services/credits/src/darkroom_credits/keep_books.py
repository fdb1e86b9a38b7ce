"""Use case: a batch of job events becomes holds, settlements and their events, in the consumer's transaction."""

from collections.abc import Sequence
from typing import Any
from weakref import WeakKeyDictionary

import structlog
from darkroom_contracts.jobs import ItemFinished
from darkroom_servicekit.database import Transaction
from darkroom_servicekit.stages import Received

from darkroom_credits.bookkeeping import Books, Posted, enter
from darkroom_credits.metrics import CreditsMetrics
from darkroom_credits.store import close_books, open_books

log = structlog.get_logger()


class KeepBooks:
    """Takes JobRequested, ItemFinished and JobFinished, in the order of the log.

    The consumer hands a batch over kind by kind and, for a tenant whose kinds alternate, in many small stages. So they are
    gathered, which keeps each tenant's order, and entered once before the commit: the statements of a batch stay few.
    """

    def __init__(self, metrics: CreditsMetrics) -> None:
        self._metrics = metrics
        self._gathered: WeakKeyDictionary[Transaction, list[Posted]] = WeakKeyDictionary()

    # Any: one kind at a time comes in, and Received is invariant in its event.
    async def on_job_events(self, transaction: Transaction, batch: Sequence[Received[Any]]) -> None:
        """Gather events; the transaction's end enters them."""
        gathered = self._gathered.get(transaction)
        if gathered is None:
            gathered = self._gathered[transaction] = []
            transaction.before_commit(lambda: self._keep(transaction, gathered))
        gathered.extend(Posted(received.event, received.envelope) for received in batch)

    async def _keep(self, transaction: Transaction, batch: Sequence[Posted]) -> None:
        """Enter a batch and publish what came of it."""
        events = [posted.event for posted in batch]
        books = await open_books(
            transaction,
            instances=[event.instance_id for event in events],
            jobs=[event.job_id for event in events],
            items=[(event.job_id, event.item_id) for event in events if isinstance(event, ItemFinished)],
        )
        enter(books, batch)
        await close_books(transaction, books)
        for event, cause in books.facts:
            transaction.publish(event, cause=cause)
        transaction.after_commit(lambda: self._report_ignored(books))

    def _report_ignored(self, books: Books) -> None:
        for reason, posted in books.ignored:
            self._metrics.ignored.labels(reason).inc()
            if reason == "unknown-job":
                log.warning("no reservation of this job", job_id=posted.event.job_id, type=posted.envelope.type)
