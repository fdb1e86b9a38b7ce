"""Limiters over a real table and a real Redis, without the service around them."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime

from darkroom_predictor.attempt_store import AttemptTable
from darkroom_predictor.fair_queue import FairQueue
from darkroom_predictor.limiter import Limiter
from darkroom_predictor.limits import AccountLimits
from darkroom_predictor.limits_store import LimitsTable
from darkroom_predictor.name_accounts import NameAccounts
from darkroom_predictor.queue_store import QueueTable
from darkroom_predictor.rebuild_lease import RebuildLease
from darkroom_predictor.terms_store import TermsTable
from darkroom_servicekit.database import UnitOfWork, build_engine
from sqlalchemy import text

PROVIDER = "double"
LIMITS = [AccountLimits(account="a", cap=100, burst=100, slots=100)]
WAITS = text(
    """
    INSERT INTO queue_items (item_id, instance_id, job_id, image_id, product, provider, model, input, attempts_max,
        backoff_seconds, expected_seconds, cancel_after_seconds, cause_id, queued_at, not_before)
    SELECT item, :tenant, :job, 'i', 'optimize', 'double', 'm', '{}', 3, '{1}', 3, 60, 'c', now() - interval '1 hour',
        CASE WHEN :delay_seconds > 0 THEN now() + make_interval(secs => :delay_seconds) END
    FROM unnest(CAST(:items AS bigint[])) AS item
    """
)


@dataclass
class LimiterWorld:
    """A database and a Redis; `replica` adds a limiter over them."""

    unit_of_work: UnitOfWork
    redis_url: str

    def replica(
        self, *, queue_table: type[QueueTable] = QueueTable, lease: RebuildLease | None = None
    ) -> tuple[FairQueue, Limiter]:
        """A replica's queue and limiter."""
        queue = FairQueue(self.redis_url, PROVIDER, window_seconds=60, grant_seconds_max=1)
        limiter = Limiter(
            queue,
            queue_table(self.unit_of_work, PROVIDER),
            AttemptTable(self.unit_of_work, PROVIDER, owner="one:1", former_owners="one:"),
            TermsTable(self.unit_of_work),
            limits=LimitsTable(self.unit_of_work, PROVIDER, defaults=LIMITS),
            name_accounts=NameAccounts(self.unit_of_work, PROVIDER, ["a"], guarded_seconds=61),
            lease=lease or RebuildLease(self.unit_of_work, PROVIDER, guarded_seconds=61),
            guarded_seconds=61,
        )
        return queue, limiter

    async def add(self, tenant: str, job: int, *items: int, delay_seconds: float = 0.0) -> None:
        """Items that wait in the table."""
        values = {"tenant": tenant, "job": job, "items": list(items), "delay_seconds": delay_seconds}
        async with self.unit_of_work.begin() as transaction:
            await transaction.connection.execute(WAITS, values)


@asynccontextmanager
async def limiter_world(database_url: str, redis_url: str) -> AsyncIterator[LimiterWorld]:
    """For as long as the context lasts."""
    engine = build_engine(database_url, pool_size=6)
    unit_of_work = UnitOfWork(engine, service="predictor", clock=lambda: datetime.now(UTC), wake_relay=lambda: None)
    try:
        yield LimiterWorld(unit_of_work, redis_url)
    finally:
        await engine.dispose()
