"""Requests that wait for the decision on a job's credits, woken on whichever replica they wait.

Redis carries the wake-up and nothing else: a waiter that is woken, or has heard nothing while Redis was away, reads the row.
So a lost message costs time, never a decision. One subscription per process.
"""

import asyncio
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import structlog
from darkroom_servicekit.loops import set_within
from redis.asyncio import Redis
from redis.exceptions import RedisError

CHANNEL = "darkroom:jobs-api:decided"
POLL_SECONDS = 0.25
"""How often a waiter reads the row itself while the subscription is down."""
LISTEN_SECONDS = 30.0
PUBLISH_SECONDS_MAX = 1.0

log = structlog.get_logger()


class Decisions:
    """The waiters of one process. `run` for ever."""

    def __init__(self, redis: Redis) -> None:
        self._redis = redis
        self._waiting: dict[int, asyncio.Event] = {}
        self.subscribed = False
        self._publishing: set[asyncio.Task[None]] = set()

    @contextmanager
    def expected(self, job_id: int) -> Iterator[asyncio.Event]:
        """Be woken for this job from now on; begin before its commit, so that no decision can come earlier."""
        woken = self._waiting[job_id] = asyncio.Event()
        try:
            yield woken
        finally:
            self._waiting.pop(job_id, None)

    def announce(self, job_ids: Sequence[int]) -> None:
        """These jobs were decided: wake who waits here; the other processes are told of those whose one waiter is not here."""
        self._wake(job_ids)
        elsewhere = [job_id for job_id in job_ids if job_id not in self._waiting]
        if elsewhere:
            task = asyncio.create_task(self._publish(",".join(map(str, elsewhere))))
            self._publishing.add(task)
            task.add_done_callback(self._publishing.discard)

    async def look_again(self, woken: asyncio.Event, *, seconds: float) -> None:
        """Return when it is worth reading the row: woken, or `seconds` over, or a short while when Redis cannot wake us."""
        if await set_within(woken, seconds if self.subscribed else min(seconds, POLL_SECONDS)):
            woken.clear()

    async def run(self) -> None:
        """Listen until cancelled; raises when Redis fails, to be started again by its loop."""
        try:
            async with self._redis.pubsub(ignore_subscribe_messages=True) as subscription:
                await subscription.subscribe(CHANNEL)
                self.subscribed = True
                self._wake(list(self._waiting))  # what was published before this moment is in the rows
                while True:
                    message = await subscription.get_message(timeout=LISTEN_SECONDS)
                    if message is not None:
                        self._wake([int(part) for part in message["data"].split(b",") if part.isdigit()])
        finally:
            self.subscribed = False
            self._wake(list(self._waiting))

    def _wake(self, job_ids: Sequence[int]) -> None:
        for job_id in job_ids:
            if woken := self._waiting.get(job_id):
                woken.set()

    async def _publish(self, job_ids: str) -> None:
        try:
            async with asyncio.timeout(PUBLISH_SECONDS_MAX):
                await self._redis.publish(CHANNEL, job_ids)
        except (RedisError, OSError) as error:
            log.warning("wake-up not sent", error=repr(error)[:200])
