"""What the table of predictions says to operators: measured on every replica, for the alert rules, and logged when it changes."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import structlog
from darkroom_servicekit.database import UnitOfWork
from sqlalchemy import text

from darkroom_poller.metrics import PollerMetrics
from darkroom_poller.poll_store import HAS_ACCOUNT, account_lists

WATCH_SECONDS = 15.0
WITHOUT_ACCOUNT = text(
    f"""
    SELECT p.account, count(*) AS predictions FROM predictions p
    WHERE p.state = 'IN_FLIGHT' AND NOT ({HAS_ACCOUNT}) GROUP BY p.account
    """  # noqa: S608 - our own constants
)
SOONEST = text(
    """
    SELECT extract(epoch FROM min(expires_at) - clock_timestamp())::float8 FROM predictions WHERE state = 'OUTPUT_READY'
    """
)

log = structlog.get_logger()


@dataclass(frozen=True, kw_only=True)
class Watched:
    """Predictions that nobody can ask about, by account; seconds until the provider deletes the next output not yet stored."""

    without_account: Mapping[str, int] = field(default_factory=dict)
    soonest_expiry_seconds: float | None = None


class WatchPredictions:
    """`run` until cancelled. `accounts`: the accounts with a token, by provider."""

    def __init__(self, unit_of_work: UnitOfWork, metrics: PollerMetrics, accounts: Mapping[str, Sequence[str]]) -> None:
        self._unit_of_work = unit_of_work
        self._metrics = metrics
        self._accounts = accounts
        self._said: set[str] = set()

    async def run(self) -> None:
        """Measure now, and then every so often."""
        while True:
            await self.look()
            await asyncio.sleep(WATCH_SECONDS)

    async def look(self) -> Watched:
        """Measure once."""
        async with self._unit_of_work.read() as connection:
            rows = await connection.execute(WITHOUT_ACCOUNT, account_lists(self._accounts))
            without = {row.account: row.predictions for row in rows}
            soonest: float | None = (await connection.execute(SOONEST)).scalar_one()
        found = Watched(without_account=without, soonest_expiry_seconds=soonest)
        self._metrics.without_account.clear()
        for account, predictions in without.items():
            self._metrics.without_account.labels(account=account).set(predictions)
        self._metrics.soonest_expiry.set(float("inf") if soonest is None else soonest)
        if without and without.keys() != self._said:
            log.error("predictions of accounts without a token are kept, not asked about", predictions=without)
        self._said = set(without)
        return found
