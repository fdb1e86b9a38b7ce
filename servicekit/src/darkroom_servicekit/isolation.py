"""Gets a batch done whatever is in it: waits out what is away, and finds the messages that fail by themselves by halving.

A part of the batch that fails is split into halves, each a transaction of its own, until single messages are left. Single
messages are tried again for a bounded time per batch and then given up. Parts are settled in the order of the batch, and each is
reported as soon as it is settled, so that its offsets can be committed.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from time import monotonic

import structlog
from aiokafka import ConsumerRecord

from darkroom_servicekit.database import UnitOfWork
from darkroom_servicekit.handling import Failure, Handling
from darkroom_servicekit.outages import is_outage, may_be_the_request

RETRY_SECONDS_FIRST = 0.1
RETRY_SECONDS_MAX = 5.0
ATTEMPTS_MAX = 3
"""How often a message that fails by itself is tried before it is a dead letter."""
RETRYING_SECONDS_MAX = 5.0
"""How long a batch's messages may be tried again, all of them together. Afterwards each is given up at its first failure."""
SUSPECTED_TRIES_MAX = 2
"""How often a batch is tried that fails with what may be an outage or the batch's own fault, while the database answers."""
FAILURES_MAX = 50
"""Filed in one transaction at most."""
PART_STATEMENT_SECONDS_MAX = 5.0
"""Bounds the statements of parts of such a batch. A single message has the usual bound."""

Settled = Callable[[Sequence[ConsumerRecord]], Awaitable[None]]
"""Called with the messages that are settled now; with none as a sign that the work goes on."""

log = structlog.get_logger()


class Isolation:
    """Settles batches of one consumer, one at a time."""

    def __init__(self, handling: Handling, unit_of_work: UnitOfWork, settled: Settled) -> None:
        self._handling = handling
        self._uow = unit_of_work
        self._settled = settled
        self.waiting_for: str | None = None
        """What the present batch waits for, if it waits."""
        self._retrying_seconds_left = 0.0
        self._suspected = False
        self._failures: list[Failure] = []
        """Messages to be given up, not filed yet: none of them is settled, nor what stands behind them."""

    async def settle(self, records: Sequence[ConsumerRecord]) -> None:
        """Handle or give up each of the messages. Raises only what is neither an outage nor a message's fault."""
        self._retrying_seconds_left, self._suspected = RETRYING_SECONDS_MAX, False
        self._failures = []
        parts = [records]
        while parts:
            part = parts.pop()
            error = await self._handle(part)
            if error is not None and part is records:
                log.error("batch failed, looking for the cause by halves", messages=len(part), exc_info=error)
            if error is not None and len(part) > 1:
                middle = len(part) // 2
                parts += [part[middle:], part[:middle]]
                await self._settled(())
            elif error is None or await self._succeeds_again(part[0], error):
                await self._file_failures()
                await self._settled(part)
            elif len(self._failures) >= FAILURES_MAX:
                await self._file_failures()
        await self._file_failures()

    async def _handle(self, part: Sequence[ConsumerRecord]) -> Exception | None:
        """Handle a part, waiting out outages; the error, where it is the messages' own."""
        delay, tries = RETRY_SECONDS_FIRST, 0
        is_half = self._suspected and len(part) > 1
        statement_seconds = PART_STATEMENT_SECONDS_MAX if is_half else None
        while True:
            try:
                await self._handling.handle(part, statement_seconds=statement_seconds)
            except Exception as error:
                if not is_outage(error):
                    self.waiting_for = None
                    return error
                if may_be_the_request(error) and await self._database_answers():
                    tries += 1
                    if is_half or tries >= SUSPECTED_TRIES_MAX:
                        self.waiting_for, self._suspected = None, True
                        return error
                delay = await self._wait(error, delay)
            else:
                self.waiting_for = None
                return None

    async def _succeeds_again(self, record: ConsumerRecord, error: Exception) -> bool:
        """Try a message again that failed by itself; False when it is to be given up."""
        attempts = 1
        # What took too long has been tried often enough already.
        while attempts < ATTEMPTS_MAX and self._retrying_seconds_left > 0 and not is_outage(error):
            began = monotonic()
            attempts += 1
            await asyncio.sleep(RETRY_SECONDS_FIRST * attempts)
            again = await self._handle([record])
            self._retrying_seconds_left -= monotonic() - began
            if again is None:
                return True
            error = again
        self._failures.append(Failure(record, error, attempts))
        return False

    async def _file_failures(self) -> None:
        """File the messages that are given up, however long the database is away; then they are settled, too."""
        failures, delay = self._failures, RETRY_SECONDS_FIRST
        while failures:
            try:
                await self._handling.give_up(failures)
            except Exception as error:
                if not is_outage(error):
                    raise
                delay = await self._wait(error, delay)
            else:
                self.waiting_for, self._failures = None, []
                await self._settled([failure.record for failure in failures])
                return

    async def _wait(self, error: Exception, delay: float) -> float:
        """Wait for a dependency; how long to wait the next time."""
        self.waiting_for = type(error).__name__
        log.warning("waiting for a dependency", error=_in_words(error), in_seconds=delay)
        await asyncio.sleep(delay)
        return min(delay * 2, RETRY_SECONDS_MAX)

    async def _database_answers(self) -> bool:
        try:
            async with self._uow.read() as connection:
                await connection.exec_driver_sql("SELECT 1")
        except Exception as error:  # whatever it is, the database does not answer
            log.debug("the database does not answer", error=_in_words(error))
            return False
        return True


def _in_words(error: Exception) -> str:
    return repr(error)[:300]
