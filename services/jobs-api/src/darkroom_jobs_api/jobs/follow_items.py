"""Items' facts become states: progress, ends with their charge, and the job's end, published once."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from darkroom_contracts.envelope import Envelope
from darkroom_contracts.event import ItemEvent
from darkroom_contracts.items import ItemCompleted
from darkroom_contracts.jobs import ItemEnd, ItemFinished, JobFinished
from darkroom_contracts.predictions import ItemCanceled, ItemFailed, ItemStarted, PredictionCreated
from darkroom_servicekit.database import Transaction
from darkroom_servicekit.stages import Received

from darkroom_jobs_api.jobs.job import StoredKeys
from darkroom_jobs_api.jobs.progress_store import (
    CountedJob,
    EndedItem,
    OpenJob,
    advance_items,
    count_jobs,
    end_items,
    lock_jobs,
    start_jobs,
)
from darkroom_jobs_api.jobs.rules import ItemStatus, Totals, charge_of, failure_text

CANCELED_TEXT = "The picture was cancelled."


@dataclass(frozen=True)
class End:
    """How an item ended, by the event that says so."""

    event: ItemEvent
    envelope: Envelope
    reached_provider: bool
    result_key: str | None = None
    thumbnail_key: str | None = None
    more_results: tuple[StoredKeys, ...] = ()
    error_code: str | None = None
    error: str | None = None
    detail: str | None = None
    ours: bool = False

    def written(self, status: ItemEnd, job: OpenJob) -> EndedItem:
        """The end as it is stored, with what it costs."""
        charge = charge_of(
            status,
            reached_provider=self.reached_provider,
            failed_items_refunded=job.failed_items_refunded,
            ours=self.ours,
        )
        return EndedItem(
            id=self.event.item_id,
            job_id=self.event.job_id,
            instance_id=self.event.instance_id,
            charge=charge,
            result_key=self.result_key,
            thumbnail_key=self.thumbnail_key,
            more_results=self.more_results,
            error_code=self.error_code,
            error=self.error,
        )


async def on_items_started(transaction: Transaction, batch: Sequence[Received[ItemStarted]]) -> None:
    """The predictor has taken items: RUNNING."""
    await _advance(transaction, [received.event for received in batch], "RUNNING")


async def on_predictions_created(transaction: Transaction, batch: Sequence[Received[PredictionCreated]]) -> None:
    """The provider has items: PROCESSING."""
    await _advance(transaction, [received.event for received in batch], "PROCESSING")


async def on_items_completed(transaction: Transaction, batch: Sequence[Received[ItemCompleted]]) -> None:
    """Results are in storage: DONE."""
    ends = [
        End(
            one.event,
            one.envelope,
            True,
            result_key=one.event.result.key,
            thumbnail_key=one.event.result.thumbnail_key,
            more_results=tuple(StoredKeys(picture.key, picture.thumbnail_key) for picture in one.event.more),
        )
        for one in batch
    ]
    await _end(transaction, ends, "DONE")


async def on_items_failed(transaction: Transaction, batch: Sequence[Received[ItemFailed]]) -> None:
    """Items will not be tried again: FAILED."""
    ends = [
        End(
            one.event,
            one.envelope,
            one.event.reached_provider,
            error_code=one.event.code,
            error=one.event.message,
            detail=one.event.detail,
            ours=one.event.ours,
        )
        for one in batch
    ]
    await _end(transaction, ends, "FAILED")


async def on_items_canceled(transaction: Transaction, batch: Sequence[Received[ItemCanceled]]) -> None:
    """Items were stopped on request: CANCELED."""
    ends = [End(one.event, one.envelope, one.event.reached_provider, error_code="canceled", error=CANCELED_TEXT) for one in batch]
    await _end(transaction, ends, "CANCELED")


async def _advance(transaction: Transaction, events: Sequence[ItemEvent], status: ItemStatus) -> None:
    jobs = await lock_jobs(transaction, {event.job_id for event in events})
    moved = await advance_items(transaction, {event.item_id: event.instance_id for event in events}, status)
    waiting = [job_id for job_id in moved if job_id in jobs and jobs[job_id].status == "PENDING"]
    if waiting:
        await start_jobs(transaction, waiting)


async def _end(transaction: Transaction, ends: Sequence[End], status: ItemEnd) -> None:
    jobs = await lock_jobs(transaction, {end.event.job_id for end in ends})
    first: dict[int, End] = {}
    for end in ends:
        job = jobs.get(end.event.job_id)
        if job is not None and job.instance_id == end.event.instance_id:
            first.setdefault(end.event.item_id, end)
    written = {item_id: end.written(status, jobs[end.event.job_id]) for item_id, end in first.items()}
    ended = await end_items(transaction, list(written.values()), status) if written else set()
    totals = {job_id: job.totals for job_id, job in jobs.items()}
    last: dict[int, End] = {}
    for item_id, end in first.items():
        if item_id in ended:
            job_id, item = end.event.job_id, written[item_id]
            totals[job_id] = totals[job_id].plus(status, item.charge)
            last[job_id] = end
            transaction.publish(_item_finished(end, status, item, totals[job_id]), cause=end.envelope)
    if last:
        await _count(transaction, jobs, totals, last)


async def _count(
    transaction: Transaction, jobs: Mapping[int, OpenJob], totals: Mapping[int, Totals], last: Mapping[int, End]
) -> None:
    """Write the counts of the jobs that changed; publish the end of those whose last item ended here."""
    counted: dict[int, CountedJob] = {}
    for job_id, end in last.items():
        now = totals[job_id]
        status = now.end()
        error = failure_text(now, end.error) if status == "FAILED" else None
        counted[job_id] = CountedJob(status=status or "RUNNING", totals=now, error=error)
        if status is not None:
            transaction.publish(job_finished(jobs[job_id], now, error), cause=end.envelope)
    await count_jobs(transaction, counted)


def _item_finished(end: End, status: ItemEnd, item: EndedItem, totals: Totals) -> ItemFinished:
    return ItemFinished(
        instance_id=item.instance_id,
        job_id=item.job_id,
        item_id=item.id,
        image_id=end.event.image_id,
        status=status,
        charge=item.charge,
        items_total=totals.items,
        items_done=totals.done,
        items_failed=totals.failed,
        items_canceled=totals.canceled,
        error=item.error,
        detail=end.detail,
        result_key=item.result_key,
        thumbnail_key=item.thumbnail_key,
    )


def job_finished(job: OpenJob, totals: Totals, error: str | None) -> JobFinished:
    """The event of a job whose items have all ended."""
    status = totals.end()
    assert status is not None, "the job has open items"
    return JobFinished(
        instance_id=job.instance_id,
        job_id=job.id,
        product_id=job.product_id,
        product_name=job.product_name,
        status=status,
        items_total=totals.items,
        items_done=totals.done,
        items_failed=totals.failed,
        items_canceled=totals.canceled,
        items_spent=totals.spent,
        error=error,
    )
