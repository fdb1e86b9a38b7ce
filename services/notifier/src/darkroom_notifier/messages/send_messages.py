"""Sends the messages of one channel: woken by new ones, asleep until the next is due, any number of replicas at once.

Only what can start now is claimed, under a lease that is longer than the longest attempt; right before the step that cannot be
taken back the lease is looked at. A process killed between the vendor's answer and the commit of that leaves a message that
another sender takes when the lease ends, unless the vendor's report on it came first: neither SendGrid nor Twilio nor SMTP knows
an idempotency key, so then it is sent twice.
"""

import asyncio
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from typing import Protocol

import structlog
from darkroom_servicekit.database import UnitOfWork
from darkroom_servicekit.group_commit import GroupCommit
from darkroom_servicekit.loops import set_within
from darkroom_servicekit.rate_limit import Turn

from darkroom_notifier.channels.door import Door, Outgoing, SendFailed
from darkroom_notifier.measures import Measures
from darkroom_notifier.messages.claim import Queue, claim_due, extend_lease, next_due
from darkroom_notifier.messages.expire import expire_messages
from darkroom_notifier.messages.record_outcomes import Outcome, record_outcomes
from darkroom_notifier.messages.rules import masked
from darkroom_notifier.messages.store import Failure, Message

LEASE_SECONDS = 180.0
LEASE_FRESH_SECONDS = 60.0
"""So long after the claim the lease is surely ours: what remains is more than half of it."""
LOOK_SECONDS_MAX = 15.0
"""How late a message may be found that another process queued and did not live to send."""
NAP_SECONDS = 0.05
STOP_SECONDS_MAX = 5.0
"""How long attempts that are under way may still end when the service stops."""

log = structlog.get_logger()


class LeaseLost(Exception):
    """The message is another sender's by now."""


class Limiter(Protocol):
    """How fast a vendor may be asked, over all replicas."""

    async def turn(self, key: str) -> Turn:
        """Count one request."""


@dataclass(frozen=True, kw_only=True)
class Sending:
    """What a channel is sent by: the vendor, the words, and the age at which its messages are given up."""

    door: Door
    compose: Callable[[Message], Outgoing]
    age_max: timedelta


class Sender:
    """One channel's sender. `run` for ever."""

    def __init__(self, queue: Queue, sending: Sending, *, unit_of_work: UnitOfWork, limiter: Limiter, measures: Measures) -> None:
        self._queue = queue
        self._sending = sending
        self._uow = unit_of_work
        self._limiter = limiter
        self._measures = measures
        self._woken = asyncio.Event()
        self._under_way: set[asyncio.Task[None]] = set()
        self._record: GroupCommit[Outcome, None] = GroupCommit(self._record_all)

    def wake(self) -> None:
        """There are new messages."""
        self._woken.set()

    async def run(self) -> None:
        """Send what is due; sleep until something is."""
        try:
            while True:
                self._woken.clear()
                await self._look_once()
        finally:
            await self._end_attempts()

    async def _look_once(self) -> None:
        """Start what is due and can start; otherwise wait until an attempt ends, a message comes, or the next one is due."""
        self._raise_what_failed()
        await self._expire()
        wait = await self._seconds_until_due()
        free = self._sending.door.at_once_max - len(self._under_way)
        if wait > 0 or free <= 0:
            await set_within(self._woken, max(wait, NAP_SECONDS) if free > 0 else LOOK_SECONDS_MAX)
            return
        turns, pause = await self._take_turns(free)
        claimed_at = time.monotonic()
        claimed = await self._claim(turns) if turns else []
        for message in claimed:
            task = asyncio.create_task(self._send(message, claimed_at))
            self._under_way.add(task)
            task.add_done_callback(lambda _: self._woken.set())
        if pause:
            await asyncio.sleep(pause)
        elif not claimed:
            await set_within(self._woken, NAP_SECONDS)

    def _raise_what_failed(self) -> None:
        """Forget attempts that ended. Raises the error of one whose outcome could not be recorded."""
        ended = {task for task in self._under_way if task.done()}
        self._under_way -= ended
        for task in ended:
            task.result()

    async def _end_attempts(self) -> None:
        if self._under_way:
            _, left = await asyncio.wait(self._under_way, timeout=STOP_SECONDS_MAX)
            for task in left:
                task.cancel()
            await asyncio.gather(*self._under_way, return_exceptions=True)
            self._under_way.clear()

    async def _expire(self) -> None:
        async with self._uow.begin() as transaction:
            expired = await expire_messages(transaction, self._queue, self._sending.age_max)
        if expired:
            self._measures.messages.labels(channel=self._queue.channel, outcome="too-old").inc(len(expired))
            log.warning("messages given up by age", channel=self._queue.channel, messages=len(expired))
            self._woken.set()

    async def _seconds_until_due(self) -> float:
        async with self._uow.begin() as transaction:
            due, paused = await next_due(transaction.connection, self._queue)
        self._measures.accounts_paused.labels(account=self._queue.account).set(paused)
        if due is None:
            return LOOK_SECONDS_MAX
        return min(LOOK_SECONDS_MAX, (due - transaction.now).total_seconds())

    async def _take_turns(self, wanted: int) -> tuple[int, float]:
        """How many messages the vendor's limit lets out now, and how long to wait after that."""
        for taken in range(wanted):
            turn = await self._limiter.turn(self._queue.vendor)
            if not turn.allowed:
                return taken, max(turn.wait_seconds, NAP_SECONDS)
        return wanted, 0.0

    async def _claim(self, limit: int) -> Sequence[Message]:
        async with self._uow.begin() as transaction:
            return await claim_due(transaction, self._queue, limit=limit, lease_seconds=LEASE_SECONDS)

    async def _send(self, message: Message, claimed_at: float) -> None:
        try:
            outcome = await self._attempt(message, claimed_at)
        except LeaseLost:
            log.warning("lease lost before sending", channel=self._queue.channel, message_id=str(message.id))
            return
        await self._record.submit(outcome)

    async def _attempt(self, message: Message, claimed_at: float) -> Outcome:
        if message.suppressed:
            told = f"the address is not written to any more: {message.suppressed}"
            return Outcome(message, failure=SendFailed("suppressed", told, again="never"))
        try:
            outgoing = self._sending.compose(message)
            confirm = partial(self._confirm, message, claimed_at)
            return Outcome(message, provider_id=await self._sending.door.send(outgoing, confirm=confirm))
        except SendFailed as failure:
            return Outcome(message, failure=failure)
        except LeaseLost:
            raise
        except Exception as error:  # one message that cannot be written must not stop the others
            log.error("message failed", channel=self._queue.channel, kind=message.kind, exc_info=error)
            return Outcome(message, failure=SendFailed("fault", type(error).__name__, again="later"))

    async def _confirm(self, message: Message, claimed_at: float) -> None:
        """Extend a lease that is not fresh any more. Raises LeaseLost when another sender has the message."""
        if time.monotonic() - claimed_at < LEASE_FRESH_SECONDS:
            return
        async with self._uow.begin() as transaction:
            if not await extend_lease(transaction, message, lease_seconds=LEASE_SECONDS):
                raise LeaseLost(str(message.id))

    async def _record_all(self, outcomes: list[Outcome]) -> list[None]:
        async with self._uow.begin() as transaction:
            failures = await record_outcomes(transaction, self._queue, outcomes)
        self._report(outcomes, failures)
        return [None] * len(outcomes)

    def _report(self, outcomes: Sequence[Outcome], failures: Sequence[Failure]) -> None:
        count = partial(self._measures.messages.labels, channel=self._queue.channel)
        count(outcome="sent").inc(sum(one.failure is None for one in outcomes))
        for one in failures:
            count(outcome="failed" if one.state == "failed" else "retried").inc()
            log.warning(
                "message not sent",
                channel=self._queue.channel,
                message_id=str(one.message.id),
                to=masked(one.message.address),
                code=one.code,
                attempts=one.message.attempts,
                given_up=one.state == "failed",
            )
