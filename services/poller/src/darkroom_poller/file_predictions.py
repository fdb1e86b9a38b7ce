"""Files what the predictor started: from PredictionCreated to a row that webhooks and polls can move.

A prediction may come with its output (a provider that answers at once) or after its webhook; it is then filed in that state.
"""

import json
import uuid
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import structlog
from darkroom_contracts.items import PredictionFailed
from darkroom_contracts.predictions import PredictionCreated
from darkroom_servicekit.database import Transaction
from darkroom_servicekit.stages import Received

from darkroom_poller.early_store import EarlyWebhook, take_early
from darkroom_poller.end_events import completed_event, failed_event
from darkroom_poller.metrics import PollerMetrics
from darkroom_poller.name_accounts import NameAccounts
from darkroom_poller.output_shapes import STORED, with_stored
from darkroom_poller.predictions import (
    Failed,
    Finished,
    Missing,
    Pending,
    Progress,
    Succeeded,
    first_poll_seconds,
    located,
)
from darkroom_poller.store import ended_before, file_predictions

ReadWebhook = Callable[[dict[str, Any]], Progress]

Filed = Pending | Missing | Succeeded | Failed
"""How far a prediction is when its row is inserted."""

IN_FLIGHT = Pending("filed")

log = structlog.get_logger()


class FilePredictions:
    """Handles PredictionCreated, many at a time. `output_ready` and `filed` are hints for after the commit."""

    def __init__(
        self,
        *,
        read_webhook: ReadWebhook,
        names: NameAccounts,
        metrics: PollerMetrics,
        overdue_margin_seconds: float,
        kept_seconds: float,
        output_ready: Callable[[], None],
        filed: Callable[[float], None],
    ) -> None:
        self._read_webhook = read_webhook
        self._names = names
        self._metrics = metrics
        self._overdue_margin_seconds = overdue_margin_seconds
        self._kept_seconds = kept_seconds
        self._output_ready = output_ready
        self._filed = filed

    async def on_predictions_created(self, transaction: Transaction, batch: Sequence[Received[PredictionCreated]]) -> None:
        """File a batch in one statement, with what its early webhooks said."""
        created = {str(uuid.UUID(received.event.attempt_id)): received for received in batch}
        early = await take_early(transaction, list(created))
        progress = {attempt_id: self._progress(received.event, early.get(attempt_id)) for attempt_id, received in created.items()}
        names = await self._names.names_today(transaction, [(one.event.provider, one.event.account) for one in batch])
        rows = [
            self._row(attempt_id, received, progress[attempt_id])
            | {"account": names[received.event.provider, received.event.account]}
            for attempt_id, received in created.items()
        ]
        filed = await file_predictions(transaction, rows, kept_seconds=self._kept_seconds)
        if again := [attempt_id for attempt_id in created if attempt_id not in filed]:
            await self._tell_again(transaction, again, created)
        for attempt_id in filed:
            now = progress[attempt_id]
            if isinstance(now, Failed):
                self._publish_failure(transaction, created[attempt_id], now)
        self._hint(transaction, [(rows[place], progress[name]) for place, name in enumerate(created) if name in filed])

    async def _tell_again(
        self, transaction: Transaction, attempt_ids: Sequence[str], created: Mapping[str, Received[PredictionCreated]]
    ) -> None:
        """Someone asks after attempts that we know: those that have ended did so unheard, and are told once more."""
        for ended in await ended_before(transaction, attempt_ids):
            prediction, cause = ended.prediction, created[ended.prediction.attempt_id].envelope
            if isinstance(ended.end, Failed):
                transaction.publish(failed_event(prediction, ended.end), cause=cause)
            else:
                transaction.publish(completed_event(prediction, ended.end), cause=cause)
            log.warning("an end is told again", job_id=prediction.job_id, attempt_id=prediction.attempt_id)

    def _progress(self, event: PredictionCreated, early: EarlyWebhook | None) -> Filed:
        """How far the prediction is already."""
        if event.output is not None or event.output_keys:
            return located(Finished(with_stored(event.output, event.output_keys)), event.output_terms)
        if event.output_key is not None:  # of a predictor from before output_keys
            return Succeeded(f"{STORED}{event.output_key}")
        if early is None:
            return IN_FLIGHT
        if early.token_sha256 != event.callback_token_sha256 or early.body.get("id") != event.prediction_id:
            self._metrics.webhooks.labels(event.provider, "forged").inc()
            log.warning("early webhook does not fit its prediction", job_id=event.job_id, item_id=event.item_id)
            return IN_FLIGHT
        progress = self._read_webhook(early.body)
        return located(progress, event.output_terms) if isinstance(progress, Finished) else progress

    def _row(self, attempt_id: str, received: Received[PredictionCreated], progress: Filed) -> dict[str, Any]:
        event = received.event
        overdue_seconds = event.cancel_after_seconds + self._overdue_margin_seconds
        poll_seconds = first_poll_seconds(event.expected_seconds, webhook_expected=event.webhook_expected)
        poll_seconds = 0.0 if isinstance(progress, Missing) else poll_seconds
        return {
            "attempt_id": attempt_id,
            "token": event.callback_token_sha256,
            "instance_id": event.instance_id,
            "job_id": event.job_id,
            "item_id": event.item_id,
            "image_id": event.image_id,
            "attempt": event.attempt,
            "provider": event.provider,
            "model": event.model,
            "prediction_id": event.prediction_id,
            "expected_seconds": event.expected_seconds,
            "first_poll": min(poll_seconds, overdue_seconds),
            "overdue": overdue_seconds,
            "output_terms": event.output_terms.model_dump_json(exclude_none=True) if event.output_terms else None,
            "cause_id": received.envelope.id,
            "correlation_id": received.envelope.correlation_id,
            "traceparent": received.envelope.traceparent,
        } | _state_columns(progress)

    def _publish_failure(self, transaction: Transaction, received: Received[PredictionCreated], failure: Failed) -> None:
        event = received.event
        self._metrics.ends.labels(failure.code).inc()
        transaction.publish(
            PredictionFailed(
                instance_id=event.instance_id,
                job_id=event.job_id,
                item_id=event.item_id,
                image_id=event.image_id,
                attempt=event.attempt,
                attempt_id=event.attempt_id,
                prediction_id=event.prediction_id,
                code=failure.code,
                message=failure.message,
                detail=failure.detail,
                retryable=failure.retryable,
                fault=failure.fault,
            ),
            cause=received.envelope,
        )

    def _hint(self, transaction: Transaction, filed: Sequence[tuple[dict[str, Any], Filed]]) -> None:
        """After the commit: outputs to collect, polls to plan."""
        if any(isinstance(progress, Succeeded) for _, progress in filed):
            transaction.after_commit(self._output_ready)
        waits = [row["first_poll"] for row, progress in filed if isinstance(progress, Pending | Missing)]
        if waits:
            transaction.after_commit(lambda: self._filed(min(waits)))


def _state_columns(progress: Filed) -> dict[str, Any]:
    output = progress if isinstance(progress, Succeeded) else None
    failure = progress if isinstance(progress, Failed) else None
    return {
        "state": "OUTPUT_READY" if output else "FAILED" if failure else "IN_FLIGHT",
        "output_address": output.output_address if output else None,
        "more_addresses": json.dumps(output.more_addresses) if output and output.more_addresses else None,
        "predict_seconds": output.predict_seconds if output else None,
        "completed_at": output.completed_at if output else None,
        "failure_code": failure.code if failure else None,
        "failure_message": failure.message if failure else None,
        "failure_detail": failure.detail if failure else None,
        "failure_retryable": failure.retryable if failure else None,
    }
