"""The fair queue and limiter of one provider in Redis: the script, `fair_*.lua`, behind typed calls.

It holds order and counts, never truth: every filing may be lost and is repaired from the table. It grants nothing but at the
epoch this replica has seen open, on the very Redis process at which that epoch was opened.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

import structlog
from redis.asyncio.connection import AbstractConnection
from redis.exceptions import ResponseError

from darkroom_predictor.clock_rules import Watch
from darkroom_predictor.fair_script import REAL_CLOCK, ClockSource
from darkroom_predictor.limiter_redis import connect
from darkroom_predictor.limits import AccountFigures, AccountLimits, ModelSlots
from darkroom_predictor.terms import Terms

MICROSECONDS = 1_000_000
ROWS_MAX = 100
"""Of one call that writes, so that no script holds up Redis for longer than some milliseconds."""
GRANT_FIELDS = 8
TURN_FIELDS = 4
ACCOUNT_FIELDS = 8
MARK_BYTES = 4
MARKS_KEPT = 1_000
NO_MODEL = "0"
FORMAT = 4
"""Of what the script keeps in Redis. Another one is not read but rebuilt from the tables; 4: live attempts name their model."""
BEHIND = b"1"

log = structlog.get_logger()


class LimiterClosed(Exception):
    """Nothing may be granted until the limiter has been rebuilt."""


class LimiterRefused(Exception):
    """The limiter cannot be opened here before a person has changed something; the message says what."""


@dataclass(frozen=True)
class Place:
    """Where an item waits; `redriven`: behind its tenant's fresh work; `mark` stands for its model."""

    instance_id: str
    job_id: int
    item_id: int
    redriven: bool = False
    mark: str = NO_MODEL


@dataclass(frozen=True)
class Grant:
    """The right to one paid call. `asked_at` (monotonic) lies before Redis' own time of the grant.

    `probe`: the account is stopped, and this call finds out whether it still has to be.
    """

    place: Place
    account: str
    attempt_id: str
    step: int
    asked_at: float
    probe: bool = False


@dataclass(frozen=True)
class Turns:
    """What a turn brought. `wait_seconds`: when to ask again, 0 at once, None only after a change."""

    grants: list[Grant]
    wait_seconds: float | None
    epoch: int


@dataclass
class Hints:
    """Changes that Redis should hear of after a commit."""

    filed: list[tuple[Place, float]] = field(default_factory=list)
    given_back: list[tuple[Place, str]] = field(default_factory=list)
    """Items whose turn came to nothing through no fault of theirs, with the attempt that it was for."""
    released: list[tuple[str, str]] = field(default_factory=list)
    removed: list[Place] = field(default_factory=list)
    ran: list[tuple[str, str, int]] = field(default_factory=list)
    """Models and tenants whose predictions ended: with a failure (1) that is not ours, or well (0)."""

    def __len__(self) -> int:
        return len(self.filed) + len(self.given_back) + len(self.released) + len(self.removed) + len(self.ran)

    def add(self, more: "Hints") -> None:
        self.filed += more.filed
        self.given_back += more.given_back
        self.released += more.released
        self.removed += more.removed
        self.ran += more.ran


@dataclass(frozen=True, kw_only=True)
class Figures:
    """How the queue stands now."""

    length: int
    unmoved_seconds: float
    accounts: list[AccountFigures]


@dataclass(frozen=True)
class RememberedAttempt:
    """An attempt as a rebuilt limiter must know it; `age_seconds` None when it is too old to count in the window."""

    account: str
    attempt_id: str
    age_seconds: float | None
    live: bool
    instance_id: str
    model: str


class FairQueue:
    """One provider's queue. `epoch` is the one this replica works in, None until it has seen one open."""

    def __init__(
        self,
        redis_url: str,
        provider: str,
        *,
        window_seconds: float,
        grant_seconds_max: float,
        others: Sequence[str] = (),
        clock: ClockSource = REAL_CLOCK,
    ) -> None:
        self.provider = provider
        self.epoch: int | None = None
        self._pointer = _pointer_of(provider)
        self._keys = [self._pointer, *(_pointer_of(other) for other in others if other != provider)]
        """Of the script: this queue's, and the other providers', at which a tenant's own cap and slots count as well."""
        self._window_us = round(window_seconds * MICROSECONDS)
        self._guarded_us = round((window_seconds + grant_seconds_max) * MICROSECONDS)
        self._grant_us = round(grant_seconds_max * MICROSECONDS)
        self._watch_ns = clock.watch_ns
        self._watch = Watch(kept_ns=1000 * self._window_us)
        self._ahead_us: int | None = None
        self.clock_steps = 0
        """How often Redis' clock was seen to differ from what it was by more than a grant may take."""
        self._connections = 0
        self._verified = -1
        self.watched: dict[str, str] = {}
        """The marks of models with failures, as last heard, and the sign that the script puts before each."""
        self.redis = connect(redis_url, self._count_connection)
        self._script = self.redis.register_script(clock.script)

    @property
    def pointer(self) -> str:
        """The key of this queue, for those who only look at it."""
        return self._pointer

    async def close(self) -> None:
        await self.redis.aclose()

    async def is_open(self, epoch: int) -> bool:
        """Whether `epoch` is open, was opened at this very Redis process, and keeps what this version can read."""
        found_epoch, run_id, kept = await self.redis.hmget(self._pointer, ["epoch", "run_id", "format"])
        if found_epoch is None or int(found_epoch) != epoch:
            return False
        return kept is not None and int(kept) == FORMAT and run_id == await self._run_id()

    def enter(self, epoch: int) -> None:
        """Work in an epoch that is open."""
        self.epoch = epoch
        self._ahead_us = None
        self._verified = self._connections

    def leave(self) -> None:
        """Grant nothing until an open epoch has been seen again."""
        self.epoch = None

    async def take(self, attempt_ids: Sequence[str], accounts: Sequence[str]) -> Turns:
        """Up to one grant for each attempt id. Raises LimiterClosed."""
        epoch = self.open_epoch()
        asked_ns = self._watch_ns()
        answer = await self._run(
            "take", epoch, len(attempt_ids), self._guarded_us, self._window_us, len(accounts), *accounts, *attempt_ids
        )
        if self._verified != self._connections:
            # A new connection may lead to a restarted Redis that has forgotten grants.
            seen = self._connections
            if not await self.is_open(epoch):
                self.epoch = None
                raise LimiterClosed("this is another Redis process than the one that was opened")
            self._verified = seen
        self._note_clock(epoch, answer, asked_ns)
        self.note_watched(answer[2])
        grants = [
            Grant(
                place=_granted_place(tenant, job, item, lane),
                account=account.decode(),
                attempt_id=attempt.decode(),
                step=int(step),
                asked_at=asked_ns / 1e9,
                probe=bool(probe),
            )
            for item, job, tenant, lane, account, attempt, step, probe in zip(
                *[iter(answer[TURN_FIELDS:])] * GRANT_FIELDS, strict=True
            )
        ]
        wait = None if answer[1] < 0 else answer[1] / MICROSECONDS
        return Turns(grants, wait, epoch)

    async def tell(self, hints: Hints) -> None:
        """File, release, give back and take out: a turn is given back to a tenant that has its slot again."""
        epoch = self.open_epoch()
        await self.file(epoch, hints.filed)
        await self.run_rows("release", epoch, hints.released)
        await self.run_rows("give_back", epoch, [(*place_values(place), attempt) for place, attempt in hints.given_back])
        await self.run_rows("remove", epoch, [place_values(place) for place in hints.removed])

    async def set_watch(self, epoch: int) -> None:
        """Begin to measure the limiter's clock by this process' own watch; in a new epoch the clock begins with it."""
        asked_ns = self._watch_ns()
        now_us, _ = await self._run("clock", epoch)
        self._watch.set(epoch, now_us, asked_ns=asked_ns, answered_ns=self._watch_ns())

    def _note_clock(self, epoch: int, answer: Sequence[Any], asked_ns: int) -> None:
        """Set the watch by the script's answer, and say it where Redis' clock is not what it was."""
        now_us, _, _, ahead_us = answer[:TURN_FIELDS]
        self._watch.set(epoch, now_us, asked_ns=asked_ns, answered_ns=self._watch_ns())
        if self._ahead_us is not None and abs(ahead_us - self._ahead_us) > self._grant_us:
            self.clock_steps += 1
            log.error(
                "the clock of Redis stepped, or Redis stood still; the limiter goes on by its own",
                provider=self.provider,
                by_seconds=(ahead_us - self._ahead_us) / MICROSECONDS,
            )
        self._ahead_us = ahead_us

    def note_watched(self, watched: bytes) -> None:
        """Take over the script's list of models with failures."""
        self.watched = {mark[1:]: mark[0] for mark in watched.decode().split()}

    async def figures(self, accounts: Sequence[str]) -> Figures:
        """Queue length and the accounts' use of the last window. Raises LimiterClosed."""
        answer = await self.run("figures", self._window_us, *accounts)
        rows = zip(accounts, *[iter(answer[2:])] * ACCOUNT_FIELDS, strict=True)
        return Figures(
            length=answer[0],
            unmoved_seconds=answer[1] / MICROSECONDS,
            accounts=[
                AccountFigures(
                    account=name,
                    granted=granted,
                    cap=cap,
                    in_force=in_force,
                    burst=burst,
                    slots=slots,
                    live=live,
                    paused_seconds=paused / MICROSECONDS,
                    stopped=stopped.decode() or None,
                )
                for name, granted, cap, in_force, burst, slots, live, paused, stopped in rows
            ],
        )

    async def file(self, epoch: int, filed: Sequence[tuple[Place, float]]) -> None:
        """Items wait, each after its delay in seconds. Again: nothing."""
        await self.run_rows("file", epoch, [(*place_values(place), microseconds(delay)) for place, delay in filed])

    async def set_accounts(self, epoch: int, limits: Sequence[AccountLimits], *, order: int = 0) -> None:
        """In force at once; what is told with a smaller order than another replica's is ignored."""
        values = [value for one in limits for value in (one.account, one.cap, one.burst, one.slots)]
        await self._run("accounts", epoch, order, *values)

    async def set_model_slots(self, epoch: int, bounds: Sequence[ModelSlots], *, order: int = 0) -> None:
        """All models with a bound of their own, in force from the next turn on; a smaller order than another's is ignored."""
        values = [value for one in bounds for value in (mark_of(one.model), one.slots, one.model)]
        await self._run("model_slots", epoch, order, *values)

    async def set_tenants(self, epoch: int, tenants: Sequence[Terms], *, stamp: int | None = None) -> None:
        """In force from the next turn on; `stamp` names the state of the table, where these are all of it."""
        rows = [
            (one.instance_id, repr(one.weight), one.cap_per_minute or 0, one.concurrency or 0, int(one.paused), one.revision)
            for one in tenants
        ]
        await self.run_rows("tenants", epoch, rows)
        if stamp is not None:
            await self._run("terms", epoch, stamp)

    async def held_seconds(self) -> dict[str, float]:
        """For how long its own cap has held each tenant back in this epoch."""
        held: Any = await self.redis.hgetall(self.space("held"))
        return {name.decode(): int(milliseconds) / 1000 for name, milliseconds in held.items()}

    async def terms_stamp(self) -> int | None:
        """The state of the table of tenants that was told last as a whole."""
        found = await self.redis.hget(self.space("state"), "terms")
        return None if found is None else int(found)

    async def remember(self, epoch: int, attempts: Sequence[RememberedAttempt]) -> None:
        for start in range(0, len(attempts), ROWS_MAX):
            rows = [_remembered(one) for one in attempts[start : start + ROWS_MAX]]
            await self._run("remember", epoch, self._window_us, *(value for row in rows for value in row))

    async def open(self, epoch: int) -> None:
        """Grant from now on, at this epoch alone."""
        await self._run("open", epoch, await self._run_id(), FORMAT)

    async def run(self, operation: str, *arguments: str | int | bytes) -> list[Any]:
        """An operation of the script, in the open epoch. Raises LimiterClosed."""
        return await self._run(operation, self.open_epoch(), *arguments)

    def open_epoch(self) -> int:
        """The epoch that this replica works in. Raises LimiterClosed."""
        if self.epoch is None:
            raise LimiterClosed("not rebuilt yet")
        return self.epoch

    def space(self, name: str, epoch: int | None = None) -> str:
        """The key of that name in the space of the epoch."""
        return f"{self._pointer}:{epoch or self.open_epoch()}:{name}"

    async def _run(self, operation: str, epoch: int, *arguments: str | int | bytes) -> list[Any]:
        reading = self._watch.reading_us(epoch, self._watch_ns())
        try:
            answer: list[Any] = await self._script(
                keys=self._keys, args=[operation, epoch, *arguments, "" if reading is None else reading]
            )
        except ResponseError as error:
            if str(error).startswith("CLOSED"):
                self.epoch = None
                raise LimiterClosed(str(error)) from error
            raise
        return answer

    async def run_rows(self, operation: str, epoch: int, rows: Sequence[tuple[str | int, ...]]) -> None:
        """An operation of the script for each row, some rows at a time."""
        for start in range(0, len(rows), ROWS_MAX):
            await self._run(operation, epoch, *(value for row in rows[start : start + ROWS_MAX] for value in row))

    async def _run_id(self) -> bytes:
        return str((await self.redis.info("server"))["run_id"]).encode()

    async def _count_connection(self, connection: AbstractConnection) -> None:
        self._connections += 1
        await connection.on_connect()


@lru_cache(MARKS_KEPT)
def mark_of(model: str) -> str:
    """What stands for a model in Redis: short, hexadecimal."""
    return hashlib.blake2s(model.encode(), digest_size=MARK_BYTES).hexdigest()


def place_values(place: Place) -> tuple[str, str, int, int]:
    """A place as the script takes it."""
    return place.instance_id, f"{place.job_id}@{place.mark}", place.item_id, int(place.redriven)


def _remembered(one: RememberedAttempt) -> tuple[str | int, ...]:
    age_us = -1 if one.age_seconds is None else microseconds(one.age_seconds)
    return one.account, one.attempt_id, age_us, int(one.live), one.instance_id, mark_of(one.model)


def _pointer_of(provider: str) -> str:
    return f"darkroom:predictor:{{{provider}}}:limiter"


def microseconds(seconds: float) -> int:
    """Seconds as the script takes them."""
    return round(seconds * MICROSECONDS)


def _granted_place(tenant: bytes, job: bytes, item: bytes, lane: bytes) -> Place:
    number, _, mark = job.decode().partition("@")
    return Place(tenant.decode(), int(number), int(item), lane == BEHIND, mark)
