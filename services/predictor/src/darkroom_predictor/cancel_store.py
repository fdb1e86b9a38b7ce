"""SQL of cancelling: items that are to stop, and predictions that the provider is asked to stop. Both survive any crash."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from darkroom_servicekit.database import Transaction
from sqlalchemy import text

from darkroom_predictor.items import Item
from darkroom_predictor.queue_store import ITEM_COLUMNS, read_item

STOP = f"""
    WITH wanted AS (
        SELECT * FROM unnest(CAST(:jobs AS bigint[]), CAST(:instances AS text[]), CAST(:causes AS text[]))
            AS w (job_id, instance_id, cause_id)
    ), locked AS (
        SELECT q.item_id, w.cause_id FROM queue_items q JOIN wanted w USING (job_id, instance_id)
        WHERE q.state <> 'ENDED' ORDER BY q.item_id FOR UPDATE OF q
    )
    UPDATE queue_items q SET
        state = CASE WHEN q.state = 'QUEUED' THEN 'ENDED' ELSE q.state END,
        ended_at = CASE WHEN q.state = 'QUEUED' THEN clock_timestamp() END,
        cancel_requested_at = coalesce(q.cancel_requested_at, clock_timestamp()),
        cancel_cause_id = coalesce(q.cancel_cause_id, locked.cause_id)
    FROM locked WHERE q.item_id = locked.item_id
    RETURNING {ITEM_COLUMNS}, q.state = 'ENDED' AS ended
"""  # noqa: S608  # constants only
PLAN = """
    UPDATE attempts SET cancel_at = clock_timestamp()
    WHERE item_id = ANY(CAST(:items AS bigint[])) AND state = 'CREATED' AND cancel_at IS NULL
"""
DUE = """
    SELECT account, prediction_id, cancels FROM {table}
    WHERE {live} AND cancel_at <= clock_timestamp() AND provider = :provider AND account = ANY(CAST(:accounts AS text[]))
    ORDER BY cancel_at LIMIT :limit FOR UPDATE SKIP LOCKED
"""
POSTPONE = """
    UPDATE {table} SET cancels = cancels + 1, cancel_at = clock_timestamp() + make_interval(
        secs => least(CAST(:again_seconds_max AS double precision), :again_seconds_first * 2.0 ^ least(cancels, 10))
    )
    WHERE provider = :provider AND prediction_id = ANY(CAST(:predictions AS text[]))
"""
TOLD = """
    UPDATE {table} SET cancel_at = NULL
    WHERE {live} AND provider = :provider AND prediction_id = ANY(CAST(:predictions AS text[]))
"""
LIVE = {"attempts": "state = 'CREATED'", "stray_predictions": "true"}
"""Which rows of a table there is still something to cancel of."""


@dataclass(frozen=True, kw_only=True)
class DueCancel:
    """A prediction that the provider is to be asked to stop, and how often it was asked before."""

    account: str
    prediction_id: str
    cancels: int


async def stop_items(transaction: Transaction, jobs: Sequence[tuple[int, str, str]]) -> tuple[list[Item], list[Item]]:
    """(job, its tenant, id of the request): ends what waits, marks what is under way; those two.

    The item's row decides every race: whoever locks it first, a claim or this, is right, and the other finds it so.
    """
    parameters = {
        "jobs": [job for job, _, _ in jobs],
        "instances": [instance for _, instance, _ in jobs],
        "causes": [cause for _, _, cause in jobs],
    }
    rows = (await transaction.execute(STOP, parameters)).all()
    ended = [read_item(row) for row in rows if row.ended]
    under_way = [read_item(row) for row in rows if not row.ended]
    if under_way:
        await transaction.execute(PLAN, {"items": [item.item_id for item in under_way]})
    return sorted(ended, key=lambda item: item.item_id), under_way


class CancelTable:
    """The predictions of one provider in one table that the provider is to be asked to stop."""

    def __init__(self, provider: str, table: Literal["attempts", "stray_predictions"]) -> None:
        self._provider = provider
        self._due, self._postpone, self._told = (text(sql.format(table=table, live=LIVE[table])) for sql in (DUE, POSTPONE, TOLD))

    async def lock_due(self, transaction: Transaction, accounts: Sequence[str], *, limit: int) -> list[DueCancel]:
        """Return up to `limit` that are due, locked until the transaction ends."""
        rows = await transaction.execute(self._due, {"provider": self._provider, "accounts": list(accounts), "limit": limit})
        return [DueCancel(**row._mapping) for row in rows]

    async def postpone(self, transaction: Transaction, predictions: Sequence[str], *, again_seconds: tuple[float, float]) -> None:
        """Record that these are asked for now, and due again later and later unless `told`. `again_seconds`: first and most."""
        first, most = again_seconds
        values = {"provider": self._provider, "predictions": list(predictions)}
        await transaction.execute(self._postpone, values | {"again_seconds_first": first, "again_seconds_max": most})

    async def told(self, transaction: Transaction, predictions: Sequence[str]) -> None:
        """Record that the provider has accepted these."""
        await transaction.execute(self._told, {"provider": self._provider, "predictions": list(predictions)})
