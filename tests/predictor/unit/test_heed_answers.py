"""Which answers stop an account, and which one sets it going again."""

import pytest
from darkroom_predictor.fair_queue import FairQueue
from darkroom_predictor.heed_answers import HeedAnswers
from darkroom_predictor.limiter_controls import BreakerBounds, LimiterControls
from darkroom_predictor.metrics import PredictorMetrics
from darkroom_predictor.providers.door import Accepted, Outcome, Refusal, Refused
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
