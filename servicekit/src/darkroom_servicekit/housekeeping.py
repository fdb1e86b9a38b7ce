"""Forgets old rows in bounded batches until none is left: each batch commits by itself, so a failure undoes only its own.

One replica forgets at a time: two of them would only wait for one another's row locks.
"""

import asyncio
from collections.abc import Awaitable, Callable

from sqlalchemy import text

from darkroom_servicekit.database import Transaction, UnitOfWork

LOCK = 0x0DA2_0C03
BATCH_ROWS = 10_000
REST_SECONDS = 0.05
"""Between batches, so that other statements get their turn; tens of thousands of rows a second are forgotten all the same."""

TAKE_LOCK = text("SELECT pg_try_advisory_xact_lock(:lock, hashtext(:what))")
PRUNE_INBOX = """
    DELETE FROM inbox WHERE event_id IN (
        SELECT event_id FROM inbox WHERE received_at < clock_timestamp() - make_interval(days => :days) LIMIT :limit
    )
"""
# Rows are sent almost in their order, so the oldest stand at the beginning: what lies behind a young row is not looked at.
PRUNE = text(
    """
    WITH part AS (
        SELECT sequence, published_at, published_at < clock_timestamp() - make_interval(secs => :keep_seconds) AS old
        FROM outbox WHERE sequence > :after ORDER BY sequence LIMIT :limit
    ), gone AS (DELETE FROM outbox USING part WHERE outbox.sequence = part.sequence AND part.old)
    SELECT count(*) AS rows, coalesce(max(sequence), 0) AS last,
           count(*) FILTER (WHERE published_at IS NOT NULL AND NOT old) AS young
    FROM part
    """
)

ForgetSome = Callable[[Transaction, int], Awaitable[int]]
"""Forgets at most so many rows and returns how many it looked through; fewer than allowed means that no more are old."""


async def forget(unit_of_work: UnitOfWork, what: str, forget_some: ForgetSome, *, rows_max: int | None = None) -> None:
    """Call `forget_some`, in a transaction each time, until no more is old or another replica is at it.

    `what` names the rows: different rows may be forgotten at the same time. `rows_max` makes the batches of large rows smaller.
    """
    while True:
        limit = BATCH_ROWS if rows_max is None else min(BATCH_ROWS, rows_max)
        async with unit_of_work.begin() as transaction:
            if not (await transaction.execute(TAKE_LOCK, {"lock": LOCK, "what": what})).scalar_one():
                return
            looked_through = await forget_some(transaction, limit)
        if looked_through < limit:
            return
        await asyncio.sleep(REST_SECONDS)


async def forget_now_and_then(forget_all: Callable[[], Awaitable[None]], *, every_seconds: float) -> None:
    """Call `forget_all` at once and then again and again, until cancelled."""
    while True:
        await forget_all()
        await asyncio.sleep(every_seconds)


async def forget_old_events(unit_of_work: UnitOfWork, *, keep_days: int) -> None:
    """Drop inbox marks older than any message that may still come again, in bounded batches."""

    async def forget_some(transaction: Transaction, limit: int) -> int:
        return (await transaction.execute(PRUNE_INBOX, {"days": keep_days, "limit": limit})).rowcount

    await forget(unit_of_work, "inbox", forget_some)


async def forget_sent(unit_of_work: UnitOfWork, *, keep_seconds: float) -> None:
    """Drop the rows that were sent longer ago than `keep_seconds`, in bounded batches. Rows that were not sent stay."""
    after = 0

    async def forget_some(transaction: Transaction, limit: int) -> int:
        nonlocal after
        values = {"keep_seconds": keep_seconds, "after": after, "limit": limit}
        part = (await transaction.execute(PRUNE, values)).one()
        after = part.last
        return 0 if part.young else int(part.rows)

    await forget(unit_of_work, "outbox", forget_some)
