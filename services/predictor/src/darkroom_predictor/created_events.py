"""The event of an attempt that the provider has, said when it becomes known and again when its end does not come. Pure."""

from datetime import datetime

from darkroom_contracts.predictions import PredictionCreated
from darkroom_contracts.topics import MESSAGE_BYTES_MAX

from darkroom_predictor.attempt_store import CreatedAttempt
from darkroom_predictor.providers.door import Accepted

OUTPUT_DEPTH_MAX = 64
EVENT_BYTES_MAX = MESSAGE_BYTES_MAX // 2
"""With an output that makes the event larger, the event goes without it: the poller asks the provider for the output."""


def created_event(
    created: CreatedAttempt, *, webhook_expected: bool, at: datetime, accepted: Accepted | None = None
) -> PredictionCreated:
    """All that the poller needs to follow the prediction to its end, with the output if the provider has answered with it."""
    attempt, item = created.attempt, created.attempt.item
    event = PredictionCreated(
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
        output=accepted.output if accepted else None,
        output_terms=item.output_terms,
        output_key=accepted.output_key if accepted else None,
        output_keys=dict(accepted.output_keys) if accepted else {},
        created_at=at,
    )
    if event.output is not None and not _fits(event):
        return event.model_copy(update={"output": None, "output_key": None, "output_keys": {}})
    return event


def _fits(event: PredictionCreated) -> bool:
    """Whether all who read the event can read it with its output, which is any JSON that a provider has made up."""
    if _depth(event.output) > OUTPUT_DEPTH_MAX:
        return False
    try:
        return len(event.to_json()) <= EVENT_BYTES_MAX
    except ValueError:  # such as half a surrogate pair, which JSON's escapes can say and UTF-8 cannot
        return False


def _depth(output: object) -> int:
    """How deep lists and objects stand in one another; no further than is of interest."""
    depth, level = 0, [output]
    while level and depth <= OUTPUT_DEPTH_MAX:
        inner = [value.values() if isinstance(value, dict) else value for value in level if isinstance(value, dict | list)]
        level = [entry for entries in inner for entry in entries]
        depth += bool(inner)
    return depth
