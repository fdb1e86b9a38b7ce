"""Redrives go on: a few letters at a time, as fast as each may, each with an event that says who had it tried again.

A message is handled again by the service that failed at it, from that service's own table; `MessagesRedriven` asks for it. A
message of the time before services kept their own goes to its topic again with its own id and headers: every consumer that has
handled it drops it by its id. An item is asked for again by jobs-api, which hears `DeadLettersRedriven`.
"""

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import uuid_utils
from darkroom_contracts.envelope import Envelope, utc_text
from darkroom_contracts.predictions import DeadLettersRedriven, MessagesRedriven
from darkroom_servicekit.database import Transaction, UnitOfWork
from darkroom_servicekit.loops import set_within
from darkroom_servicekit.outbox import OutboxRow

from darkroom_predictor.letters.store_redrives import due_redrive, go_on_after, next_redrive_seconds, take_letters

BATCH_MAX = 200
ROUND_SECONDS = 5.0
"""A throttled redrive takes its share of a minute in rounds of this length."""
MINUTE_SECONDS = 60.0
LOOK_SECONDS = 30.0
"""How often a replica looks by itself: for redrives that another one began and died."""


class RedriveLetters:
    """Goes on with redrives. `wake` when one has begun; `run` for ever."""

    def __init__(self, unit_of_work: UnitOfWork) -> None:
        self._unit_of_work = unit_of_work
        self._woken = asyncio.Event()

    def wake(self) -> None:
        """A redrive has begun."""
        self._woken.set()

    async def run(self) -> None:
        """Until cancelled; raises when the database is away, to be started again by its loop."""
        while True:
            self._woken.clear()
            while await self.step():
                pass
            async with self._unit_of_work.read() as connection:
                seconds = await next_redrive_seconds(connection)
            await set_within(self._woken, LOOK_SECONDS if seconds is None else min(seconds, LOOK_SECONDS))

    async def step(self) -> bool:
        """Go on with one redrive that may; whether there was one."""
        async with self._unit_of_work.begin() as transaction:
            redrive = await due_redrive(transaction)
            if redrive is None:
                return False
            allowed = allowed_now(redrive.per_minute, redrive.in_last_minute)
            rows = await take_letters(transaction, redrive.id, letters_max=allowed) if allowed else []
            again_seconds = ROUND_SECONDS if redrive.per_minute else 0.0
            await go_on_after(transaction, redrive.id, taken=len(rows), again_seconds=again_seconds)
            publish_redriven(transaction, rows, redrive_id=str(redrive.id), by=redrive.requested_by)
        return True


def allowed_now(per_minute: int | None, in_last_minute: int) -> int:
    """How many letters may be redriven in this round, so that no 60 seconds have more than `per_minute`."""
    if per_minute is None:
        return BATCH_MAX
    share = -(-per_minute * ROUND_SECONDS // MINUTE_SECONDS)
    return max(0, min(BATCH_MAX, int(share), per_minute - in_last_minute))


def publish_redriven(transaction: Transaction, rows: Sequence[Any], *, redrive_id: str, by: str) -> None:
    """The messages; and for each job's items, and each tenant's messages, the event that tells of it."""
    stories: dict[tuple[str, int | None], list[Any]] = {}
    kept: dict[tuple[str, str], list[str]] = {}
    for row in rows:
        if row.kind == "message" and row.kept_by_service:
            kept.setdefault((row.instance_id, row.service), []).append(str(row.id))
        elif row.kind == "message":
            transaction.publish_raw(_as_it_was(row))
        stories.setdefault((row.instance_id, row.job_id if row.kind == "item" else None), []).append(row)
    for (instance_id, service), ids in kept.items():
        transaction.publish(
            MessagesRedriven(instance_id=instance_id, redrive_id=redrive_id, service=service, dead_letter_ids=tuple(ids))
        )
    for (instance_id, job_id), of_story in stories.items():
        transaction.publish(
            DeadLettersRedriven(
                instance_id=instance_id,
                redrive_id=redrive_id,
                redriven_by=by,
                dead_letter_ids=tuple(str(row.id) for row in of_story),
                job_id=job_id,
                item_ids=tuple(sorted(row.item_id for row in of_story)) if job_id is not None else (),
            )
        )


def _as_it_was(row: Any) -> OutboxRow:
    """The message with its own headers and bytes; the envelope only names the row in our outbox."""
    here = Envelope(id=str(uuid_utils.uuid7()), type="", source="", subject="", time=utc_text(datetime.now(UTC)), dataschema="")
    headers = tuple((name, value) for name, value in row.headers)
    return OutboxRow(row.topic, row.instance_id, here, bytes(row.data), as_it_was=headers)
