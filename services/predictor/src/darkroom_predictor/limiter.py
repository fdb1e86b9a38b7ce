"""The limiter's life: closed when Redis has lost it, rebuilt from the tables under a new epoch, kept in step with them.

A new epoch is committed first: from then on no attempt can be written under an older grant, so the attempts of the last W + D
that are read next are all calls that the provider may have seen. Only then is it opened.
"""

import asyncio

import structlog

from darkroom_predictor.attempt_store import AttemptTable
from darkroom_predictor.fair_queue import FairQueue, Hints, RememberedAttempt
from darkroom_predictor.limits_store import LimitsTable
from darkroom_predictor.name_accounts import NameAccounts
from darkroom_predictor.queue_store import QueueTable
from darkroom_predictor.terms_store import TermsTable

PAGE = 1_000
SETTLED_SECONDS = 5.0
"""Younger changes are still on their way to Redis and are no difference."""
SLOT_SETTLED_SECONDS = 60.0
REPAIR_PAGES_MAX = 20
"""Pages of items compared in one repair when the counts differ; the next one goes on from there."""

log = structlog.get_logger()


class Limiter:
    """Opens and repairs one provider's queue in Redis."""

    def __init__(
        self,
        queue: FairQueue,
        queue_table: QueueTable,
        attempt_table: AttemptTable,
        terms_table: TermsTable,
        *,
        limits: LimitsTable,
        name_accounts: NameAccounts,
        guarded_seconds: float,
    ) -> None:
        self._queue = queue
        self._queue_table = queue_table
        self._attempt_table = attempt_table
        self._terms_table = terms_table
        self._limits = limits
        self._name_accounts = name_accounts
        self._guarded_seconds = guarded_seconds
        self._repaired_to = 0
        self._opening = asyncio.Lock()

    async def ensure_open(self) -> None:
        """Return when this replica works in an open epoch; rebuild the limiter where there is none."""
        if self._queue.epoch is not None and not self._opening.locked():
            return
        async with self._opening, self._queue_table.rebuild_lock():
            if self._queue.epoch is not None:
                return
            await self._name_accounts()
            epoch = await self._queue_table.epoch()
            if epoch and await self._queue.is_open(epoch):
                await self._queue.set_accounts(epoch, await self._limits.in_force())
            else:
                epoch = await self._rebuild()
            self._queue.enter(epoch)
            await self._catch_up_terms(epoch)

    async def repair(self) -> int:
        """File what waits in the table but not in Redis, free slots of ended attempts; how many differences there were."""
        await self.ensure_open()
        await self.apply_limits()
        return await self._repair_slots() + await self._repair_items()

    async def apply_limits(self) -> None:
        """Bring the limits in the table into force; under the lock, so that of two changes the table's last one stays."""
        async with self._queue_table.rebuild_lock():
            if self._queue.epoch is not None:
                await self._queue.set_accounts(self._queue.epoch, await self._limits.in_force())

    async def _catch_up_terms(self, epoch: int) -> None:
        """Terms that changed while this replica was not in the epoch were told to nobody: who set them found it closed."""
        try:
            if await self._queue.terms_stamp() != await self._terms_table.stamp():
                stamp, terms = await self._terms_table.all()
                await self._queue.set_tenants(epoch, terms, stamp=stamp)
        except BaseException:
            self._queue.leave()
            raise

    async def _rebuild(self) -> int:
        epoch = await self._queue_table.next_epoch()
        remembered = await self._attempt_table.remembered(self._guarded_seconds)
        await self._queue.set_accounts(epoch, await self._limits.in_force())
        stamp, terms = await self._terms_table.all()
        await self._queue.set_tenants(epoch, terms, stamp=stamp)
        await self._queue.remember(epoch, remembered)
        filed, after = 0, 0
        while page := await self._queue_table.page(after=after, limit=PAGE):
            after = page[-1][0]
            filed += len(page)
            await self._queue.file(epoch, [(place, delay) for _, place, delay in page])
        await self._queue.open(epoch)
        in_window = sum(one.age_seconds is not None for one in remembered)
        log.warning("limiter rebuilt", provider=self._queue.provider, epoch=epoch, queue=filed, attempts_in_window=in_window)
        return epoch

    async def _repair_items(self) -> int:
        """Compare many items when the counts differ, and a page of them when they agree: one too few and one too many would."""
        waiting = await self._queue_table.count()
        if not waiting:
            return 0
        differ = (await self._queue.figures(list(self._limits.accounts))).length != waiting
        found = 0
        for _ in range(REPAIR_PAGES_MAX if differ else 1):
            page = await self._queue_table.page(after=self._repaired_to, limit=PAGE, older_seconds=SETTLED_SECONDS)
            missing = await self._queue.missing([place.item_id for _, place, _ in page])
            # Asked again: an item may have been claimed between the two reads.
            missing &= await self._queue_table.still_queued(list(missing), older_seconds=SETTLED_SECONDS)
            filed = [(place, delay) for _, place, delay in page if place.item_id in missing]
            await self._queue.tell(Hints(filed=filed))
            found += len(filed)
            self._repaired_to = page[-1][0] if len(page) == PAGE else 0
            if not self._repaired_to:
                break
        return found

    async def _repair_slots(self) -> int:
        live: dict[str, set[str]] = {}
        for attempt in await self._attempt_table.remembered(0.0):
            live.setdefault(attempt.account, set()).add(attempt.attempt_id)
        orphans: list[tuple[str, str]] = []
        for account in self._limits.accounts:
            held = await self._queue.old_slots(account, seconds=SLOT_SETTLED_SECONDS)
            orphans += [(account, attempt) for attempt in held - live.get(account, set())]
        await self._queue.tell(Hints(released=orphans))
        known = [RememberedAttempt(account, one, None, True) for account, ones in live.items() for one in ones]
        assert self._queue.epoch is not None
        await self._queue.remember(self._queue.epoch, known)
        return len(orphans)
