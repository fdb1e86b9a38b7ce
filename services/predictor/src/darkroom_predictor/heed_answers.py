"""What a creation's answer means for the calls after it: accounts slow down or stop, models' breakers open and close.

Heeded on all replicas, before the item can come back. What cannot be told to Redis is left: the next answer says it again.
"""

from collections.abc import Sequence

import structlog

from darkroom_predictor.items import Item
from darkroom_predictor.judge_refusals import Judge, judge_nothing
from darkroom_predictor.limiter_controls import Kind, LimiterControls, ModelNews
from darkroom_predictor.metrics import PredictorMetrics
from darkroom_predictor.providers.door import Accepted, NotSent, Outcome, Refusal, Refused, Unanswered

PAUSE_SECONDS_MAX = 300.0
"""However long a 429 says: after so long it is tried again."""
LOW_CREDIT_PLACES_MAX = 6
"""An answer with no more places left in its minute than this is from an account that has still not been paid."""
LOW_CREDIT, REFUSED = "low-credit", "refused"

log = structlog.get_logger()


class HeedAnswers:
    """One provider's. `retry_seconds`: between the probes of a stopped account."""

    def __init__(
        self,
        controls: LimiterControls,
        metrics: PredictorMetrics,
        *,
        judge: Judge = judge_nothing,
        throttle_seconds: float,
        retry_seconds: float,
    ) -> None:
        self.judge = judge
        """Says of an answer whose fault it is; call it first."""
        self._controls = controls
        self._metrics = metrics
        self._throttle_seconds = throttle_seconds
        self._retry_seconds = retry_seconds

    async def __call__(self, account: str, item: Item, outcome: Outcome, *, probe: bool) -> bool:
        """Whether calls that could not start may start now. Never fails."""
        try:
            resumed = await self._heed_account(account, outcome, probe=probe)
            return await self._heed_model(item, outcome) or resumed
        except Exception as error:
            log.warning("an answer was not told to the other replicas", account=account, error=repr(error)[:200])
            return False

    async def runs(self, ran: Sequence[tuple[str, str, int]]) -> None:
        """Predictions of these models and tenants ended, with a failure that is not ours (1) or well (0)."""
        news = [ModelNews(model=model, tenant=tenant, kind=Kind.RUN, failures=failed) for model, tenant, failed in ran]
        failing = {one.model for one in news if one.failures}
        # A success in a batch with failures is news too: it says that these are not the model's.
        await self._hear([one for one in news if one.model in failing or self._controls.is_news(one.model, Kind.RUN)])

    async def _heed_account(self, account: str, outcome: Outcome, *, probe: bool) -> bool:
        match outcome:
            case Refused(refusal=Refusal.THROTTLED):
                pause = min(PAUSE_SECONDS_MAX, outcome.retry_after_seconds or self._throttle_seconds)
                slowed = await self._controls.throttle(account, pause)
                if slowed.cut:
                    self._metrics.cuts.labels(account=account).inc()
                    told = {"pause_seconds": pause, "cap_in_force": slowed.in_force, "answer": outcome.message}
                    log.warning("provider asks to slow down", account=account, **told)
            case Refused(refusal=Refusal.LOW_CREDIT):
                await self._stop(account, LOW_CREDIT, outcome)
            case Refused(refusal=Refusal.ACCOUNT):
                await self._stop(account, REFUSED, outcome)
            case Accepted(places_left=left) if probe and (left is None or left > LOW_CREDIT_PLACES_MAX):
                if await self._controls.resume(account):
                    log.warning("provider takes the account's calls again", account=account)
                    return True
        return False

    async def _stop(self, account: str, why: str, outcome: Refused) -> None:
        first = await self._controls.stop(account, why, self._retry_seconds)
        tell = log.error if first else log.warning
        told = {"probe_every_seconds": self._retry_seconds, "answer": outcome.message}
        tell("provider account stopped: it needs a person; its items wait", account=account, why=why, **told)

    async def _heed_model(self, item: Item, outcome: Outcome) -> bool:
        failures = self._failures_of(outcome)
        if not failures and not (isinstance(outcome, Accepted) and self._controls.is_news(item.model, Kind.CREATE)):
            return False
        news = ModelNews(model=item.model, tenant=item.instance_id, kind=Kind.CREATE, failures=failures)
        return await self._hear([news], outcome)

    async def _hear(self, news: Sequence[ModelNews], outcome: Outcome | None = None) -> bool:
        """Tell of models, loudly where one breaks; whether one has mended."""
        models = {one.model for one in news}
        before = {model for model in models if self._controls.is_open(model)}
        await self._controls.hear(news)
        after = {model for model in models if self._controls.is_open(model)}
        for model in sorted(after - before):
            self._metrics.breakers_opened.inc()
            said = None if outcome is None or isinstance(outcome, Accepted) else outcome.message
            log.error("model broken: its items wait, those of other models go on", model=model, answer=said)
        for model in sorted(before - after):
            log.warning("model mended", model=model)
        return bool(before - after)

    def _failures_of(self, outcome: Outcome) -> int:
        """As how many failures in a row it counts: a model that is gone is not asked often."""
        match outcome:
            case Refused(refusal=Refusal.MODEL_GONE | Refusal.MODEL_FORBIDDEN | Refusal.OUR_FAULT):
                return self._controls.failures_that_open
            case Refused(refusal=Refusal.PROVIDER_ERROR) | Unanswered(ours=False) | NotSent(too_late=False):
                return 1
        return 0
