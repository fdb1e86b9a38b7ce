"""The SQL of the sweep: which reservations are due for it, by whom they are taken, which are fully settled."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from darkroom_servicekit.database import Transaction
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

SWEEPS_MAX_EXPONENT = 20

# Row locks only, held for this one statement: whoever changes credits locks the tenant's balances first.
CLAIM = text(
    """
    UPDATE reservations SET sweeps = sweeps + 1, sweep_at = CAST(:now AS timestamptz)
        + least(CAST(:longest AS interval), CAST(:first AS interval) * power(2, least(sweeps, :exponent_max)))
    WHERE job_id IN (
        SELECT job_id FROM reservations
        WHERE state = 'OPEN' AND updated_at < :quiet_since AND (sweep_at IS NULL OR sweep_at <= :now)
        ORDER BY updated_at LIMIT :limit FOR UPDATE SKIP LOCKED
    )
    RETURNING job_id, instance_id, created_at
    """
)
NEXT = text(
    """
    SELECT min(greatest(updated_at + CAST(:quiet AS interval), sweep_at)) FROM reservations WHERE state = 'OPEN'
    """
)
CLOSE_SETTLED = text(
    """
    UPDATE reservations SET state = 'CLOSED', updated_at = :now
    WHERE job_id = ANY(CAST(:jobs AS bigint[])) AND state = 'OPEN' AND spent + released = amount
        AND items_total <= (SELECT count(*) FROM settlements WHERE settlements.job_id = reservations.job_id)
    """
)
UNDECIDED_ONE = text(
    """
    SELECT instance_id, items_total, state,
        state = 'OPEN' AND sweeps > 0 AND updated_at < CAST(:quiet_since AS timestamptz) AS undecided
    FROM reservations WHERE job_id = :job
    """
)
STILL_OPEN = text(
    "SELECT job_id FROM reservations WHERE job_id = ANY(CAST(:jobs AS bigint[])) AND state = 'OPEN' ORDER BY job_id"
)
UNDECIDED = text(
    "SELECT count(*) FROM reservations WHERE state = 'OPEN' AND sweeps > 0 AND updated_at < CAST(:quiet_since AS timestamptz)"
)


@dataclass(frozen=True, kw_only=True)
class Overdue:
    """A job that has held credits for long without any news of it."""

    job_id: int
    instance_id: str
    created_at: datetime


async def claim_overdue(
    transaction: Transaction, *, quiet: timedelta, first: timedelta, longest: timedelta, limit: int
) -> list[Overdue]:
    """Take what is due; each is due again later and later, should it still be open then."""
    values = {
        "now": transaction.now,
        "quiet_since": transaction.now - quiet,
        "first": first,
        "longest": longest,
        "exponent_max": SWEEPS_MAX_EXPONENT,
        "limit": limit,
    }
    return [Overdue(**row._mapping) for row in (await transaction.execute(CLAIM, values)).all()]


async def next_sweep(connection: AsyncConnection, *, quiet: timedelta) -> datetime | None:
    """When the next reservation will be due."""
    at: datetime | None = (await connection.execute(NEXT, {"quiet": quiet})).scalar_one()
    return at


async def close_settled(transaction: Transaction, job_ids: Sequence[int]) -> None:
    """Close those of which every item has been settled and nothing is held any more; their tenants' accounts are locked."""
    await transaction.execute(CLOSE_SETTLED, {"jobs": list(job_ids), "now": transaction.now})


async def still_open(transaction: Transaction, job_ids: Sequence[int]) -> list[int]:
    """Those that are open all the same."""
    return list((await transaction.execute(STILL_OPEN, {"jobs": list(job_ids)})).scalars())


@dataclass(frozen=True, kw_only=True)
class Standing:
    """Whose reservation it is, and whether it is left to a person to decide on it."""

    instance_id: str
    items_total: int
    state: str
    undecided: bool


async def standing_of(connection: AsyncConnection, job_id: int, *, quiet_since: datetime) -> Standing | None:
    """How a job's reservation stands; None without one. Lock its tenant's account first, if it shall stay so."""
    row = (await connection.execute(UNDECIDED_ONE, {"job": job_id, "quiet_since": quiet_since})).one_or_none()
    return Standing(**row._mapping) if row else None


async def count_undecided(connection: AsyncConnection, *, quiet_since: datetime) -> int:
    """How many were looked up and could not be decided, and have had no news since."""
    return int((await connection.execute(UNDECIDED, {"quiet_since": quiet_since})).scalar_one())
