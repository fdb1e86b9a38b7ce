"""Use case: what time does to credits is posted when it happens: grants end, periods begin, new versions of plans are sold.

Nothing depends on its being in time, since whoever locks an account posts what is due; this is for the tenants nobody asks
about. It sleeps until the next instant that is known, and looks by itself now and then for those that another replica made.
"""

from collections.abc import Callable
from datetime import datetime

import structlog
from darkroom_servicekit.database import UnitOfWork
from sqlalchemy import text

from darkroom_credits.current_accounts import lock_accounts
from darkroom_credits.due_loop import DueLoop
from darkroom_credits.metrics import CreditsMetrics
from darkroom_credits.store_reads import read_open_reservations

LOOK_SECONDS_MAX = 60.0
TENANTS_MAX = 100
"""Brought up to now in one transaction."""

DUE = text(
    """
    SELECT instance_id FROM (
        (SELECT instance_id, expires_at AS at FROM grants WHERE remaining > 0 AND expires_at <= :now
         ORDER BY expires_at LIMIT :limit)
        UNION ALL
        (SELECT instance_id, renews_at FROM balances WHERE renews_at <= :now ORDER BY renews_at LIMIT :limit)
        UNION ALL
        (SELECT instance_id, sold.since FROM (
            SELECT name, max(version) AS version, max(valid_from) AS since FROM plans WHERE valid_from <= :now GROUP BY name
        ) AS sold JOIN balances ON plan = sold.name AND plan_version < sold.version AND renews_at IS NULL LIMIT :limit)
    ) AS due GROUP BY instance_id ORDER BY min(at) LIMIT :limit
    """
)
NEXT = text(
    """
    SELECT least(
        (SELECT min(expires_at) FROM grants WHERE remaining > 0 AND expires_at IS NOT NULL),
        (SELECT min(renews_at) FROM balances WHERE renews_at IS NOT NULL),
        (SELECT min(valid_from) FROM plans WHERE valid_from > :now)
    )
    """
)

log = structlog.get_logger()


class KeepTime:
    """The loop; `look_again` when an instant may have come nearer."""

    def __init__(
        self, unit_of_work: UnitOfWork, metrics: CreditsMetrics, *, clock: Callable[[], datetime], overdue_seconds: float
    ) -> None:
        self._uow = unit_of_work
        self._metrics = metrics
        self._clock = clock
        self._overdue_seconds = overdue_seconds
        self._loop = DueLoop(self._work, self._next, clock=clock, look_seconds_max=LOOK_SECONDS_MAX)
        self.look_again = self._loop.look_again
        """Something will end that was not known before."""
        self.run = self._loop.run

    async def _work(self) -> None:
        await self.catch_up()
        await self._report()

    async def catch_up(self) -> int:
        """Post everything that is due; how many tenants it concerned."""
        total = 0
        while ids := await self._due():
            async with self._uow.begin() as transaction:
                await lock_accounts(transaction, ids)
            total += len(ids)
        if total:
            log.info("grants ended or periods began", tenants=total)
        return total

    async def _due(self) -> list[str]:
        async with self._uow.read() as connection:
            rows = await connection.execute(DUE, {"now": self._clock(), "limit": TENANTS_MAX})
            return [row.instance_id for row in rows]

    async def _report(self) -> None:
        """Count what jobs hold, and what they have held for so long that their end seems to have been lost."""
        async with self._uow.read() as connection:
            held = await read_open_reservations(connection, now=self._clock(), overdue_seconds=self._overdue_seconds)
        self._metrics.reservations_open.set(held.open)
        self._metrics.reservations_overdue.set(held.overdue)
        if held.overdue:
            log.warning("reservations of jobs whose end has not come", count=held.overdue, oldest_since=held.oldest)

    async def _next(self) -> datetime | None:
        async with self._uow.read() as connection:
            following: datetime | None = (await connection.execute(NEXT, {"now": self._clock()})).scalar_one()
        return following
