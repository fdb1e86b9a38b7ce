"""An item that is given up becomes a dead letter with its whole history, in the transaction that ends it.

It ran out of attempts, or the platform failed it, or what was paid for cannot be used.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import structlog
from darkroom_contracts.envelope import Envelope
from darkroom_contracts.predictions import ItemGivenUp, PastAttempt
from darkroom_servicekit.database import Transaction

from darkroom_predictor.items import Item
from darkroom_predictor.letters.store import file_items, read_attempts

log = structlog.get_logger()


@dataclass(frozen=True, kw_only=True)
class GivenUp:
    """An item that will not be tried again, how its last attempt failed, and the event that said so."""

    item: Item
    code: str
    message: str
    failed: Envelope


async def give_up_items(transaction: Transaction, given_up: Sequence[GivenUp]) -> None:
    """File and publish them. Their attempts have been written as ended before."""
    if not given_up:
        return
    histories = await read_attempts(transaction, [one.item.item_id for one in given_up])
    rows: list[dict[str, Any]] = []
    for one in given_up:
        item, history = one.item, histories[one.item.item_id]
        event = ItemGivenUp(
            instance_id=item.instance_id,
            job_id=item.job_id,
            item_id=item.item_id,
            image_id=item.image_id,
            code=one.code,
            message=one.message,
            attempts=tuple(PastAttempt.model_validate(attempt) for attempt in history),
        )
        envelope = transaction.publish(event, cause=one.failed)
        rows.append(
            {
                "id": envelope.id,
                "instance_id": item.instance_id,
                "job_id": item.job_id,
                "item_id": item.item_id,
                "code": one.code,
                "message": one.message,
                "attempts": len(history),
                "history": [attempt.model_dump(mode="json", by_alias=True) for attempt in event.attempts],
            }
        )
        log.error("item given up", item=item.item_id, job=item.job_id, code=one.code, attempts=len(history))
    await file_items(transaction, rows)
