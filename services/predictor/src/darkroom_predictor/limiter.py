"""The limiter's life: closed when Redis has lost it, rebuilt from the tables under a new epoch, kept in step with them.

A new epoch is committed first: from then on no attempt can be written under an older grant, so the attempts of the last W + D
that are read next are all calls that the provider may have seen. Only then is it opened.
"""

import asyncio
from dataclasses import replace

import structlog

from darkroom_predictor.attempt_store import AttemptTable
from darkroom_predictor.fair_queue import FairQueue, Hints, LimiterRefused
from darkroom_predictor.limits_store import LimitsTable
from darkroom_predictor.name_accounts import NameAccounts
from darkroom_predictor.queue_store import QueueTable
from darkroom_predictor.queue_upkeep import QueueUpkeep
from darkroom_predictor.rebuild_lease import Held, RebuildLease
from darkroom_predictor.terms_store import TermsTable

PAGE = 1_000
SETTLED_SECONDS = 5.0
"""Younger changes are still on their way to Redis and are no difference."""
SLOT_SETTLED_SECONDS = 60.0
REPAIR_PAGES_MAX = 20
"""Pages of items compared in one repair when the counts differ; the next one goes on from there."""
LOST_SHOWN = 5

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
        lease: RebuildLease,
        name_accounts: NameAccounts,
        guarded_seconds: float,
    ) -> None:
        self._queue = queue
        self.upkeep = QueueUpkeep(queue)
        self._queue_table = queue_table
        self._attempt_table = attempt_table
        self._terms_table = terms_table
        self._limits = limits
        self._name_accounts = name_accounts
        self._guarded_seconds = guarded_seconds
        self._lease = lease
        self._repaired_to = 0
        self._may_have_older = True
        self._opening = asyncio.Lock()
        self.refusal: str | None = None
        """Why the limiter cannot be opened here before a person has changed something."""

    async def ensure_open(self) -> None:
        """Return when this replica works in an open epoch; rebuild the limiter where there is none. Raises LimiterRefused."""
        if self._queue.epoch is not None and not self._opening.locked():
            return
        async with self._opening:
            if self._queue.epoch is not None:
                return
            try:
                await self.upkeep.require_no_eviction()
                await self.upkeep.refuse_newer()
                async with self._lease.held() as held:
                    await self._open(held)
            except LimiterRefused as error:
                self.refusal = str(error)
                raise
            self.refusal = None

    async def repair(self) -> int:
        """File what waits in the table but not in Redis, free slots of ended attempts; how many differences there were.

        Where Redis has lost more than single items, the limiter is closed and rebuilt.
        """
        await self.ensure_open()
        await self._rebuild_what_is_lost()
        await self.apply_limits()
        if self._may_have_older:
            await self.upkeep.remove_older()
            self._may_have_older = False
        return await self._repair_slots() + await self._repair_items()

    async def apply_limits(self) -> None:
        """Bring the limits in the table into force; with the lease, so that of two changes the table's last one stays."""
        async with self._lease.held() as held:
            if self._queue.epoch is not None:
                await self._tell_limits(self._queue.epoch, held)

    async def _tell_limits(self, epoch: int, held: Held) -> None:
        await self._queue.set_accounts(epoch, await self._limits.in_force(), order=held.token)
        await self._queue.set_model_slots(epoch, await self._limits.of_models(), order=held.token)

    async def _open(self, held: Held) -> None:
        await self._name_accounts()
        epoch = await self._queue_table.epoch()
        if epoch and await self._queue.is_open(epoch):
            await self._queue.set_watch(epoch)
            await self._tell_limits(epoch, held)
        else:
            epoch = await self._rebuild(held)
        self._queue.enter(epoch)
        await self._catch_up_terms(epoch)

    async def _rebuild_what_is_lost(self) -> None:
        if lost := await self.upkeep.lost():
            log.error("Redis has lost parts of the limiter, it is rebuilt", provider=self._queue.provider, lost=lost[:LOST_SHOWN])
            await self.upkeep.shut(lost[0])
            await self.ensure_open()

    async def _catch_up_terms(self, epoch: int) -> None:
        """Terms that changed while this replica was not in the epoch were told to nobody: who set them found it closed."""
        try:
            if await self._queue.terms_stamp() != await self._terms_table.stamp():
                stamp, terms = await self._terms_table.all()
                await self._queue.set_tenants(epoch, terms, stamp=stamp)
        except BaseException:
            self._queue.leave()
            raise

    async def _rebuild(self, held: Held) -> int:
        epoch = await self._queue_table.next_epoch()
        await self._queue.set_watch(epoch)
        remembered = await self._attempt_table.remembered(self._guarded_seconds, doubt_seconds=held.doubt_seconds)
        await self._tell_limits(epoch, held)
        stamp, terms = await self._terms_table.all()
        await self._queue.set_tenants(epoch, terms, stamp=stamp)
        await self._queue.remember(epoch, remembered)
        filed, after = 0, 0
        while page := await self._queue_table.page(after=after, limit=PAGE):
            after = page[-1][0]
            filed += len(page)
            await self._queue.file(epoch, [(place, delay) for _, place, delay in page])
        await self._queue.open(epoch)
        self._may_have_older = True
        in_window = sum(one.age_seconds is not None for one in remembered)
        log.warning("limiter rebuilt", provider=self._queue.provider, epoch=epoch, queue=filed, attempts_in_window=in_window)
        return epoch

    async def _repair_items(self) -> int:
        """Compare many items when the counts differ, and a page of them when they agree: one too few and one too many would."""
        waiting = await self._queue_table.count()
        if not waiting:
            return 0
        length, weights = (await self._queue.figures(list(self._limits.accounts))).length, await self.upkeep.weigh()
        # Counted while items come and go: where they differ, it says only that many are worth to be compared.
        differ = not waiting == length == weights.queued == weights.standing
        found = 0
        for _ in range(REPAIR_PAGES_MAX if differ else 1):
            page = await self._queue_table.page(after=self._repaired_to, limit=PAGE, older_seconds=SETTLED_SECONDS)
            missing = await self.upkeep.missing([place for _, place, _ in page])
            # Asked again: an item may have been claimed between the two reads.
            missing &= await self._queue_table.still_queued(list(missing), older_seconds=SETTLED_SECONDS)
            filed = [(place, delay) for _, place, delay in page if place.item_id in missing]
            await self.upkeep.refile(filed)
            found += len(filed)
            self._repaired_to = page[-1][0] if len(page) == PAGE else 0
            if not self._repaired_to:
                break
        return found

    async def _repair_slots(self) -> int:
        known = [replace(one, age_seconds=None) for one in await self._attempt_table.remembered(0.0) if one.live]
        live: dict[str, set[str]] = {}
        for attempt in known:
            live.setdefault(attempt.account, set()).add(attempt.attempt_id)
        orphans: list[tuple[str, str]] = []
        for account in self._limits.accounts:
            held = await self.upkeep.old_slots(account, seconds=SLOT_SETTLED_SECONDS)
            orphans += [(account, attempt) for attempt in held - live.get(account, set())]
        await self._queue.tell(Hints(released=orphans))
        assert self._queue.epoch is not None
        await self._queue.remember(self._queue.epoch, known)
        return len(orphans)
