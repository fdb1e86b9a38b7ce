"""Delivery of the vendors' reports: as unreliable as the options say, repeated for a while when they are not taken."""

import asyncio
import random
from collections.abc import Callable

from darkroom_sandbox.http_post import HttpPoster, PostFailed
from darkroom_sandbox.messages.options import ReportOptions

RETRY_AFTER_SECONDS = (1, 2, 4, 8, 16, 30)
ATTEMPT_SECONDS = 8.0
AT_ONCE_MAX = 32
WAITING_MAX = 50_000
SHUFFLE_SECONDS = 1.5

Signer = Callable[[bytes], dict[str, str]]
"""The headers for a body, its signature among them; made anew for each attempt."""


class Courier:
    """Posts reports, each in a task of its own, a bounded number under way."""

    def __init__(self, poster: HttpPoster) -> None:
        self._poster = poster
        self._tasks: set[asyncio.Task[None]] = set()
        self._free = asyncio.Semaphore(AT_ONCE_MAX)

    def send(self, url: str, body: bytes, sign: Signer, options: ReportOptions) -> None:
        """Takes a report for delivery and returns at once."""
        if options.lose_rate and random.random() < options.lose_rate:
            return
        copies = 2 if options.repeat_rate and random.random() < options.repeat_rate else 1
        for _ in range(copies):
            if len(self._tasks) >= WAITING_MAX:
                return
            wait = options.delay_seconds + (random.uniform(0, SHUFFLE_SECONDS) if options.shuffle else 0)
            task = asyncio.get_running_loop().create_task(self._deliver(url, body, sign, wait))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    def close(self) -> None:
        """Stops; what is waiting is dropped."""
        for task in self._tasks:
            task.cancel()
        self._poster.close()

    async def _deliver(self, url: str, body: bytes, sign: Signer, wait: float) -> None:
        for pause in (wait, *RETRY_AFTER_SECONDS):
            await asyncio.sleep(pause)
            async with self._free:
                try:
                    status = await self._poster.post(url, sign(body), body, timeout_seconds=ATTEMPT_SECONDS)
                except PostFailed:
                    status = 0
            if 200 <= status < 300:
                return
