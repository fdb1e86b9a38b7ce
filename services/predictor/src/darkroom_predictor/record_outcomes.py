"""How calls ended, written down: many outcomes, one transaction, each with its event."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import structlog
from darkroom_contracts.predictions import PredictionCreated
from darkroom_servicekit.database import Transaction

from darkroom_predictor.attempt_store import mark_created, mark_unknown
from darkroom_predictor.fail_attempts import FailAttempts, Failure
from darkroom_predictor.fair_queue import Hints
from darkroom_predictor.items import Then
from darkroom_predictor.providers.door import Accepted, NotSent, Outcome, Refusal, Refused, Unanswered
from darkroom_predictor.queue_store import mark_sent

log = structlog.get_logger()

THEN = {
    Refusal.BAD_INPUT: Then.END,
    Refusal.THROTTLED: Then.RETURN,
    Refusal.ACCOUNT: Then.RETURN,
    Refusal.PROVIDER_ERROR: Then.RETRY,
}
WORDS = {
    Refusal.BAD_INPUT: "The studio could not take this picture and prompt",
    Refusal.THROTTLED: "The studio asked us to wait a moment",
    Refusal.ACCOUNT: "The studio did not take our call",
    Refusal.PROVIDER_ERROR: "The studio had a problem",
}


@dataclass(frozen=True, kw_only=True)
class SettleTimes:
    """How often an unanswered call is looked up, and for how long before it counts as not made."""

    every_seconds: float
    unanswered_seconds: float
    ended_seconds: float

    def settle_seconds_of(self, outcome: Unanswered) -> float:
        """Shorter where the provider has done with the request: what it made is in its list, or soon will be."""
        return self.ended_seconds if outcome.ended else self.unanswered_seconds


@dataclass(frozen=True, kw_only=True)
class EndedCall:
    """A call and how it ended. `step` is the virtual time its turn had cost; None when that is not known any more."""

    attempt_id: str
    outcome: Outcome
    step: int | None = None


class RecordOutcomes:
    """Writes outcomes of one provider. What an attempt has become meanwhile by other means is left as it is."""

    def __init__(self, provider: str, fail_attempts: FailAttempts, *, webhook_expected: bool, times: SettleTimes) -> None:
        self._provider = provider
        self._fail_attempts = fail_attempts
        self._webhook_expected = webhook_expected
        self._times = times

    async def __call__(self, transaction: Transaction, ended: Sequence[EndedCall]) -> Mapping[str, Hints]:
        """Returns, by provider, what Redis should hear after the commit."""
        created = {call.attempt_id: call.outcome for call in ended if isinstance(call.outcome, Accepted)}
        unknown = [
            (call.attempt_id, call.outcome.message, self._times.settle_seconds_of(call.outcome))
            for call in ended
            if isinstance(call.outcome, Unanswered)
        ]
        failures = [failure_of(call) for call in ended if isinstance(call.outcome, Refused | NotSent)]
        if created:
            await self._record_created(transaction, created)
        if unknown:
            await mark_unknown(transaction, unknown, look_up_seconds=self._times.every_seconds)
        return await self._fail_attempts(transaction, failures)

    async def _record_created(self, transaction: Transaction, created: Mapping[str, Accepted]) -> None:
        rows = await mark_created(transaction, [(attempt, outcome.prediction_id) for attempt, outcome in created.items()])
        await mark_sent(transaction, [attempt.item.item_id for attempt, _, _ in rows])
        if len(rows) < len(created):
            late = sorted(created.keys() - {attempt.attempt_id for attempt, _, _ in rows})
            log.warning("predictions of attempts that were settled otherwise", attempts=late)
        for attempt, prediction_id, digest in rows:
            item = attempt.item
            event = PredictionCreated(
                instance_id=item.instance_id,
                job_id=item.job_id,
                item_id=item.item_id,
                image_id=item.image_id,
                attempt=attempt.number,
                attempt_id=attempt.attempt_id,
                callback_token_sha256=digest,
                provider=self._provider,
                account=attempt.account,
                model=item.model,
                prediction_id=prediction_id,
                expected_seconds=item.expected_seconds,
                cancel_after_seconds=item.cancel_after_seconds,
                webhook_expected=self._webhook_expected,
                output=created[attempt.attempt_id].output,
                created_at=transaction.now,
            )
            transaction.publish(event, cause=item.cause)


def failure_of(call: EndedCall) -> Failure:
    """A call that made no prediction, as a failure of its attempt."""
    outcome = call.outcome
    if isinstance(outcome, NotSent):
        then, code = (Then.RETURN, "not-sent") if outcome.too_late else (Then.RETRY, "provider-error")
        words = "The call was not made in time" if outcome.too_late else "The studio could not be reached"
    else:
        assert isinstance(outcome, Refused)
        then, code, words = THEN[outcome.refusal], outcome.refusal.value, WORDS[outcome.refusal]
    return Failure(attempt_id=call.attempt_id, code=code, message=f"{words} ({outcome.message}).", then=then, step=call.step)
