"""SQL of stray predictions: paid for, and of no live attempt of ours. For their cancels see `cancel_store.py`."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from darkroom_servicekit.database import Transaction, UnitOfWork
from darkroom_servicekit.housekeeping import forget

FoundBy = Literal["answer", "webhook", "list"]
KEEP_DAYS = 30

# Only with the attempt's own token where one is known, and never a prediction that an attempt owns: a webhook that comes twice,
# or an answer that comes after its webhook, is no stray.
RECORD = """
    INSERT INTO stray_predictions (provider, prediction_id, account, attempt_id, instance_id, found_by, cancel_at)
    SELECT a.provider, w.prediction_id, a.account, a.id, q.instance_id, :found_by, clock_timestamp()
    FROM unnest(CAST(:attempts AS uuid[]), CAST(:predictions AS text[]), CAST(:digests AS text[]))
        AS w (id, prediction_id, digest)
    JOIN attempts a ON a.id = w.id AND a.provider = :provider JOIN queue_items q USING (item_id)
    WHERE a.state NOT IN ('CALLING', 'UNKNOWN') AND a.prediction_id IS DISTINCT FROM w.prediction_id
      AND (w.digest IS NULL OR w.digest = a.callback_token_sha256)
      AND NOT EXISTS (
          SELECT 1 FROM attempts other WHERE other.provider = a.provider AND other.prediction_id = w.prediction_id
      )
    ORDER BY w.prediction_id ON CONFLICT DO NOTHING RETURNING prediction_id, attempt_id::text
"""
FORGET = """
    DELETE FROM stray_predictions WHERE (provider, prediction_id) IN (
        SELECT provider, prediction_id FROM stray_predictions
        WHERE cancel_at IS NULL AND found_at < clock_timestamp() - make_interval(days => :keep_days)
        LIMIT :limit FOR UPDATE SKIP LOCKED
    )
"""


@dataclass(frozen=True, kw_only=True)
class SeenPrediction:
    """A prediction of an attempt. `token_sha256` None: the provider gave it to us as the answer to the attempt's own call."""

    attempt_id: str
    prediction_id: str
    token_sha256: str | None = None


async def record_strays(
    transaction: Transaction, provider: str, seen: Sequence[SeenPrediction], *, found_by: FoundBy
) -> dict[str, str]:
    """Record those that belong to no live attempt; return the attempt of each that is new, by prediction."""
    values = {
        "provider": provider,
        "found_by": found_by,
        "attempts": [one.attempt_id for one in seen],
        "predictions": [one.prediction_id for one in seen],
        "digests": [one.token_sha256 for one in seen],
    }
    return {row.prediction_id: row.attempt_id for row in await transaction.execute(RECORD, values)}


async def forget_strays(unit_of_work: UnitOfWork) -> None:
    """Delete the predictions that were found more than `KEEP_DAYS` ago and are cancelled, in bounded batches."""

    async def forget_some(transaction: Transaction, limit: int) -> int:
        return (await transaction.execute(FORGET, {"keep_days": KEEP_DAYS, "limit": limit})).rowcount

    await forget(unit_of_work, "stray predictions", forget_some)
