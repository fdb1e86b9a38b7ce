"""SQL of polling: who is due, and the budget that all replicas share."""

from collections.abc import Mapping, Sequence

from darkroom_servicekit.database import Transaction
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from darkroom_poller.predictions import MISSES_MIN, Prediction
from darkroom_poller.store import COLUMNS, prediction_of

BUDGET = text(
    """
    SELECT CAST(extract(epoch FROM clock_timestamp() - next_free) AS double precision) FROM poll_budget FOR UPDATE
    """
)
SPEND = text(
    """
    UPDATE poll_budget SET next_free = greatest(
        next_free, clock_timestamp() - CAST(:burst_seconds AS double precision) * interval '1 second'
    ) + CAST(:seconds AS double precision) * interval '1 second'
    """
)
HAS_ACCOUNT = """
    EXISTS (
        SELECT 1 FROM unnest(CAST(:providers AS text[]), CAST(:accounts AS text[])) AS known (provider, account)
        WHERE known.provider = p.provider AND known.account = p.account
    )
"""
"""Nobody can ask about a prediction of an account without a token: it costs no budget and is left as it is."""
CLAIM = text(
    f"""
    WITH due AS (
        SELECT attempt_id FROM predictions p
        WHERE state = 'IN_FLIGHT' AND next_poll_at <= clock_timestamp() AND {HAS_ACCOUNT}
        ORDER BY next_poll_at LIMIT :limit FOR UPDATE SKIP LOCKED
    )
    UPDATE predictions AS p SET
        polls = p.polls + 1, next_poll_at = clock_timestamp() + CAST(:lease AS double precision) * interval '1 second'
    FROM due WHERE p.attempt_id = due.attempt_id
    RETURNING {COLUMNS}
    """  # noqa: S608  # the columns are our own constant
)
RESCHEDULE = text(
    """
    WITH new AS (
        SELECT * FROM unnest(CAST(:ids AS uuid[]), CAST(:delays AS double precision[])) AS n (attempt_id, delay)
    ), locked AS (
        SELECT attempt_id FROM predictions
        WHERE attempt_id = ANY(CAST(:ids AS uuid[])) AND state = 'IN_FLIGHT' ORDER BY attempt_id FOR UPDATE
    )
    UPDATE predictions AS p SET next_poll_at = CASE
        WHEN p.overdue_at > clock_timestamp() THEN least(p.overdue_at, clock_timestamp() + new.delay * interval '1 second')
        ELSE clock_timestamp() + new.delay * interval '1 second' END
    FROM new JOIN locked USING (attempt_id)
    WHERE p.attempt_id = new.attempt_id
    """
)
MISSED = text(
    """
    UPDATE predictions SET misses = misses + 1, missing_since = coalesce(missing_since, clock_timestamp())
    WHERE attempt_id = ANY(CAST(:ids AS uuid[])) AND state = 'IN_FLIGHT'
    RETURNING attempt_id::text,
        misses >= :misses_min AND missing_since <= clock_timestamp() - make_interval(secs => :seconds) AS lost
    """
)
FOUND = text(
    """
    UPDATE predictions SET misses = 0, missing_since = NULL
    WHERE attempt_id = ANY(CAST(:ids AS uuid[])) AND missing_since IS NOT NULL
    """
)
EARLIEST = text(
    f"""
    SELECT CAST(extract(epoch FROM min(next_poll_at) - clock_timestamp()) AS double precision)
    FROM predictions p WHERE state = 'IN_FLIGHT' AND {HAS_ACCOUNT}
    """  # noqa: S608  # our own constant
)

Accounts = Mapping[str, Sequence[str]]
"""The accounts with a token, by provider."""


def account_lists(accounts: Accounts) -> dict[str, list[str]]:
    """The parameters of HAS_ACCOUNT."""
    pairs = [(provider, account) for provider, names in accounts.items() for account in names]
    return {"providers": [provider for provider, _ in pairs], "accounts": [account for _, account in pairs]}


async def claim_polls(
    transaction: Transaction, accounts: Accounts, *, per_minute: int, burst_seconds: float, lease_seconds: float
) -> list[Prediction]:
    """Predictions to ask for now, within the budget; each is due again after the lease unless it is rescheduled."""
    free_for_seconds = (await transaction.execute(BUDGET)).scalar_one()
    burst_seconds = max(burst_seconds, 60 / per_minute)  # one request at least
    affordable = int(min(burst_seconds, free_for_seconds) * per_minute / 60)
    if affordable < 1:
        return []
    known = account_lists(accounts)
    rows = (await transaction.execute(CLAIM, {"limit": affordable, "lease": lease_seconds} | known)).mappings().all()
    claimed = [prediction_of(row) for row in rows]
    if claimed:
        # An overdue one may be cancelled after its look-up: a second request, that the provider counts like the first.
        requests = len(claimed) + sum(one.overdue_by_seconds >= 0 for one in claimed)
        await transaction.execute(SPEND, {"burst_seconds": burst_seconds, "seconds": requests * 60 / per_minute})
    return claimed


async def mark_missing(transaction: Transaction, attempt_ids: Sequence[str], *, missing_seconds: float) -> set[str]:
    """Count look-ups that missed their predictions, locked by the caller; the ids of those that are lost.

    Lost: missed by MISSES_MIN look-ups in a row, the first of them at least `missing_seconds` ago.
    """
    if not attempt_ids:
        return set()
    parameters = {"ids": list(attempt_ids), "misses_min": MISSES_MIN, "seconds": missing_seconds}
    return {row.attempt_id for row in await transaction.execute(MISSED, parameters) if row.lost}


async def mark_found(transaction: Transaction, attempt_ids: Sequence[str]) -> None:
    """The provider knows these predictions, locked by the caller: earlier misses do not count any more."""
    if attempt_ids:
        await transaction.execute(FOUND, {"ids": list(attempt_ids)})


async def reschedule(transaction: Transaction, delays: Mapping[str, float]) -> None:
    """When each is to be asked for next, in seconds from now, but no later than when it becomes overdue."""
    if delays:
        await transaction.execute(RESCHEDULE, {"ids": list(delays), "delays": list(delays.values())})


async def seconds_to_next_poll(connection: AsyncConnection, accounts: Accounts) -> float | None:
    """Until the earliest poll is due (negative: it is overdue); None when nothing is in flight."""
    seconds: float | None = (await connection.execute(EARLIEST, account_lists(accounts))).scalar_one_or_none()
    return seconds
