"""Requests older than the queue's memory: whether they were carried out cannot be known, so they never are (again).

A log read anew from its beginning must not buy a single picture twice. An item that truly never started fails, and its credits
come back; of one that ended long ago everybody knows, and the failure changes nothing.
"""

from collections.abc import Sequence

import structlog
from darkroom_contracts.jobs import ItemRequested
from darkroom_contracts.predictions import ItemFailed
from darkroom_servicekit.database import Transaction
from darkroom_servicekit.stages import Received

from darkroom_predictor.customer_words import customer_words
from darkroom_predictor.queue_store import known_items

TOO_OLD = "too-old"

log = structlog.get_logger()


async def refuse_old_items(transaction: Transaction, batch: Sequence[Received[ItemRequested]]) -> None:
    """Fail those that the queue does not know."""
    known = await known_items(transaction, [received.event.item_id for received in batch])
    refused = [received for received in batch if received.event.item_id not in known]
    for received in refused:
        event = received.event
        failed = ItemFailed(
            instance_id=event.instance_id,
            job_id=event.job_id,
            item_id=event.item_id,
            image_id=event.image_id,
            attempt=0,
            code=TOO_OLD,
            message=customer_words(TOO_OLD),
            reached_provider=False,
        )
        transaction.publish(failed, cause=received.envelope)
    if refused:
        log.error("requests older than the queue's memory are not taken", items=len(refused))
