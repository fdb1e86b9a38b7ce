"""The fair queue and limiter of one provider in Redis: the script, `fair_*.lua`, behind typed calls.

It holds order and counts, never truth: every filing may be lost and is repaired from the table. It grants nothing but at the
epoch this replica has seen open, on the very Redis process at which that epoch was opened.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from time import monotonic
from typing import Any

from redis.asyncio import BlockingConnectionPool, Redis
from redis.asyncio.connection import AbstractConnection
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import ResponseError

from darkroom_predictor.terms import Terms

PARTS = ("state", "accounts", "models", "turn", "controls")
SCRIPT = "\n".join(Path(__file__).with_name(f"fair_{part}.lua").read_text() for part in PARTS)
MICROSECONDS = 1_000_000
TIMEOUT_SECONDS = 5.0
CONNECTIONS_MAX = 8
ARGUMENTS_MAX = 4_000
GRANT_FIELDS = 8
ACCOUNT_FIELDS = 8
MARK_BYTES = 4
MARKS_KEPT = 1_000
NO_MODEL = "0"
FORMAT = b"2"
"""Of what the script keeps in Redis. Another one is not read but rebuilt from the tables; 2: jobs are named with their model."""
SCAN_COUNT = 1_000
BEHIND = b"1"


class LimiterClosed(Exception):
    """Nothing may be granted until the limiter has been rebuilt."""


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
    given_back: list[tuple[Place, int]] = field(default_factory=list)
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
class AccountLimits:
    """The limits of one provider account."""

    account: str
    cap: int
    burst: int
    slots: int


@dataclass(frozen=True, kw_only=True)
class AccountFigures:
    """How an account stands now. `in_force` is what 429s leave of the cap; `stopped` says why it takes only probes."""

    account: str
    granted: int
    cap: int
    in_force: int
    burst: int
    slots: int
    live: int
    paused_seconds: float
    stopped: str | None = None


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


class FairQueue:
    """One provider's queue. `epoch` is the one this replica works in, None until it has seen one open."""

    def __init__(self, redis_url: str, provider: str, *, window_seconds: float, grant_seconds_max: float) -> None:
        self.provider = provider
        self.epoch: int | None = None
        self._pointer = f"darkroom:predictor:{{{provider}}}:limiter"
        self._window_us = round(window_seconds * MICROSECONDS)
        self._guarded_us = round((window_seconds + grant_seconds_max) * MICROSECONDS)
        self._connections = 0
        self._verified = -1
        self.watched: dict[str, str] = {}
        """The marks of models with failures, as last heard, and the sign that the script puts before each."""
        # No retries: an error must surface, so that the limiter is looked at before the next grant.
        # Who finds all connections in use waits for one: answers of the provider come in crowds.
        pool = BlockingConnectionPool.from_url(
            redis_url,
            timeout=TIMEOUT_SECONDS,
            socket_timeout=TIMEOUT_SECONDS,
            socket_connect_timeout=TIMEOUT_SECONDS,
            max_connections=CONNECTIONS_MAX,
            retry=Retry(NoBackoff(), 0),
            redis_connect_func=self._count_connection,
        )
        self._redis: Redis = Redis.from_pool(pool)
        self._script = self._redis.register_script(SCRIPT)

    @property
    def pointer(self) -> str:
        """The key of this queue, for those who only look at it."""
        return self._pointer

    async def close(self) -> None:
        await self._redis.aclose()

    async def is_open(self, epoch: int) -> bool:
        """Whether `epoch` is open, was opened at this very Redis process, and keeps what this version can read."""
        found_epoch, run_id, kept = await self._redis.hmget(self._pointer, ["epoch", "run_id", "format"])
        return bool(found_epoch and int(found_epoch) == epoch and kept == FORMAT and run_id == await self._run_id())

    def enter(self, epoch: int) -> None:
        """Work in an epoch that is open."""
        self.epoch = epoch
        self._verified = self._connections

    def leave(self) -> None:
        """Grant nothing until an open epoch has been seen again."""
        self.epoch = None

    async def take(self, attempt_ids: Sequence[str], accounts: Sequence[str]) -> Turns:
        """Up to one grant for each attempt id. Raises LimiterClosed."""
        epoch = self._open_epoch()
        asked_at = monotonic()
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
        self.note_watched(answer[2])
        grants = [
            Grant(
                place=_granted_place(tenant, job, item, lane),
                account=account.decode(),
                attempt_id=attempt.decode(),
                step=int(step),
                asked_at=asked_at,
                probe=bool(probe),
            )
            for item, job, tenant, lane, account, attempt, step, probe in zip(*[iter(answer[3:])] * GRANT_FIELDS, strict=True)
        ]
        wait = None if answer[1] < 0 else answer[1] / MICROSECONDS
        return Turns(grants, wait, epoch)

    async def tell(self, hints: Hints) -> None:
        """File, give back, take out and release."""
        epoch = self._open_epoch()
        await self.file(epoch, hints.filed)
        await self._in_chunks("give_back", epoch, [(*_place(place), step) for place, step in hints.given_back])
        await self._in_chunks("remove", epoch, [_place(place) for place in hints.removed])
        await self._in_chunks("release", epoch, hints.released)

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

    async def missing(self, items: Sequence[int]) -> set[int]:
        """Which of these items do not wait in Redis."""
        if not items:
            return set()
        known = await self._redis.smismember(self._space("queued"), [str(item) for item in items])
        return {item for item, is_known in zip(items, known, strict=True) if not is_known}

    async def some_filed(self, items_max: int) -> list[int]:
        """Items that wait in Redis, in no order; of more than that, some."""
        found: list[int] = []
        async for item in self._redis.sscan_iter(self._space("queued"), count=SCAN_COUNT):
            if len(found) >= items_max:
                break
            found.append(int(item))
        return found

    async def old_slots(self, account: str, *, seconds: float) -> set[str]:
        """The attempts that have held a slot of the account for longer than that."""
        now, microseconds = await self._redis.time()
        before = now * MICROSECONDS + microseconds - int(seconds * MICROSECONDS)
        held: Any = await self._redis.zrangebyscore(self._space(f"slots:{account}"), "-inf", before)
        return {slot.decode() for slot in held}

    async def file(self, epoch: int, filed: Sequence[tuple[Place, float]]) -> None:
        """Items wait, each after its delay in seconds. Again: nothing."""
        await self._in_chunks("file", epoch, [(*_place(place), round(delay * MICROSECONDS)) for place, delay in filed])

    async def set_accounts(self, epoch: int, limits: Sequence[AccountLimits]) -> None:
        await self._in_chunks("accounts", epoch, [(one.account, one.cap, one.burst, one.slots) for one in limits])

    async def set_tenants(self, epoch: int, tenants: Sequence[Terms], *, stamp: int | None = None) -> None:
        """In force from the next turn on; `stamp` names the state of the table, where these are all of it."""
        rows = [(one.instance_id, repr(one.weight), one.cap_per_minute or 0, int(one.paused), one.revision) for one in tenants]
        await self._in_chunks("tenants", epoch, rows)
        if stamp is not None:
            await self._run("terms", epoch, stamp)

    async def held_seconds(self) -> dict[str, float]:
        """For how long its own cap has held each tenant back in this epoch."""
        held: Any = await self._redis.hgetall(self._space("held"))
        return {name.decode(): int(milliseconds) / 1000 for name, milliseconds in held.items()}

    async def terms_stamp(self) -> int | None:
        """The state of the table of tenants that was told last as a whole."""
        found = await self._redis.hget(self._space("state"), "terms")
        return None if found is None else int(found)

    async def remember(self, epoch: int, attempts: Sequence[RememberedAttempt]) -> None:
        rows = [
            (one.account, one.attempt_id, -1 if one.age_seconds is None else round(one.age_seconds * MICROSECONDS), int(one.live))
            for one in attempts
        ]
        await self._in_chunks("remember", epoch, rows)

    async def open(self, epoch: int) -> None:
        """Grant from now on, at this epoch alone; what older ones left is removed."""
        await self._run("open", epoch, await self._run_id(), FORMAT)
        keep = self._space("", epoch).encode()
        async for key in self._redis.scan_iter(match=f"{self._pointer}:*", count=1000):
            if not key.startswith(keep):
                await self._redis.unlink(key)

    async def run(self, operation: str, *arguments: str | int | bytes) -> list[Any]:
        """An operation of the script, in the open epoch. Raises LimiterClosed."""
        return await self._run(operation, self._open_epoch(), *arguments)

    def _open_epoch(self) -> int:
        if self.epoch is None:
            raise LimiterClosed("not rebuilt yet")
        return self.epoch

    def _space(self, name: str, epoch: int | None = None) -> str:
        return f"{self._pointer}:{epoch or self._open_epoch()}:{name}"

    async def _run(self, operation: str, epoch: int, *arguments: str | int | bytes) -> list[Any]:
        try:
            answer: list[Any] = await self._script(keys=[self._pointer], args=[operation, epoch, *arguments])
        except ResponseError as error:
            if str(error).startswith("CLOSED"):
                self.epoch = None
                raise LimiterClosed(str(error)) from error
            raise
        return answer

    async def _in_chunks(self, operation: str, epoch: int, rows: Sequence[tuple[str | int, ...]]) -> None:
        size = ARGUMENTS_MAX // max(1, len(rows[0])) if rows else 1
        for start in range(0, len(rows), size):
            await self._run(operation, epoch, *(value for row in rows[start : start + size] for value in row))

    async def _run_id(self) -> bytes:
        return str((await self._redis.info("server"))["run_id"]).encode()

    async def _count_connection(self, connection: AbstractConnection) -> None:
        self._connections += 1
        await connection.on_connect()


@lru_cache(MARKS_KEPT)
def mark_of(model: str) -> str:
    """What stands for a model in Redis: short, hexadecimal."""
    return hashlib.blake2s(model.encode(), digest_size=MARK_BYTES).hexdigest()


def _place(place: Place) -> tuple[str, str, int, int]:
    return place.instance_id, f"{place.job_id}@{place.mark}", place.item_id, int(place.redriven)


def _granted_place(tenant: bytes, job: bytes, item: bytes, lane: bytes) -> Place:
    number, _, mark = job.decode().partition("@")
    return Place(tenant.decode(), int(number), int(item), lane == BEHIND, mark)
