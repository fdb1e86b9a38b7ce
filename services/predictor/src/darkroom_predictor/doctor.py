"""The predictor's orphans: calls, claims and slots whose owner is gone, items that wait in one place and not in the other.

Also what it knows of items and attempts that others wait for, and how it tells of them again. Nothing here makes a paid call.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from darkroom_contracts.event import Event
from darkroom_contracts.predictions import ItemFailed
from darkroom_servicekit.database import Transaction, UnitOfWork
from darkroom_servicekit.doctor import FOUND_MAX, Doctor, Thing, numbers
from darkroom_servicekit.operator_detail import operator_detail

from darkroom_predictor.attempt_store import read_created
from darkroom_predictor.created_events import created_event
from darkroom_predictor.customer_words import customer_words
from darkroom_predictor.doctor_store import (
    EXPIRED_CALLS,
    LONE_CLAIMS,
    OPEN_LETTERS,
    OPEN_STRAYS,
    OUR_FAULTS,
    UNKNOWN_ACCOUNTS,
    UNSERVED_ITEMS,
    UNSETTLED_CALLS,
    DoctorTable,
    ends_of,
    lock_lone_claims,
    retell_now,
)
from darkroom_predictor.fail_attempts import item_canceled
from darkroom_predictor.fair_queue import Hints, Place, mark_of
from darkroom_predictor.give_up_models import MODEL_UNAVAILABLE
from darkroom_predictor.items import OUT_OF_ATTEMPTS
from darkroom_predictor.line import ProviderLine
from darkroom_predictor.queue_store import QueueTable, read_item, requeue_items
from darkroom_predictor.watch_store import known_accounts

PAGE = 1_000
COMPARED_MAX = 50_000
"""Items of the table, and of Redis, that one examination compares."""


class PredictorDoctor:
    """Looks and mends, through the lines of one replica."""

    def __init__(self, unit_of_work: UnitOfWork, lines: Mapping[str, ProviderLine]) -> None:
        self._unit_of_work = unit_of_work
        self._lines = lines
        self._table = DoctorTable(unit_of_work)

    def register(self, doctor: Doctor) -> None:
        """Hand it all to the service's door."""
        finds = doctor.finds
        finds("call", "paid calls whose replica let its lease run out", self._calls, repair=("look them up now", self.settle))
        finds("unknown", "calls without an answer that no look-up settles", self._unknown)
        finds("account", "attempts of accounts that have no token: kept until the token is back", self._accounts)
        finds("provider", "items of a provider that this version has no adapter for; they fail after a while", self._unserved)
        finds("fault", "models closed because the provider refuses what we fill in; their items wait", self._faults)
        strays = "paid predictions without a live attempt that the provider has not been told to stop"
        finds("stray", strays, self._strays, repair=("cancel them now", self.cancel_strays))
        finds("claim", "items taken, but without an attempt under way", self._claims, repair=("queue them again", self.requeue))
        finds("slot", "slots of attempts that have ended", self._slots, repair=("free them", self.free_slots))
        finds("queue", "items that wait in the table, not in Redis", self._unqueued, repair=("file them in Redis", self.file))
        finds("redis", "items in Redis that do not wait", self._surplus, repair=("take them out of Redis", self.take_out))
        finds("dead-letter", "dead letters that nobody has dealt with (`darkroom dlq`)", self._letters)
        doctor.has_open("attempts", self._table.at_provider)
        doctor.mends("attempts", self.retell_attempts)
        doctor.knows("attempts", self._table.attempts)
        doctor.knows("items", self._known_items)
        doctor.mends("items", self.tell_ends)

    async def _calls(self, older_seconds: float) -> list[Thing]:
        return await self._table.stale(EXPIRED_CALLS, older_seconds)

    async def _unknown(self, older_seconds: float) -> list[Thing]:
        return await self._table.stale(UNSETTLED_CALLS, older_seconds)

    async def _accounts(self, older_seconds: float) -> list[Thing]:
        known = known_accounts({name: line.door.accounts for name, line in self._lines.items()})
        return await self._table.stale(UNKNOWN_ACCOUNTS, older_seconds, **known)

    async def _unserved(self, older_seconds: float) -> list[Thing]:
        return await self._table.stale(UNSERVED_ITEMS, older_seconds, served=list(self._lines))

    async def _faults(self, older_seconds: float) -> list[Thing]:
        return await self._table.stale(OUR_FAULTS, older_seconds)

    async def _strays(self, older_seconds: float) -> list[Thing]:
        return await self._table.stale(OPEN_STRAYS, older_seconds)

    async def _claims(self, older_seconds: float) -> list[Thing]:
        return await self._table.stale(LONE_CLAIMS, older_seconds)

    async def _letters(self, older_seconds: float) -> list[Thing]:
        return await self._table.stale(OPEN_LETTERS, older_seconds)

    async def _known_items(self, ids: Sequence[str]) -> list[Thing]:
        return await self._table.items(numbers(ids))

    async def _slots(self, older_seconds: float) -> list[Thing]:
        """Slots given out for so long, of attempts that are not live."""
        found: list[Thing] = []
        for line in self._lines.values():
            await line.limiter.ensure_open()
            accounts = line.door.accounts
            held = {slot: one for one in accounts for slot in await line.limiter.upkeep.old_slots(one, seconds=older_seconds)}
            known = {thing.id: thing.state for thing in await self._table.attempts(list(held))}
            gone = [slot for slot in held if known.get(slot) in {None, "FAILED", "DONE"}]
            found += [Thing(id=slot, state=f"of {held[slot]}", age_seconds=older_seconds) for slot in sorted(gone)]
        return found[:FOUND_MAX]

    async def _unqueued(self, older_seconds: float) -> list[Thing]:
        """Items that have been QUEUED for so long and that no dispatcher would find."""
        found: list[Thing] = []
        for name, line in self._lines.items():
            await line.limiter.ensure_open()
            table, after = QueueTable(self._unit_of_work, name), 0
            for _ in range(COMPARED_MAX // PAGE):
                page = await table.page(after=after, limit=PAGE, older_seconds=older_seconds)
                if not page or len(found) >= FOUND_MAX:
                    break
                after = page[-1][0]
                whose = {place.item_id: place.instance_id for _, place, _ in page}
                missing = await line.limiter.upkeep.missing([place for _, place, _ in page])
                # Asked again: an item may have been claimed between the two reads.
                missing &= await table.still_queued(list(missing), older_seconds=older_seconds)
                found += [_thing(item, whose[item], older_seconds) for item in sorted(missing)]
        return found[:FOUND_MAX]

    async def _surplus(self, older_seconds: float) -> list[Thing]:
        """Items that Redis has and the table does not let start; their turns would be burned."""
        found: list[Thing] = []
        for line in self._lines.values():
            await line.limiter.ensure_open()
            filed = await line.limiter.upkeep.some_filed(COMPARED_MAX)
            for start in range(0, len(filed), PAGE):
                found += await self._table.not_waiting(filed[start : start + PAGE], older_seconds)
        return found[:FOUND_MAX]

    async def settle(self, ids: Sequence[str]) -> int:
        """Give the expired calls up and look for them in the provider's list, as the settling loop does."""
        for line in self._lines.values():
            await line.settle.settle_due()
        return len(ids)

    async def cancel_strays(self, ids: Sequence[str]) -> int:
        """Ask the provider to stop those that are due, as the loop over them does."""
        for line in self._lines.values():
            await line.cancel_strays.cancel_due()
        return len(ids)

    async def requeue(self, ids: Sequence[str]) -> int:
        """Items whose every attempt has failed wait for a turn again; their attempts stay counted."""
        async with self._unit_of_work.begin() as transaction:
            items = await lock_lone_claims(transaction, numbers(ids))
            await requeue_items(transaction, [(item, 0.0, True) for item in items])
        await self.file([str(item) for item in items])
        return len(items)

    async def free_slots(self, ids: Sequence[str]) -> int:
        known = {thing.id: thing.state for thing in await self._table.attempts(ids)}
        gone = [one for one in ids if known.get(one) in {None, "FAILED", "DONE"}]
        for line in self._lines.values():
            await line.queue.tell(Hints(released=[(account, one) for account in line.door.accounts for one in gone]))
            line.dispatcher.tell(Hints())
        return len(gone)

    async def file(self, ids: Sequence[str]) -> int:
        """File in Redis what waits in the table."""
        rows = [row for row in await self._table.places(numbers(ids)) if row.waits and row.provider in self._lines]
        for row in rows:
            await self._lines[row.provider].limiter.upkeep.refile([(_place(row), row.delay_seconds)])
            self._lines[row.provider].dispatcher.tell(Hints())
        return len(rows)

    async def take_out(self, ids: Sequence[str]) -> int:
        """Take out of Redis what the table knows and does not let wait; what it does not know burns its turn one day."""
        rows = [row for row in await self._table.places(numbers(ids)) if not row.waits and row.provider in self._lines]
        for row in rows:
            await self._lines[row.provider].queue.tell(Hints(removed=[_place(row)]))
        return len(rows)

    async def retell_attempts(self, ids: Sequence[str]) -> int:
        """Tell the poller again, as the loop over attempts does: it follows the prediction, or says its end again."""
        async with self._unit_of_work.begin() as transaction:
            told = await retell_now(transaction, ids)
        for line in self._lines.values():
            await line.keep_attempts.look()
        return told

    async def tell_ends(self, ids: Sequence[str]) -> int:
        """Tell again how items ended; how many it is known of."""
        async with self._unit_of_work.begin() as transaction:
            rows = [row for row in await ends_of(transaction, numbers(ids)) if row.outcome != "UNCLEAR"]
            for row in rows:
                transaction.publish(self._end_of(transaction, row), cause=read_item(row).stopped_by or read_item(row).cause)
        return len(rows)

    def _end_of(self, transaction: Transaction, row: Any) -> Event:  # a database row
        item = read_item(row)
        if row.outcome == "CANCELED":
            return item_canceled(item)
        if row.outcome == "FAILED":
            letter = OUT_OF_ATTEMPTS if row.letter_code != MODEL_UNAVAILABLE else MODEL_UNAVAILABLE
            return ItemFailed(
                instance_id=item.instance_id,
                job_id=item.job_id,
                item_id=item.item_id,
                image_id=item.image_id,
                attempt=item.attempts,
                code=letter if row.letter_code else row.code,
                message=customer_words(row.letter_code or row.code),
                detail=operator_detail(row.letter_message or row.message or ""),
                reached_provider=item.reached_provider,
            )
        # Only the poller can say where the result is; told of the prediction again, it does.
        webhook_expected = self._lines[item.provider].door.webhook_expected
        return created_event(read_created(row), webhook_expected=webhook_expected, at=transaction.now)


def _place(row: Any) -> Place:  # a database row
    return Place(row.instance_id, row.job_id, row.item_id, row.redriven, mark_of(row.model))


def _thing(item: int, instance_id: str, older_seconds: float) -> Thing:
    return Thing(id=str(item), state="QUEUED", age_seconds=older_seconds, instance_id=instance_id)
