"""The event of an attempt that the provider has, said when it becomes known and again when its end does not come. Pure."""

from datetime import datetime
from typing import Any

from darkroom_contracts.predictions import PredictionCreated

from darkroom_predictor.attempt_store import CreatedAttempt


def created_event(
    created: CreatedAttempt, *, webhook_expected: bool, at: datetime, output: Any = None
) -> PredictionCreated:  # Any: a provider's output is whatever JSON it sends
    """All that the poller needs to follow the prediction to its end."""
    attempt, item = created.attempt, created.attempt.item
    return PredictionCreated(
        instance_id=item.instance_id,
        job_id=item.job_id,
        item_id=item.item_id,
        image_id=item.image_id,
        attempt=attempt.number,
        attempt_id=attempt.attempt_id,
        callback_token_sha256=created.callback_token_sha256,
        provider=item.provider,
        account=attempt.account,
        model=item.model,
        prediction_id=created.prediction_id,
        expected_seconds=item.expected_seconds,
        cancel_after_seconds=item.cancel_after_seconds,
        webhook_expected=webhook_expected,
        output=output,
        created_at=at,
    )
