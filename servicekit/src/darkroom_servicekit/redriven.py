"""Does what operators decide about the service's own dead letters: `MessagesRedriven` has messages handled again from the
table, `MessagesDropped` has them deleted from it.

Each message is a transaction of its own: its effects, and the end of its dead letter. A message that fails again is announced
again.
"""

import asyncio
from collections.abc import Sequence

import structlog
from darkroom_contracts.predictions import MessagesDropped, MessagesRedriven

from darkroom_servicekit.database import Transaction, UnitOfWork
from darkroom_servicekit.dead_letters import DeadLetter, close_letter, drop_letters, lock_next_due, mark_due, reopen_letter
from darkroom_servicekit.error_text import error_text
from darkroom_servicekit.handling import HANDLER_ERROR, Handling, StillRefused
from darkroom_servicekit.loops import set_within
from darkroom_servicekit.outages import is_outage, may_be_the_request
from darkroom_servicekit.stages import Received

LOOK_SECONDS = 30.0
"""How often a replica looks by itself: for letters that another one marked and died."""

log = structlog.get_logger()


class RedrivenMessages:
    """The redriven messages of one service. `run` for ever."""

    def __init__(self, unit_of_work: UnitOfWork, *, service: str, announce_on: str) -> None:
        self._uow = unit_of_work
        self._service = service
        self._announce_on = announce_on
        self._woken = asyncio.Event()

    async def on_messages_redriven(self, transaction: Transaction, batch: Sequence[Received[MessagesRedriven]]) -> None:
        """Mark this service's letters as due."""
        ours = [received.event for received in batch if received.event.service == self._service]
        ids = [letter_id for event in ours for letter_id in event.dead_letter_ids]
        if not ids:
            return
        marked = await mark_due(transaction, ids)
        if marked < len(ids):
            log.warning("redriven messages are not here, or are due already", messages=len(ids) - marked)
        transaction.after_commit(self._woken.set)

    async def on_messages_dropped(self, transaction: Transaction, batch: Sequence[Received[MessagesDropped]]) -> None:
        """Delete this service's letters that nothing will be done about."""
        ids = [letter_id for one in batch if one.event.service == self._service for letter_id in one.event.dead_letter_ids]
        if ids:
            dropped = await drop_letters(transaction, ids)
            log.info("messages that could not be handled were dropped", messages=dropped)

    async def run(self, handling: Handling) -> None:
        """Handle what is due until cancelled. Raises when the database is away, to be started again by its loop."""
        while True:
            self._woken.clear()
            while await self._step(handling):
                pass
            await set_within(self._woken, LOOK_SECONDS)

    async def _step(self, handling: Handling) -> bool:
        """Handle the next due message; False when there is none."""
        letter: DeadLetter | None = None
        try:
            async with self._uow.begin() as transaction:
                letter = await lock_next_due(transaction)
                if letter is None:
                    return False
                await handling.handle_letter(transaction, letter)
                await close_letter(transaction, letter)
        except Exception as error:
            if letter is None or (is_outage(error) and not may_be_the_request(error)):
                raise
            await self._reopen(letter, error)
        else:
            log.info("redriven message handled", id=str(letter.id), topic=letter.topic, offset=letter.record_offset)
        return True

    async def _reopen(self, letter: DeadLetter, error: Exception) -> None:
        still_refused = isinstance(error, StillRefused)
        reason = error.reason if isinstance(error, StillRefused) else HANDLER_ERROR
        detail = str(error) if still_refused else error_text(error)
        log.error("redriven message failed again", id=str(letter.id), reason=reason, exc_info=None if still_refused else error)
        async with self._uow.begin() as transaction:
            await reopen_letter(transaction, letter, reason=reason, detail=detail, announce_on=self._announce_on)
