"""SQL of attempts that have lived too long and of items that ended long ago, always so many at a time."""

from collections.abc import Sequence

from darkroom_servicekit.database import Transaction, UnitOfWork
from darkroom_servicekit.housekeeping import forget

from darkroom_predictor.attempt_store import CreatedAttempt, read_created
from darkroom_predictor.queue_store import ITEM_COLUMNS

RETELL = f"""
    UPDATE attempts a SET retells = a.retells + 1, retell_at = clock_timestamp() + make_interval(
        secs => least(CAST(:again_seconds_max AS double precision), :again_seconds_first * 2.0 ^ least(a.retells, 10))
    )
    FROM (
        SELECT id FROM attempts
        WHERE state = 'CREATED' AND provider = :provider AND retell_at <= clock_timestamp()
        ORDER BY retell_at LIMIT :limit FOR UPDATE SKIP LOCKED
    ) due, queue_items q
    WHERE a.id = due.id AND q.item_id = a.item_id
    RETURNING {ITEM_COLUMNS}, a.id::text AS attempt_id, a.number, a.account, a.callback_token_sha256, a.prediction_id
"""  # noqa: S608  # constants only
OVERDUE = """
    SELECT a.id::text FROM attempts a JOIN queue_items q USING (item_id)
    WHERE a.state IN ('CREATED', 'UNKNOWN') AND a.provider = :provider AND a.account = ANY(CAST(:accounts AS text[]))
      AND a.granted_at < clock_timestamp() - make_interval(secs => q.cancel_after_seconds + :abandon_seconds)
    ORDER BY a.granted_at LIMIT :limit
"""
PRUNE = """
    WITH old AS (
        SELECT item_id FROM queue_items
        WHERE state = 'ENDED' AND ended_at < clock_timestamp() - make_interval(days => :days)
        LIMIT :limit FOR UPDATE SKIP LOCKED
    ), theirs AS (DELETE FROM attempts USING old WHERE attempts.item_id = old.item_id)
    DELETE FROM queue_items USING old WHERE queue_items.item_id = old.item_id
"""


async def take_to_retell(
    transaction: Transaction, provider: str, *, limit: int, again_seconds: tuple[float, float]
) -> list[CreatedAttempt]:
    """Created attempts whose end should have come; each is due again, later and later. `again_seconds`: first and most."""
    first, most = again_seconds
    parameters = {"provider": provider, "limit": limit, "again_seconds_first": first, "again_seconds_max": most}
    return [read_created(row) for row in await transaction.execute(RETELL, parameters)]


async def overdue_attempts(
    transaction: Transaction, provider: str, accounts: Sequence[str], *, abandon_seconds: float, limit: int
) -> list[str]:
    """Return attempts that can no longer end by themselves, because the provider has long forgotten their predictions.

    Attempts of other accounts are left as they are: without the token nobody can have asked about them.
    """
    parameters = {"provider": provider, "accounts": list(accounts), "abandon_seconds": abandon_seconds, "limit": limit}
    return list((await transaction.execute(OVERDUE, parameters)).scalars())


async def forget_ended(unit_of_work: UnitOfWork, *, keep_days: int) -> None:
    """Delete the items that ended more than `keep_days` ago, with their attempts, in bounded batches.

    An attempt that lives or is still in a limiter's window is much younger.
    """

    async def forget_some(transaction: Transaction, limit: int) -> int:
        return (await transaction.execute(PRUNE, {"days": keep_days, "limit": limit})).rowcount

    await forget(unit_of_work, "items", forget_some)
