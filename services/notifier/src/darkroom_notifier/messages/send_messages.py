"""Works off the messages of one channel: woken by new ones, asleep until the next is due, any number of replicas at once.

A message is claimed under a lease, sent, and its end committed. A process killed between the vendor's answer and that commit
leaves a message that another sender takes when the lease ends, unless the vendor's report on it came first: neither SendGrid
nor Twilio nor SMTP knows an idempotency key, so then it is sent twice. Nothing is ever lost instead.
"""

import asyncio
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Protocol

import structlog
from darkroom_contracts.envelope import Envelope
from darkroom_contracts.notifications import NotificationFailed, NotificationSent
from darkroom_servicekit.database import Transaction, UnitOfWork
from darkroom_servicekit.group_commit import GroupCommit
from darkroom_servicekit.loops import set_within
from darkroom_servicekit.rate_limit import Turn

from darkroom_notifier.channels.door import Door, Outgoing, SendFailed
from darkroom_notifier.measures import Measures
from darkroom_notifier.messages.rules import ATTEMPTS_MAX, delay_before_retry, masked
from darkroom_notifier.messages.store import (
    Failure,
    Message,
    claim_due,
    next_due,
    record_failures,
    record_sent,
)
from darkroom_notifier.people.store import EVERY_TENANT, suppress

LEASE_SECONDS = 60.0
BATCH_MAX = 16
LOOK_SECONDS_MAX = 15.0
"""How late a message may be found that another process queued and did not live to send."""
NAP_SECONDS = 0.05

log = structlog.get_logger()


class Limiter(Protocol):
    """How fast a vendor may be asked, over all replicas."""

    async def turn(self, key: str) -> Turn:
        """Count one request."""


@dataclass(frozen=True)
class Outcome:
    """How one attempt ended: with the vendor's id, or with a failure."""

    message: Message
    provider_id: str | None = None
    failure: SendFailed | None = None


class Sender:
    """One channel's sender. `run` for ever."""

    def __init__(
        self,
        channel: str,
        *,
        door: Door,
        compose: Callable[[Message], Outgoing],
        unit_of_work: UnitOfWork,
        limiter: Limiter,
        measures: Measures,
    ) -> None:
        self.channel = channel
        self._door = door
        self._compose = compose
        self._uow = unit_of_work
        self._limiter = limiter
        self._measures = measures
        self._woken = asyncio.Event()
        self._record: GroupCommit[Outcome, None] = GroupCommit(self._record_all)

    def wake(self) -> None:
        """There are new messages."""
        self._woken.set()

    async def run(self) -> None:
        """Send what is due; sleep until something is."""
        while True:
            self._woken.clear()
            wait = await self._seconds_until_due()
            if wait > 0:
                await set_within(self._woken, max(wait, NAP_SECONDS))
                continue
            turns, pause = await self._take_turns()
            if turns:
                await asyncio.gather(*(self._send(message) for message in await self._claim(turns)))
            if pause:
                await asyncio.sleep(pause)

    async def _seconds_until_due(self) -> float:
        async with self._uow.begin() as transaction:
            due = await next_due(transaction.connection, self.channel)
        if due is None:
            return LOOK_SECONDS_MAX
        return min(LOOK_SECONDS_MAX, (due - transaction.now).total_seconds())

    async def _take_turns(self) -> tuple[int, float]:
        """How many messages the vendor's limit lets out now, and how long to wait after that."""
        for taken in range(BATCH_MAX):
            turn = await self._limiter.turn(self._door.vendor)
            if not turn.allowed:
                return taken, max(turn.wait_seconds, NAP_SECONDS)
        return BATCH_MAX, 0.0

    async def _claim(self, limit: int) -> Sequence[Message]:
        async with self._uow.begin() as transaction:
            return await claim_due(transaction, self.channel, vendor=self._door.vendor, limit=limit, lease_seconds=LEASE_SECONDS)

    async def _send(self, message: Message) -> None:
        outcome = await self._attempt(message)
        await self._record.submit(outcome)

    async def _attempt(self, message: Message) -> Outcome:
        if message.suppressed:
            told = f"the address is not written to any more: {message.suppressed}"
            return Outcome(message, failure=SendFailed("suppressed", told, again="never"))
        if message.attempts > ATTEMPTS_MAX:  # its senders died every time
            return Outcome(message, failure=SendFailed("out-of-attempts", "no attempt came to an end", again="never"))
        try:
            return Outcome(message, provider_id=await self._door.send(self._compose(message)))
        except SendFailed as failure:
            return Outcome(message, failure=failure)
        except Exception as error:  # one message that cannot be written must not stop the others
            log.error("message failed", channel=self.channel, kind=message.kind, exc_info=error)
            return Outcome(message, failure=SendFailed("fault", type(error).__name__, again="later"))

    async def _record_all(self, outcomes: list[Outcome]) -> list[None]:
        """Commit how attempts ended, and publish what is final."""
        by_id = {outcome.message.id: outcome for outcome in outcomes}
        async with self._uow.begin() as transaction:
            sent = {one.message.id: one.provider_id for one in outcomes if one.failure is None}
            for message_id in await record_sent(transaction, sent):
                publish_sent(transaction, by_id[message_id].message, self._door.vendor, sent[message_id])
            failures = [_failed(transaction, one.message, one.failure) for one in outcomes if one.failure]
            ours = await record_failures(transaction, failures)
            final = [one for one in failures if one.state == "failed" and one.message.id in ours]
            for failure in final:
                _publish_failed(transaction, failure, self._door.vendor)
            await suppress(transaction, _to_suppress(outcomes))
        self._tell(outcomes, failures)
        return [None] * len(outcomes)

    def _tell(self, outcomes: Sequence[Outcome], failures: Sequence[Failure]) -> None:
        count = self._measures.messages.labels
        for _ in range(sum(one.failure is None for one in outcomes)):
            count(channel=self.channel, outcome="sent").inc()
        for one in failures:
            count(channel=self.channel, outcome="failed" if one.state == "failed" else "retried").inc()
            log.warning(
                "message not sent",
                channel=self.channel,
                message_id=str(one.message.id),
                to=masked(one.message.address),
                code=one.code,
                attempts=one.message.attempts,
                given_up=one.state == "failed",
            )


def publish_sent(transaction: Transaction, message: Message, vendor: str, provider_id: str | None) -> None:
    """Tell that a vendor has a message."""
    event = NotificationSent(**_about(message, vendor), provider_message_id=provider_id)
    transaction.publish(event, cause=_cause(message))


def publish_undelivered(transaction: Transaction, message: Message, vendor: str, status: str) -> None:
    """Tell that a message was sent and did not arrive."""
    event = NotificationFailed(**_about(message, vendor), code=status, message=f"{vendor} could not deliver it")
    transaction.publish(event, cause=_cause(message))


def _publish_failed(transaction: Transaction, failure: Failure, vendor: str) -> None:
    event = NotificationFailed(**_about(failure.message, vendor), code=failure.code, message=failure.error)
    transaction.publish(event, cause=_cause(failure.message))


def _failed(transaction: Transaction, message: Message, failure: SendFailed) -> Failure:
    delay = delay_before_retry(failure, attempts=message.attempts, jitter=random.random())
    if delay is None:
        code = failure.code if failure.again == "never" else "out-of-attempts"
        return Failure(message, "failed", transaction.now, code, failure.message)
    return Failure(message, "pending", transaction.now + timedelta(seconds=delay), failure.code, failure.message)


def _to_suppress(outcomes: Sequence[Outcome]) -> set[tuple[str, str, str, str]]:
    return {
        (one.message.channel, one.message.address, EVERY_TENANT, one.failure.suppress)
        for one in outcomes
        if one.failure and one.failure.suppress
    }


def _about(message: Message, vendor: str) -> dict[str, Any]:
    return {
        "instance_id": message.instance_id,
        "message_id": str(message.id),
        "notification_id": str(message.notification_id),
        "kind": message.kind,
        "channel": message.channel,
        "subject_id": message.recipient,
        "vendor": vendor,
        "attempts": message.attempts,
        "job_id": message.job_id,
    }


def _cause(message: Message) -> Envelope:
    """The event that the message tells of; only its id is known here."""
    story = None if message.job_id is None else str(message.job_id)
    return Envelope(id=str(message.event_id), type="", source="", subject="", time="", dataschema="", correlation_id=story)
