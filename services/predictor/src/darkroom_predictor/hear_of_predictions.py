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


def _seen(event: PredictionSeen) -> SeenPrediction:
    return SeenPrediction(
        attempt_id=event.attempt_id, prediction_id=event.prediction_id, token_sha256=event.callback_token_sha256
    )


class HearOfPredictions:
    """Handles PredictionSeen. `record` by provider."""

    def __init__(self, record: Mapping[str, RecordOutcomes], metrics: PredictorMetrics) -> None:
        self._record = record
        self._metrics = metrics

    async def on_predictions_seen(self, transaction: Transaction, batch: Sequence[Received[PredictionSeen]]) -> None:
        """Record the predictions of calls whose outcome is open; raise the alarm over predictions that no attempt owns."""
        seen = {str(UUID(one.event.attempt_id)): one.event for one in batch if one.event.provider in self._record}
        told = [(name, one.provider, one.prediction_id, one.callback_token_sha256) for name, one in seen.items()]
        found = await open_calls(transaction, told) if told else set()
        for provider, record in self._record.items():
            rest = [one for name, one in seen.items() if name not in found and one.provider == provider]
            await record.strays.record(transaction, [_seen(one) for one in rest], found_by="webhook")
        for provider in sorted({seen[name].provider for name in found}):
            ended = [
                EndedCall(attempt_id=name, outcome=Accepted(prediction_id=seen[name].prediction_id))
                for name in sorted(found)
                if seen[name].provider == provider
            ]
            await self._record[provider](transaction, ended)
            self._metrics.settled.labels("told").inc(len(ended))
            log.info("calls settled by their webhooks", provider=provider, calls=len(ended))
