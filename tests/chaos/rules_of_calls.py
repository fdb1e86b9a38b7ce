"""What must hold of paid calls: the cap, one attempt before each, none twice, none at the same time."""

from collections.abc import Iterable
from itertools import pairwise

from chaos.evidence import Evidence
from chaos.rule_book import CLOCK_SECONDS, by, calls_by_item, rule

LIVE = frozenset({"CALLING", "CREATED", "UNKNOWN"})
ANSWERED_BY_AN_ERROR = frozenset({"failed", "canceled", "aborted"})


@rule
def cap_is_kept(evidence: Evidence) -> Iterable[str]:
    """I5: no window anywhere holds more creations of an account than its cap, by the provider's arrival times."""
    for account, calls in by(evidence.calls, lambda call: call.account).items():
        times = sorted(call.at for call in calls)
        for first, at in zip(times, times[evidence.cap :], strict=False):
            if at - first < evidence.window_seconds:
                yield f"account {account}: {evidence.cap + 1} creations within {at - first:.3f} s"
                break


@rule
def an_attempt_precedes_every_call(evidence: Evidence) -> Iterable[str]:
    """I4: no paid call without an attempt that was written before it arrived, and one call each."""
    granted = {attempt.id: attempt.granted_at for attempt in evidence.attempts}
    for attempt_id, calls in by(evidence.calls, lambda call: call.attempt_id).items():
        if attempt_id is None and not any(call.paid for call in calls):
            continue  # refused before it was read, or cut off: it told nothing and cost nothing
        if attempt_id is None or attempt_id not in granted:
            yield f"{len(calls)} calls of attempt {attempt_id}, which has no row (sequence {calls[0].seq})"
        elif len(calls) > 1:
            yield f"attempt {attempt_id} called {len(calls)} times"
        elif calls[0].at < granted[attempt_id] - CLOCK_SECONDS:
            yield f"attempt {attempt_id} called {granted[attempt_id] - calls[0].at:.3f} s before it was granted"


@rule
def attempts_are_bounded(evidence: Evidence) -> Iterable[str | tuple[str, int]]:
    """I4: no item had more attempts that count, nor more predictions at the provider, than its product allows."""
    paid = {item_id: sum(call.paid for call in calls) for item_id, calls in calls_by_item(evidence).items()}
    for item in evidence.queue:
        most = max(item.attempts_counted, paid.get(item.item_id, 0))
        if most > item.attempts_max:
            yield f"item {item.item_id}: {most} attempts, {item.attempts_max} allowed", item.item_id


@rule
def no_attempt_is_left(evidence: Evidence) -> Iterable[str | tuple[str, int]]:
    """I3: in the end no attempt is live, nothing is queued, no prediction is followed."""
    for attempt in evidence.attempts:
        if attempt.state in LIVE:
            yield f"attempt {attempt.id} is {attempt.state}", attempt.item_id
    for item in evidence.queue:
        if item.state != "ENDED":
            yield f"item {item.item_id} is {item.state} at the predictor", item.item_id
    for prediction in evidence.predictions:
        if prediction.state not in {"STORED", "FAILED"}:
            yield f"the prediction of attempt {prediction.attempt_id} is {prediction.state} at the poller", prediction.item_id


@rule
def one_live_call_per_item(evidence: Evidence) -> Iterable[str | tuple[str, int]]:
    """I4: an item's predictions at the provider follow one another, they never run at the same time."""
    for item_id, calls in calls_by_item(evidence).items():
        ordered = sorted((call for call in calls if call.paid), key=lambda call: call.began or call.at)
        for one, following in pairwise(ordered):
            if one.ended is None or (following.began or following.at) < one.ended - CLOCK_SECONDS:
                yield f"item {item_id}: {following.prediction_id} began before {one.prediction_id} had ended", item_id


@rule
def nothing_is_paid_twice(evidence: Evidence) -> Iterable[str | tuple[str, int]]:
    """I4: a second prediction only after one that the provider itself ended without a result."""
    for item_id, calls in calls_by_item(evidence).items():
        ordered = sorted((call for call in calls if call.paid), key=lambda call: call.seq)
        for call in ordered[:-1]:
            if call.state not in ANSWERED_BY_AN_ERROR:
                lost = f", whose answer was lost or lied: {call.status}" if call.lost else ""
                yield f"item {item_id}: paid again after {call.prediction_id} ({call.state}{lost})", item_id


@rule
def what_was_made_is_delivered(evidence: Evidence) -> Iterable[str | tuple[str, int]]:
    """I4: what succeeded at the provider is delivered, whatever its answer, a list or a look-up said; a cancelled item apart."""
    calls = calls_by_item(evidence)
    for item in evidence.items:
        made = [call for call in calls.get(item.id, []) if call.state == "succeeded"]
        if made and item.status == "FAILED":
            said = f"answered {made[0].status}" + (", lost" if made[0].lost else "")
            yield f"item {item.id} is FAILED, but {made[0].prediction_id} ({said}) succeeded", item.id


@rule
def a_result_was_paid_for(evidence: Evidence) -> Iterable[str | tuple[str, int]]:
    """What is DONE was made by a prediction that succeeded at the provider."""
    calls = calls_by_item(evidence)
    for item in evidence.items:
        states = [call.state for call in calls.get(item.id, []) if call.paid]
        if item.status == "DONE" and "succeeded" not in states:
            yield f"item {item.id} is DONE, its predictions are {states}", item.id
