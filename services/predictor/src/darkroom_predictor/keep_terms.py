"""Tenants' terms from the table into force: in the fair queues at their next turn, at the services' doors with the next request.

The table is the truth. Redis is told after every commit, and compared with the table now and then, so that neither a process that
died in between nor a wiped Redis keeps old terms in force for longer than that.
"""

import asyncio
from collections.abc import Callable, Sequence

import structlog
from darkroom_contracts.credits import PlanChanged
from darkroom_contracts.predictions import TenantTermsChanged
from darkroom_servicekit.database import Transaction, UnitOfWork
from darkroom_servicekit.loops import set_within
from darkroom_servicekit.own_limits import OwnLimits
from darkroom_servicekit.stages import Received
from redis.exceptions import RedisError

from darkroom_predictor.fair_queue import FairQueue, LimiterClosed
from darkroom_predictor.terms import Terms, TermsChange
from darkroom_predictor.terms_store import TermsTable, lock_terms, see_plans, write_terms

COMPARE_SECONDS = 10.0

log = structlog.get_logger()


class KeepTerms:
    """Takes plans from credits and settings from operators. `run` for ever, for what went amiss on the way to Redis."""

    def __init__(
        self,
        unit_of_work: UnitOfWork,
        table: TermsTable,
        queues: Sequence[FairQueue],
        own_limits: OwnLimits,
        *,
        wake: Callable[[], None],
    ) -> None:
        self._unit_of_work = unit_of_work
        self._table = table
        self._queues = queues
        self._own_limits = own_limits
        self._wake = wake
        self._untold: dict[str, Terms] = {}
        self._has_untold = asyncio.Event()

    async def on_plans_changed(self, transaction: Transaction, batch: Sequence[Received[PlanChanged]]) -> None:
        """A plan's weight and cap, told to the queues after the commit."""
        changed = await see_plans(transaction, batch)
        transaction.after_commit(lambda: self._tell_soon(changed))

    async def change(self, instance_id: str, change: TermsChange, *, by: str) -> Terms:
        """What an operator sets; in force when this returns, unless Redis is away (then as soon as it is back)."""
        async with self._unit_of_work.begin() as transaction:
            before = await lock_terms(transaction, instance_id)
            after = change.applied_to(before)
            if after == before:
                return before
            revision = await write_terms(transaction, after)
            transaction.publish(_changed(after, by))
        changed = Terms(**vars(after) | {"revision": revision})
        self._tell_soon([changed])
        await self._tell()
        return changed

    async def run(self) -> None:
        """Tell what is to be told, and compare, until cancelled."""
        while True:
            if await set_within(self._has_untold, COMPARE_SECONDS):
                await self._tell()
            else:
                await self.compare()

    async def compare(self) -> None:
        """Bring into Redis what differs from the table."""
        stamp = await self._table.stamp()
        if await self._own_limits.stamp() != stamp:
            await self._own_limits.replace(await self._table.own_requests(), stamp=stamp)
        for queue in self._queues:
            if queue.epoch is not None and await queue.terms_stamp() != stamp:
                stamp, terms = await self._table.all()
                await queue.set_tenants(queue.epoch, terms, stamp=stamp)

    def _tell_soon(self, changed: Sequence[Terms]) -> None:
        for terms in changed:
            known = self._untold.get(terms.instance_id)
            if known is None or known.revision < terms.revision:
                self._untold[terms.instance_id] = terms
        if self._untold:
            self._has_untold.set()

    async def _tell(self) -> None:
        """Tell the changes; what cannot be told now stands in the table and is found by the next comparison."""
        told, self._untold = self._untold, {}
        self._has_untold.clear()
        try:
            for queue in self._queues:
                if queue.epoch is not None:
                    await queue.set_tenants(queue.epoch, list(told.values()))
            for terms in told.values():
                await self._own_limits.set(terms.instance_id, terms.requests_per_minute)
        except (RedisError, LimiterClosed, OSError) as error:
            log.warning("terms not told to Redis yet", tenants=len(told), error=repr(error)[:200])
        self._wake()


def _changed(terms: Terms, by: str) -> TenantTermsChanged:
    return TenantTermsChanged(
        instance_id=terms.instance_id,
        weight=terms.weight,
        cap_per_minute=terms.cap_per_minute,
        requests_per_minute=terms.requests_per_minute,
        paused=terms.paused,
        own_weight=terms.own_weight,
        own_cap_per_minute=terms.own_cap,
        concurrency=terms.concurrency,
        changed_by=by,
    )
