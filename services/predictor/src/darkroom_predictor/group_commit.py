"""Many single writes, one transaction: while one flush runs, the next writes gather.

A write that fails by itself is told to its caller and does not spoil the others'; an outage of the database is waited out.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Generic, TypeVar

import structlog
from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout

BATCH_MAX = 500
RETRY_SECONDS_FIRST = 0.1
RETRY_SECONDS_MAX = 5.0

T = TypeVar("T")

log = structlog.get_logger()


class GroupCommit(Generic[T]):
    """`write` returns when its value has been committed."""

    def __init__(self, flush: Callable[[Sequence[T]], Awaitable[None]]) -> None:
        self._flush = flush
        self._waiting: list[tuple[T, asyncio.Future[None]]] = []
        self._flushing: asyncio.Task[None] | None = None

    async def write(self, value: T) -> None:
        """Raises what the flush of this value alone raised."""
        done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append((value, done))
        if self._flushing is None:
            self._flushing = asyncio.create_task(self._drain())
        await done

    async def _drain(self) -> None:
        try:
            while self._waiting:
                batch, self._waiting = self._waiting[:BATCH_MAX], self._waiting[BATCH_MAX:]
                await self._write(batch)
        finally:
            self._flushing = None

    async def _write(self, batch: Sequence[tuple[T, asyncio.Future[None]]]) -> None:
        try:
            await self._flush_through_outages([value for value, _ in batch])
        except Exception as error:
            if len(batch) > 1:
                for one in batch:
                    await self._write([one])
            elif not batch[0][1].done():
                batch[0][1].set_exception(error)
        else:
            for _, done in batch:
                if not done.done():
                    done.set_result(None)

    async def _flush_through_outages(self, values: Sequence[T]) -> None:
        delay = RETRY_SECONDS_FIRST
        while True:
            try:
                await self._flush(values)
            except Exception as error:
                if not is_outage(error):
                    raise
                log.warning("waiting for the database", writes=len(values), error=repr(error)[:200], in_seconds=delay)
                await asyncio.sleep(delay)
                delay = min(delay * 2, RETRY_SECONDS_MAX)
            else:
                return


def is_outage(error: BaseException) -> bool:
    """Whether the database is away, so that the same write is right later."""
    if isinstance(error, OSError | TimeoutError | PoolTimeout | OperationalError | InterfaceError):
        return True
    return isinstance(error, DBAPIError) and error.connection_invalidated
