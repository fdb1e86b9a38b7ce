"""The SQL of how far Stripe's list of events has been read."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from darkroom_servicekit.database import Transaction
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

CLAIM = """
    UPDATE stripe_watch SET read_at = :now
    WHERE read_at <= :before AND EXISTS (SELECT 1 FROM purchases) RETURNING read_until
"""
NOTE_READ = "UPDATE stripe_watch SET read_until = greatest(read_until, :until)"
NEXT = text("SELECT read_at FROM stripe_watch WHERE EXISTS (SELECT 1 FROM purchases)")
UNKNOWN = text(
    "SELECT asked.id FROM unnest(CAST(:ids AS text[])) AS asked (id)"
    " WHERE NOT EXISTS (SELECT 1 FROM stripe_events WHERE stripe_events.id = asked.id)"
)


@dataclass(frozen=True)
class Claimed:
    """The right to read now; up to when it has been read before, if ever."""

    read_until: datetime | None


async def claim_reading(transaction: Transaction, *, every: timedelta) -> Claimed | None:
    """Take the next reading, when it is due; whoever dies over it leaves it to the next, from the same point."""
    values = {"now": transaction.now, "before": transaction.now - every}
    row = (await transaction.execute(CLAIM, values)).one_or_none()
    return Claimed(row.read_until) if row else None


async def note_read(transaction: Transaction, *, until: datetime) -> None:
    """All before `until` has been read."""
    await transaction.execute(NOTE_READ, {"until": until})


async def next_reading(connection: AsyncConnection) -> datetime | None:
    """When it was read last; None with nothing ever sold."""
    read_at: datetime | None = (await connection.execute(NEXT)).scalar_one_or_none()
    return read_at


async def unknown_events(connection: AsyncConnection, ids: Sequence[str]) -> set[str]:
    """Those of the events that have not been noted yet."""
    return set((await connection.execute(UNKNOWN, {"ids": list(ids)})).scalars())
