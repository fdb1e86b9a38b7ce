"""How calls ended, written down: many outcomes, one transaction, each with its event."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import structlog
from darkroom_servicekit.database import Transaction

from darkroom_predictor.attempt_store import mark_created, mark_unknown
from darkroom_predictor.created_events import created_event
from darkroom_predictor.fail_attempts import FailAttempts, Failure
from darkroom_predictor.fair_queue import Hints
from darkroom_predictor.items import Then
from darkroom_predictor.providers.door import Accepted, NotSent, Outcome, Refusal, Refused, Unanswered
from darkroom_predictor.queue_store import lock_items_of, mark_sent
from darkroom_predictor.stray_predictions import StrayPredictions
from darkroom_predictor.stray_store import SeenPrediction

log = structlog.get_logger()

THEN = {
    Refusal.BAD_INPUT: Then.END,
    Refusal.THROTTLED: Then.RETURN,
    Refusal.LOW_CREDIT: Then.RETURN,
    Refusal.ACCOUNT: Then.RETURN,
    Refusal.MODEL_GONE: Then.RETRY,
    Refusal.MODEL_FORBIDDEN: Then.RETRY,
    Refusal.OUR_FAULT: Then.RETRY,
    Refusal.PROVIDER_ERROR: Then.RETRY,
}
WORDS = {
    Refusal.BAD_INPUT: "The studio could not take this picture and prompt",
    Refusal.THROTTLED: "The studio asked us to wait a moment",
    Refusal.LOW_CREDIT: "The studio did not take our call",
    Refusal.MODEL_GONE: "The studio does not know the model any more",
    Refusal.MODEL_FORBIDDEN: "The studio does not let this account use the model",
    Refusal.OUR_FAULT: "The studio refused what we fill in, not the caller",
    Refusal.ACCOUNT: "The studio did not take our call",
    Refusal.PROVIDER_ERROR: "The studio had a problem",
}


@dataclass(frozen=True, kw_only=True)
class SettleTimes:
    """How often an unanswered call is looked up, and for how long before it counts as not made."""

    every_seconds: float
    unanswered_seconds: float
    retell_margin_seconds: float


@dataclass(frozen=True, kw_only=True)
class EndedCall:
    """A call and how it ended. `step` is the virtual time its turn had cost; None when that is not known any more."""

    attempt_id: str
    outcome: Outcome
    step: int | None = None


class RecordOutcomes:
    """Writes outcomes of one provider. What an attempt has become meanwhile by other means is left as it is."""

    def __init__(
        self,
        fail_attempts: FailAttempts,
        *,
        webhook_expected: bool,
        times: SettleTimes,
        strays: StrayPredictions,
        cancels_due: Callable[[], None],
    ) -> None:
        self._fail_attempts = fail_attempts
        self._webhook_expected = webhook_expected
        self._times = times
        self.strays = strays
        self._cancels_due = cancels_due

    async def __call__(self, transaction: Transaction, ended: Sequence[EndedCall]) -> Mapping[str, Hints]:
        """Returns, by provider, what Redis should hear after the commit."""
        created = {call.attempt_id: call.outcome for call in ended if isinstance(call.outcome, Accepted)}
        unknown = [(call.attempt_id, call.outcome.message) for call in ended if isinstance(call.outcome, Unanswered)]
        failures = [failure_of(call) for call in ended if isinstance(call.outcome, Refused | NotSent)]
        if created:
            await lock_items_of(transaction, [call.attempt_id for call in ended])
            await self._record_created(transaction, created)
        if unknown:
            times = self._times
            await mark_unknown(transaction, unknown, look_up_seconds=times.every_seconds, settle_seconds=times.unanswered_seconds)
        return await self._fail_attempts(transaction, failures)

    async def _record_created(self, transaction: Transaction, created: Mapping[str, Accepted]) -> None:
        predictions = [(attempt, outcome.prediction_id) for attempt, outcome in created.items()]
        rows = await mark_created(transaction, predictions, margin_seconds=self._times.retell_margin_seconds)
        await mark_sent(transaction, [row.attempt.item.item_id for row in rows])
        if len(rows) < len(created):
            late = sorted(created.keys() - {row.attempt.attempt_id for row in rows})
            log.info("predictions of attempts that were settled otherwise", attempts=late)
            seen = [SeenPrediction(attempt_id=one, prediction_id=created[one].prediction_id) for one in late]
            await self.strays.record(transaction, seen, found_by="answer")
        if any(row.attempt.item.stopped_by for row in rows):
            transaction.after_commit(self._cancels_due)
        for row in rows:
            event = created_event(
                row,
                webhook_expected=self._webhook_expected,
                accepted=created[row.attempt.attempt_id],
                at=transaction.now,
            )
            transaction.publish(event, cause=row.attempt.item.cause)


def failure_of(call: EndedCall) -> Failure:
    """A call that made no prediction, as a failure of its attempt."""
    outcome = call.outcome
    if isinstance(outcome, NotSent):
        then, code = (Then.RETURN, "not-sent") if outcome.too_late else (Then.RETRY, "provider-error")
        words = "The call was not made in time" if outcome.too_late else "The studio could not be reached"
    else:
        assert isinstance(outcome, Refused)
        then, code, words = THEN[outcome.refusal], outcome.refusal.value, WORDS[outcome.refusal]
    return Failure(
        attempt_id=call.attempt_id,
        code=code,
        message=f"{words} ({outcome.message}).",
        then=then,
        step=call.step,
        never_made=True,
    )
