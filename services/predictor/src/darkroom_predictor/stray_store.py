"""All SQL on stray_predictions: predictions that were paid for and belong to no live attempt of ours."""

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
DUE = """
    UPDATE stray_predictions s SET cancels = s.cancels + 1, cancel_at = clock_timestamp() + make_interval(
        secs => least(CAST(:again_seconds_max AS double precision), :again_seconds_first * 2.0 ^ least(s.cancels, 10))
    )
    FROM (
        SELECT provider, prediction_id FROM stray_predictions
        WHERE cancel_at <= clock_timestamp() AND provider = :provider AND account = ANY(CAST(:accounts AS text[]))
        ORDER BY cancel_at LIMIT :limit FOR UPDATE SKIP LOCKED
    ) due
    WHERE s.provider = due.provider AND s.prediction_id = due.prediction_id RETURNING s.account, s.prediction_id
"""
TOLD = """
    UPDATE stray_predictions SET cancel_at = NULL
    WHERE provider = :provider AND prediction_id = ANY(CAST(:predictions AS text[]))
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


async def take_due_strays(
    transaction: Transaction, provider: str, accounts: Sequence[str], *, limit: int, again_seconds: tuple[float, float]
) -> list[tuple[str, str]]:
    """Return up to `limit` (account, prediction) to cancel now; each is due again, later and later, unless `strays_told`."""
    first, most = again_seconds
    values = {"provider": provider, "accounts": list(accounts), "limit": limit}
    rows = await transaction.execute(DUE, values | {"again_seconds_first": first, "again_seconds_max": most})
    return [(row.account, row.prediction_id) for row in rows]


async def strays_told(transaction: Transaction, provider: str, predictions: Sequence[str]) -> None:
    """Record that the provider has accepted the cancels of these predictions."""
    await transaction.execute(TOLD, {"provider": provider, "predictions": list(predictions)})


async def forget_strays(unit_of_work: UnitOfWork) -> None:
    """Delete the predictions that were found more than `KEEP_DAYS` ago and are cancelled, in bounded batches."""

    async def forget_some(transaction: Transaction, limit: int) -> int:
        return (await transaction.execute(FORGET, {"keep_days": KEEP_DAYS, "limit": limit})).rowcount

    await forget(unit_of_work, "stray predictions", forget_some)
