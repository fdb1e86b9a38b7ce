"""Natural batching: while one flush runs, the others gather and go in the next. A lone write waits for nothing.

A stream of writes whose flushes are quick would still flush one by one; `spacing_seconds` between their starts bounds that.
"""

import asyncio
import contextvars
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from typing import Generic, TypeVar

BATCH_MAX = 500
WAITING_MAX = 10_000

T = TypeVar("T")
R = TypeVar("R")


class TooManyWaiting(Exception):
    """More writes wait than the bound allows: the caller should answer that it is busy."""


class GroupCommit(Generic[T, R]):
    """Turns many concurrent `submit`s into few `flush`es, each all or nothing, one at a time and in order of arrival.

    `flush` answers one result per element, in order; a result that is an Exception is raised to that element's caller alone, and
    an error raised by `flush` to the callers of that batch, no other.
    """

    def __init__(
        self,
        flush: Callable[[list[T]], Awaitable[Sequence[R | Exception]]],
        *,
        batch_max: int = BATCH_MAX,
        waiting_max: int = WAITING_MAX,
        spacing_seconds: float = 0.0,
    ) -> None:
        self._flush = flush
        self._batch_max = batch_max
        self._waiting_max = waiting_max
        self._spacing_seconds = spacing_seconds
        self._next_start_at = float("-inf")
        self._waiting: deque[tuple[T, asyncio.Future[R]]] = deque()
        self._runner: asyncio.Task[None] | None = None

    async def submit(self, element: T) -> R:
        """The result of `element`, once the flush that carried it has ended. Raises TooManyWaiting at the bound."""
        if len(self._waiting) >= self._waiting_max:
            raise TooManyWaiting(f"{self._waiting_max} writes wait already")
        future: asyncio.Future[R] = asyncio.get_running_loop().create_future()
        self._waiting.append((element, future))
        if self._runner is None:
            # An empty context: a flush belongs to many callers, so no caller's span or log ids may cling to it.
            self._runner = asyncio.create_task(self._run(), context=contextvars.Context())
        return await future

    async def drain(self) -> None:
        """Wait until nothing waits any more."""
        while self._runner is not None:
            await asyncio.wait([self._runner])

    async def _run(self) -> None:
        try:
            while self._waiting:
                await self._keep_spacing()
                await self._flush_batch(self._take())
        finally:
            self._runner = None
            while self._waiting:  # only when the runner itself was cancelled
                self._waiting.popleft()[1].cancel()

    async def _keep_spacing(self) -> None:
        clock = asyncio.get_running_loop().time
        if self._next_start_at > clock():
            await asyncio.sleep(self._next_start_at - clock())
        self._next_start_at = clock() + self._spacing_seconds

    def _take(self) -> list[tuple[T, asyncio.Future[R]]]:
        """The next batch, without those whose callers have gone."""
        batch: list[tuple[T, asyncio.Future[R]]] = []
        while self._waiting and len(batch) < self._batch_max:
            element, future = self._waiting.popleft()
            if not future.done():
                batch.append((element, future))
        return batch

    async def _flush_batch(self, batch: list[tuple[T, asyncio.Future[R]]]) -> None:
        if not batch:
            return
        try:
            results = await self._flush([element for element, _ in batch])
            assert len(results) == len(batch), f"{len(results)} results for {len(batch)} elements"
        except asyncio.CancelledError:
            for _, future in batch:
                future.cancel()
            raise
        except Exception as error:
            for _, future in batch:
                if not future.done():
                    future.set_exception(error)
            return
        for (_, future), result in zip(batch, results, strict=True):
            if future.done():
                continue
            if isinstance(result, Exception):
                future.set_exception(result)
            else:
                future.set_result(result)
