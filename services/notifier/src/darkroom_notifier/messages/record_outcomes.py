"""Commits how attempts ended: the messages' states, what the account's state becomes, suppressed addresses, and the events."""

import random
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import timedelta

from darkroom_servicekit.database import Transaction

from darkroom_notifier.channels.door import SendFailed
from darkroom_notifier.messages.accounts import lock_account, save_account
from darkroom_notifier.messages.breaker import AccountFailure, Outcomes, after_outcomes
from darkroom_notifier.messages.claim import Queue
from darkroom_notifier.messages.publish import publish_failed, publish_sent
from darkroom_notifier.messages.rules import delay_before_retry
from darkroom_notifier.messages.store import Failure, Message, record_failures, record_sent
from darkroom_notifier.people.store import EVERY_TENANT, Suppression, suppress


@dataclass(frozen=True)
class Outcome:
    """How one attempt ended: with the vendor's id, or with a failure."""

    message: Message
    provider_id: str | None = None
    failure: SendFailed | None = None


async def record_outcomes(transaction: Transaction, queue: Queue, outcomes: Sequence[Outcome]) -> list[Failure]:
    """Commit how attempts ended and publish what is final; the failures."""
    by_id = {outcome.message.id: outcome for outcome in outcomes}
    sent = {one.message.id: one.provider_id for one in outcomes if one.failure is None}
    for message_id in await record_sent(transaction, sent):
        publish_sent(transaction, by_id[message_id].message, queue.vendor, sent[message_id])
    failures = [_failed(transaction, one.message, one.failure) for one in outcomes if one.failure]
    ours = await record_failures(transaction, failures)
    for one in failures:
        if one.state == "failed" and one.message.id in ours:
            publish_failed(transaction, one.message, queue.vendor, code=one.code, error=one.error)
    await suppress(transaction, _to_suppress(outcomes))
    await _record_account(transaction, queue, outcomes)
    return failures


def account_outcomes(outcomes: Sequence[Outcome]) -> Outcomes:
    """What the attempts say of the account."""
    failing: set[str] = set()
    failure: AccountFailure | None = None
    for one in outcomes:
        if one.failure is None or one.failure.blames == "message":
            continue
        blamed = one.failure.blames == "account"
        failing.add(str(one.message.id) if blamed else f"tenant {one.message.instance_id}")
        failure = AccountFailure(code=one.failure.code, message=one.failure.message, after_seconds=one.failure.after_seconds)
    return Outcomes(
        ended=frozenset(one.message.id for one in outcomes),
        succeeded=any(one.failure is None for one in outcomes),
        failing=frozenset(failing),
        failure=failure,
    )


async def _record_account(transaction: Transaction, queue: Queue, outcomes: Sequence[Outcome]) -> None:
    account = await lock_account(transaction, queue.account, queue.channel)
    state = after_outcomes(account.state, account_outcomes(outcomes), transaction.now, jitter=random.random())
    if state != account.state:
        await save_account(transaction, replace(account, state=state))


def _failed(transaction: Transaction, message: Message, failure: SendFailed) -> Failure:
    delay = delay_before_retry(failure, attempts=message.attempts, jitter=random.random())
    if delay is None:
        return Failure(message, "failed", transaction.now, failure.code, failure.message)
    return Failure(message, "pending", transaction.now + timedelta(seconds=delay), failure.code, failure.message)


def _to_suppress(outcomes: Sequence[Outcome]) -> set[Suppression]:
    return {
        (one.message.channel, one.message.address, EVERY_TENANT, one.failure.suppress)
        for one in outcomes
        if one.failure and one.failure.suppress
    }
