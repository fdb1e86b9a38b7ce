"""Use case: at the start it is looked up whether the service's own role could edit the ledger, and told if so.

It works all the same: whoever gives one role for everything has chosen so, and the triggers stand. But it shall be known.
"""

import asyncio

import structlog
from darkroom_servicekit.database import UnitOfWork
from darkroom_servicekit.service_role import editable_tables

from darkroom_credits.metrics import CreditsMetrics

log = structlog.get_logger()


class CheckOwnRole:
    """Looks once, then has nothing more to do."""

    def __init__(self, unit_of_work: UnitOfWork, metrics: CreditsMetrics) -> None:
        self._uow = unit_of_work
        self._metrics = metrics

    async def run(self) -> None:
        """Look, and wait for ever. Raises when the database is away, to be tried again."""
        await self.look()
        await asyncio.Event().wait()

    async def look(self) -> list[str]:
        """The tables of the ledger that the role could edit."""
        async with self._uow.read() as connection:
            tables = await editable_tables(connection)
        self._metrics.ledger_editable.set(len(tables))
        if tables:
            log.warning("the service's own role could edit the ledger: give its tables an owner of their own", tables=tables)
        return tables
