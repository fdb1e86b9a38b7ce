"""The budget of requests beside creations: lists and cancels of one account, shared by all replicas.

The provider counts these requests together with the poller's look-ups, which have a budget of their own in the poller.
"""

from darkroom_servicekit.database import Transaction, UnitOfWork

BURST_SECONDS = 2.0
"""The budget of this long, and one request at least, may be spent at once."""

OPEN = """
    INSERT INTO request_budgets (provider, account, next_free)
    VALUES (:provider, :account, clock_timestamp() - make_interval(secs => :burst_seconds))
    ON CONFLICT DO NOTHING
"""
# A `next_free` in the future is left by a clock that was set back: it counts as now.
TAKE = """
    WITH free AS (
        SELECT least(clock_timestamp(), greatest(next_free, clock_timestamp() - make_interval(secs => :burst_seconds))) AS since
        FROM request_budgets WHERE provider = :provider AND account = :account FOR UPDATE
    ), granted AS (
        SELECT since, least(:wanted, floor(extract(epoch FROM clock_timestamp() - since) / :step_seconds)::integer) AS requests
        FROM free
    )
    UPDATE request_budgets SET next_free = since + make_interval(secs => requests * CAST(:step_seconds AS double precision))
    FROM granted WHERE provider = :provider AND account = :account
    RETURNING requests
"""


class RequestBudget:
    """The budget of each account of one provider."""

    def __init__(self, unit_of_work: UnitOfWork, provider: str, *, per_minute: int) -> None:
        self._unit_of_work = unit_of_work
        self._provider = provider
        self._per_minute = per_minute

    async def take(self, account: str) -> bool:
        """Take one request, in a transaction of its own; whether it may be sent now."""
        async with self._unit_of_work.begin() as transaction:
            return await self.take_within(transaction, account, 1) == 1

    async def take_within(self, transaction: Transaction, account: str, wanted: int) -> int:
        """Take up to `wanted` requests; how many may be sent now."""
        step_seconds = 60 / self._per_minute
        key = {"provider": self._provider, "account": account, "burst_seconds": max(BURST_SECONDS, step_seconds)}
        await transaction.execute(OPEN, key)
        taken: int = (await transaction.execute(TAKE, key | {"wanted": wanted, "step_seconds": step_seconds})).scalar_one()
        return taken
