"""Drops dead letters: an operator decides so, or nobody decided on a message for as long as services keep it.

The service that keeps a dropped message hears `MessagesDropped` and deletes it, so what is listed as open can be redriven.
"""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

import structlog
from darkroom_contracts.predictions import MessagesDropped
from darkroom_servicekit.database import Transaction, UnitOfWork
from darkroom_servicekit.housekeeping import forget

from darkroom_predictor.letters.letter import Letter
from darkroom_predictor.letters.store import mark_dropped, mark_undecided_dropped

RETENTION = "retention"
"""Who dropped the messages that nobody decided on."""
DROPPED_AT_ONCE_MAX = 200

log = structlog.get_logger()


async def drop_letter(transaction: Transaction, letter_id: UUID, *, reason: str, dropped_by: str) -> Letter:
    """Drop an open letter for a reason, which is kept. Raises LetterNotFound, LetterNotOpen."""
    letter, kept_by_service = await mark_dropped(transaction, letter_id, reason=reason, dropped_by=dropped_by)
    if kept_by_service:
        publish_dropped(transaction, [letter])
    return letter


async def drop_undecided(unit_of_work: UnitOfWork, *, keep_days: int) -> None:
    """Drop the open messages that were filed more than `keep_days` ago, in bounded batches. Items stay open."""
    reason = f"nobody decided on it within {keep_days} days"

    async def drop_some(transaction: Transaction, limit: int) -> int:
        rows = await mark_undecided_dropped(transaction, keep_days=keep_days, limit=limit, reason=reason, dropped_by=RETENTION)
        publish_dropped(transaction, rows)
        if rows:
            log.warning("dropped messages that nobody decided on", messages=len(rows), keep_days=keep_days)
        return len(rows)

    await forget(unit_of_work, "undecided dead letters", drop_some, rows_max=DROPPED_AT_ONCE_MAX)


def publish_dropped(transaction: Transaction, letters: Sequence[Letter | Any]) -> None:  # Any: a database row with the same names
    """Publish MessagesDropped for each tenant and service of these letters."""
    ids: dict[tuple[str, str], list[str]] = {}
    for letter in letters:
        ids.setdefault((letter.instance_id, letter.service), []).append(str(letter.id))
    for (instance_id, service), of_service in ids.items():
        transaction.publish(MessagesDropped(instance_id=instance_id, service=service, dead_letter_ids=tuple(of_service)))
