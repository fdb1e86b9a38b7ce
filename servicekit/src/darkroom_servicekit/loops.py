"""Background loops that outlive their errors: an outage of a dependency is waited out, said once, and ended by itself."""

import asyncio
from collections.abc import Awaitable, Callable

import structlog

from darkroom_servicekit.metrics import KitMetrics

BACKOFF_SECONDS_FIRST = 0.2
BACKOFF_SECONDS_MAX = 5.0
HEALTHY_AFTER_SECONDS = 10.0
PATIENCE_SECONDS = 7.0
CANCELLATIONS_MAX = 2

log = structlog.get_logger()


async def set_within(event: asyncio.Event, seconds: float) -> bool:
    """Wait until the event is set, but no longer than `seconds`; whether it was set. The caller clears it."""
    try:
        async with asyncio.timeout(seconds):
            await event.wait()
    except TimeoutError:
        return False
    return True


class Loops:
    """Runs named coroutines for as long as the process serves, each started again when it fails."""

    def __init__(self, metrics: KitMetrics) -> None:
        self._metrics = metrics
        self._tasks: list[asyncio.Task[None]] = []
        self._stopping = False

    def start(self, name: str, run: Callable[[], Awaitable[None]]) -> None:
        """Keep `run` running. It is expected never to return; when it does, it is called again."""
        self._tasks.append(asyncio.create_task(self._keep_running(name, run), name=name))

    async def stop(self, *, patience_seconds: float = PATIENCE_SECONDS) -> None:
        """Cancel all loops, the last started first, and wait for them to put things away."""
        self._stopping = True
        while self._tasks:
            await self._end(self._tasks.pop(), patience_seconds)

    @staticmethod
    async def _end(task: "asyncio.Task[None]", patience_seconds: float) -> None:
        """Cancel until it ends: a library in the middle of connecting may swallow a cancellation, and did.

        Not sooner than `patience_seconds`: a second cancellation would break off what the first has begun to close.
        """
        for _ in range(CANCELLATIONS_MAX):
            task.cancel()
            await asyncio.wait([task], timeout=patience_seconds)
            if task.done():
                return
        log.error("loop does not end", loop=task.get_name())

    async def _keep_running(self, name: str, run: Callable[[], Awaitable[None]]) -> None:
        clock = asyncio.get_running_loop().time
        backoff = BACKOFF_SECONDS_FIRST
        while True:
            started = clock()
            try:
                await run()
            except Exception as error:  # a loop ends only with its process
                if self._stopping:
                    return  # the error came of the cancellation, and replaced it
                _forget_cancellations()
                self._metrics.loop_restarts.labels(loop=name).inc()
                log.warning("loop failed, trying again", loop=name, error=cause_in_words(error), in_seconds=backoff)
                log.debug("loop failure", loop=name, exc_info=True)
            backoff = BACKOFF_SECONDS_FIRST if clock() - started > HEALTHY_AFTER_SECONDS else backoff
            await asyncio.sleep(backoff)
            backoff = min(backoff * 2, BACKOFF_SECONDS_MAX)


def _forget_cancellations() -> None:
    """Take back the cancellations of a task group that failed: before Python 3.13 it may leave its task counted as cancelled.

    The next group that fails would then end the task with a CancelledError in place of the failure.
    """
    task = asyncio.current_task()
    while task is not None and task.cancelling():
        task.uncancel()


def cause_in_words(error: BaseException) -> str:
    """Return the type and first line of an error; for a group of errors, as task groups raise it, those of its first member."""
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    return f"{type(error).__name__}: {str(error).splitlines()[0] if str(error) else ''}"[:300]
