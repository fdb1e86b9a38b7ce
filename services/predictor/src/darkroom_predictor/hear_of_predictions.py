"""A webhook tells of a prediction whose call was never answered: its attempt goes on at once, without waiting for a look-up.

Only the attempt's own token counts, and only while the call's outcome is open; what is forged, foreign or late changes nothing.
"""

from collections.abc import Mapping, Sequence
from uuid import UUID

import structlog
from darkroom_contracts.items import PredictionSeen
from darkroom_servicekit.database import Transaction
from darkroom_servicekit.stages import Received

from darkroom_predictor.attempt_store import open_calls
from darkroom_predictor.metrics import PredictorMetrics
from darkroom_predictor.providers.door import Accepted
from darkroom_predictor.record_outcomes import EndedCall, RecordOutcomes
from darkroom_predictor.stray_store import SeenPrediction

log = structlog.get_logger()


class HearOfPredictions:
    """Handles PredictionSeen. `record` by provider."""

    def __init__(self, record: Mapping[str, RecordOutcomes], metrics: PredictorMetrics) -> None:
        self._record = record
        self._metrics = metrics

    async def on_predictions_seen(self, transaction: Transaction, batch: Sequence[Received[PredictionSeen]]) -> None:
        """Record the predictions of calls whose outcome is open; raise the alarm over predictions that no attempt owns."""
        for provider, record in self._record.items():
            seen = list(dict.fromkeys(_seen(one.event) for one in batch if one.event.provider == provider))
            if not seen:
                continue
            settled = await self._settle_open(transaction, provider, seen)
            rest = [one for one in seen if settled.get(one.attempt_id) != one.prediction_id]
            await record.strays.record(transaction, rest, found_by="webhook")

    async def _settle_open(self, transaction: Transaction, provider: str, seen: Sequence[SeenPrediction]) -> dict[str, str]:
        """Settle the open calls, each by the first prediction that was seen of it; return the prediction of each attempt."""
        told = [(one.attempt_id, provider, one.prediction_id, one.token_sha256 or "") for one in seen]
        is_open = await open_calls(transaction, told)
        settled: dict[str, str] = {}
        for one in seen:
            if (one.attempt_id, one.prediction_id) in is_open:
                settled.setdefault(one.attempt_id, one.prediction_id)
        if settled:
            ended = [EndedCall(attempt_id=name, outcome=Accepted(prediction_id=settled[name])) for name in sorted(settled)]
            await self._record[provider](transaction, ended)
            self._metrics.settled.labels("told").inc(len(ended))
            log.info("calls settled by their webhooks", provider=provider, calls=len(ended))
        return settled


def _seen(event: PredictionSeen) -> SeenPrediction:
    return SeenPrediction(
        attempt_id=str(UUID(event.attempt_id)), prediction_id=event.prediction_id, token_sha256=event.callback_token_sha256
    )
