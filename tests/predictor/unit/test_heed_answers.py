"""Which answers stop an account, which one sets it going again, and which count against a model."""

from collections.abc import Sequence

import pytest
from darkroom_predictor.fair_queue import FairQueue
from darkroom_predictor.heed_answers import HeedAnswers
from darkroom_predictor.limiter_controls import BreakerBounds, LimiterControls, ModelNews
from darkroom_predictor.metrics import PredictorMetrics
from darkroom_predictor.providers.door import Accepted, NotSent, Outcome, Refusal, Refused, Unanswered
from predictor.unit.test_retries import item
from prometheus_client import CollectorRegistry


class Told(LimiterControls):
    """Keeps what the limiter is told of accounts."""

    def __init__(self) -> None:
        queue = FairQueue("redis://127.0.0.1:1", "double", window_seconds=60, grant_seconds_max=1)
        super().__init__(queue, BreakerBounds(failures=8, tenants=3, pause_seconds=5, pause_seconds_max=30))
        self.words: list[str] = []

    async def stop(self, account: str, why: str, retry_seconds: float) -> bool:
        self.words.append(why)
        return True

    async def hear(self, news: Sequence[ModelNews]) -> None:
        self.words += [f"{one.model} {one.kind.value} {one.failures}" for one in news]

    async def resume(self, account: str) -> bool:
        self.words.append("resumed")
        return True


@pytest.mark.parametrize(
    ("outcome", "probe", "words"),
    [
        (Refused(refusal=Refusal.LOW_CREDIT, message="402"), False, ["low-credit"]),
        (Refused(refusal=Refusal.ACCOUNT, message="401"), True, ["refused"]),
        (Refused(refusal=Refusal.BAD_INPUT, message="422"), True, []),
        (Accepted(prediction_id="p", places_left=5), True, []),
        (Accepted(prediction_id="p", places_left=6), True, []),
        (Accepted(prediction_id="p", places_left=599), True, ["resumed"]),
        (Accepted(prediction_id="p"), True, ["resumed"]),
        (Accepted(prediction_id="p", places_left=599), False, []),
    ],
)
async def test_only_a_probe_taken_at_full_speed_sets_an_account_going_again(
    outcome: Outcome, probe: bool, words: list[str]
) -> None:
    told = Told()
    heed = HeedAnswers(told, PredictorMetrics(CollectorRegistry()), throttle_seconds=5, retry_seconds=60)

    went_on = await heed("replicate-1", item(counted=1), outcome, probe=probe)

    assert told.words == words
    assert went_on == (words == ["resumed"])


@pytest.mark.parametrize(
    ("outcome", "words"),
    [
        (Refused(refusal=Refusal.MODEL_GONE, message="404"), ["m create 8"]),
        (Refused(refusal=Refusal.PROVIDER_ERROR, message="503"), ["m create 1"]),
        (Unanswered(message="no answer within 8 s"), ["m create 1"]),
        (NotSent(message="connection refused", too_late=False), ["m create 1"]),
        (Unanswered(message="KeyError in our own code", ours=True), []),
        (NotSent(message="the turn was too old", too_late=True), []),
        (Refused(refusal=Refusal.BAD_INPUT, message="422"), []),
        (Accepted(prediction_id="p"), []),
    ],
)
async def test_only_what_the_provider_does_counts_against_the_model(outcome: Outcome, words: list[str]) -> None:
    told = Told()
    heed = HeedAnswers(told, PredictorMetrics(CollectorRegistry()), throttle_seconds=5, retry_seconds=60)

    await heed("replicate-1", item(counted=1), outcome, probe=False)

    assert told.words == words
