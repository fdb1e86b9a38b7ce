"""Measures what the tables say of work that no dispatcher sees, for the alert rules, and logs changes.

A gauge is removed when its cause is gone. A measurement that fails changes no gauge, and the loop's restarts are counted.
"""

import asyncio
from collections.abc import Mapping, Sequence

import structlog
from darkroom_servicekit.database import UnitOfWork

from darkroom_predictor.metrics import PredictorMetrics
from darkroom_predictor.watch_store import Watched, watch

log = structlog.get_logger()


class WatchTables:
    """`run` until cancelled. `accounts`: the accounts with a token, by provider."""

    def __init__(
        self,
        unit_of_work: UnitOfWork,
        metrics: PredictorMetrics,
        accounts: Mapping[str, Sequence[str]],
        *,
        every_seconds: float,
    ) -> None:
        self._unit_of_work = unit_of_work
        self._metrics = metrics
        self._accounts = accounts
        self._every_seconds = every_seconds
        self.last = Watched()
        """As it was measured last."""

    async def run(self) -> None:
        """Measure now, and then every so often."""
        while True:
            await self.look()
            await asyncio.sleep(self._every_seconds)

    async def look(self) -> Watched:
        """Measure once."""
        async with self._unit_of_work.read() as connection:
            found = await watch(connection, self._accounts)
        self._metrics.watched(found)
        if found.without_account and set(found.without_account) != set(self.last.without_account):
            log.error("attempts of accounts without a token are kept, not settled", attempts=dict(found.without_account))
        self.last = found
        return found
