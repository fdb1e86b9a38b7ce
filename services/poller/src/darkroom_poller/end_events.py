"""The two events that tell how a prediction ended, from its row and its end. Pure."""

from collections.abc import Sequence

from darkroom_contracts.items import ItemCompleted, PredictionFailed, StoredPicture

from darkroom_poller.predictions import Failed, Prediction


def completed_event(prediction: Prediction, pictures: Sequence[StoredPicture]) -> ItemCompleted:
    """Its output is in our storage: one picture, or several."""
    first, *more = pictures
    return ItemCompleted(
        instance_id=prediction.instance_id,
        job_id=prediction.job_id,
        item_id=prediction.item_id,
        image_id=prediction.image_id,
        attempt=prediction.attempt,
        attempt_id=prediction.attempt_id,
        prediction_id=prediction.prediction_id,
        result=first,
        more=tuple(more),
        predict_seconds=prediction.predict_seconds,
    )


def failed_event(prediction: Prediction, failure: Failed) -> PredictionFailed:
    """It ended without a usable output."""
    return PredictionFailed(
        instance_id=prediction.instance_id,
        job_id=prediction.job_id,
        item_id=prediction.item_id,
        image_id=prediction.image_id,
        attempt=prediction.attempt,
        attempt_id=prediction.attempt_id,
        prediction_id=prediction.prediction_id,
        code=failure.code,
        message=failure.message,
        detail=failure.detail,
        retryable=failure.retryable,
        fault=failure.fault,
    )
