"""What a tenant's people see of an event: none, one or more frames. Pure.

Item states come from whoever knows first (predictor, poller), but the ends FAILED and CANCELED from jobs-api, which decides
them. DONE is told twice, by the poller and once more when jobs-api answers it: a page that loads between the two has heard the
first before it was there and was answered without it. Order across topics does not exist: a page must not leave a terminal
state for a frame that came late.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from darkroom_contracts.credits import (
    Balances,
    CreditsAdjusted,
    CreditsExpired,
    CreditsGranted,
    CreditsReimbursed,
    CreditsReserved,
    CreditsRestored,
    CreditsSettled,
    CreditsTakenBack,
)
from darkroom_contracts.event import Event, ItemEvent
from darkroom_contracts.items import ItemCompleted
from darkroom_contracts.jobs import ItemFinished, JobFinished
from darkroom_contracts.predictions import ItemStarted, PredictionCreated


@dataclass(frozen=True)
class Frame:
    """One thing to tell: its kind, such as `item.updated`, and JSON data."""

    kind: str
    data: dict[str, Any]


def frames_of(event: Event, media_base: str) -> tuple[Frame, ...]:
    """The frames of an event; `media_base` is the address in front of `/media/`, without a trailing slash."""
    make = _MAKERS.get(type(event))
    return make(event, media_base) if make else ()


def _of_reserved(event: CreditsReserved, _media_base: str) -> tuple[Frame, ...]:
    accepted = Frame("job.accepted", {"jobId": event.job_id, "status": "PENDING", "creditsUsed": event.amount})
    return accepted, _credits(event.balances)


def _of_balances(
    event: CreditsSettled
    | CreditsGranted
    | CreditsExpired
    | CreditsTakenBack
    | CreditsRestored
    | CreditsAdjusted
    | CreditsReimbursed,
    _media_base: str,
) -> tuple[Frame, ...]:
    return (_credits(event.balances),)


def _of_started(event: ItemStarted, _media_base: str) -> tuple[Frame, ...]:
    return (_item(event, "RUNNING"),)


def _of_created(event: PredictionCreated, _media_base: str) -> tuple[Frame, ...]:
    return (_item(event, "PROCESSING"),)


def _of_completed(event: ItemCompleted, media_base: str) -> tuple[Frame, ...]:
    return (_done(event, media_base, event.result.key, event.result.thumbnail_key),)


def _of_item_finished(event: ItemFinished, media_base: str) -> tuple[Frame, ...]:
    job = Frame("job.updated", {"jobId": event.job_id, "status": "RUNNING", **_counts(event)})
    if event.status == "DONE":
        if event.result_key is None or event.thumbnail_key is None:  # written before they were told
            return (job,)
        return _done(event, media_base, event.result_key, event.thumbnail_key), job
    error = {"error": event.error} if event.error else {}
    return _item(event, event.status, **error), job


def _of_job_finished(event: JobFinished, _media_base: str) -> tuple[Frame, ...]:
    about = {"jobId": event.job_id, "productId": event.product_id, "productName": event.product_name, "status": event.status}
    error = {"error": event.error} if event.error else {}
    return (Frame("job.finished", about | _counts(event) | error),)


def _done(event: ItemEvent, media_base: str, key: str, thumbnail_key: str) -> Frame:
    address = f"{media_base}/media/"
    return _item(event, "DONE", optimizedImageUrl=address + key, thumbnailUrl=address + thumbnail_key)


def _item(event: ItemEvent, status: str, **more: str) -> Frame:
    about = {"jobId": event.job_id, "itemId": event.item_id, "imageId": event.image_id, "status": status}
    return Frame("item.updated", about | more)


def _counts(event: ItemFinished | JobFinished) -> dict[str, Any]:
    return {
        "totalImages": event.items_total,
        "completedImages": event.items_done,
        "failedImages": event.items_failed,
        "canceledImages": event.items_canceled,
    }


def _credits(balances: Balances) -> Frame:
    return Frame("credits.changed", balances.model_dump(by_alias=True))


_MAKERS: dict[type[Event], Callable[[Any, str], tuple[Frame, ...]]] = {  # Any: each maker takes the type it stands under
    CreditsReserved: _of_reserved,
    CreditsSettled: _of_balances,
    CreditsGranted: _of_balances,
    CreditsExpired: _of_balances,
    CreditsTakenBack: _of_balances,
    CreditsRestored: _of_balances,
    CreditsAdjusted: _of_balances,
    CreditsReimbursed: _of_balances,
    ItemStarted: _of_started,
    PredictionCreated: _of_created,
    ItemCompleted: _of_completed,
    ItemFinished: _of_item_finished,
    JobFinished: _of_job_finished,
}

TOLD: tuple[type[Event], ...] = tuple(_MAKERS)
"""The events that have frames, in the order in which one can be the cause of the next."""
