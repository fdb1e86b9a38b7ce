"""Small factories for the job events that credits takes, each with the envelope it would come in."""

from datetime import UTC, datetime
from typing import Literal

from darkroom_contracts.envelope import wrap
from darkroom_contracts.event import Event
from darkroom_contracts.jobs import ItemFinished, JobFinished, JobRequested
from darkroom_servicekit.stages import Received

NOW = datetime(2026, 3, 4, 5, 6, 7, tzinfo=UTC)


def received(event: Event) -> Received[Event]:
    """`event` as it comes from the log, with an id of its own."""
    return Received(event, wrap(event, source="/services/jobs-api", now=NOW))


def requested(job_id: int, *, instance_id: str = "shop", items: int = 1, price: int = 15) -> JobRequested:
    """A job of `items` at `price` credits each."""
    return JobRequested(
        instance_id=instance_id,
        job_id=job_id,
        product="optimize",
        product_id="p-1",
        product_name="A cup",
        price_version=1,
        price_credits=price,
        items_total=items,
        requested_at=NOW,
    )


def item_finished(
    job_id: int, item_id: int, charge: Literal["spend", "release"] = "spend", *, instance_id: str = "shop"
) -> ItemFinished:
    """An item that ended; only its charge matters to credits."""
    return ItemFinished(
        instance_id=instance_id,
        job_id=job_id,
        item_id=item_id,
        image_id=f"image-{item_id}",
        status="DONE" if charge == "spend" else "FAILED",
        charge=charge,
        items_total=1,
        items_done=1,
        items_failed=0,
        items_canceled=0,
    )


def job_finished(job_id: int, items_spent: int, *, instance_id: str = "shop", items: int = 1) -> JobFinished:
    """A job that ended; only how many of its items are paid for matters to credits."""
    return JobFinished(
        instance_id=instance_id,
        job_id=job_id,
        product_id="p-1",
        product_name="A cup",
        status="DONE",
        items_total=items,
        items_done=items_spent,
        items_failed=items - items_spent,
        items_canceled=0,
        items_spent=items_spent,
    )
