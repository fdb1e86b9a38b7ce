"""`fair_turn.lua` on a real Redis decides exactly as `rules.py`, over random histories with the clock in the test's hand."""

import itertools
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import pytest
from darkroom_predictor.account_rules import Account
from darkroom_predictor.breaker_rules import Breaker, BreakerRule
from darkroom_predictor.fair_queue import FairQueue, Grant, Hints, Place, mark_of
from darkroom_predictor.limiter_controls import BreakerBounds, LimiterControls, ModelNews
from darkroom_predictor.limiter_controls import Kind as ModelKind
from darkroom_predictor.limits import AccountLimits, ModelSlots
from darkroom_predictor.queue_upkeep import QueueUpkeep
from darkroom_predictor.rules import FairTurn
from darkroom_predictor.tenant_rules import Tenant
from darkroom_predictor.terms import Terms
from hypothesis import HealthCheck, example, given, settings
from predictor.clock_in_hand import ClockInHand
from predictor.traces import (
    BROKEN_TRACES,
    FULL_TRACES,
    JOBS_EACH,
    TENANTS,
    TRACES,
    Advance,
    Corrupt,
    File,
    GiveBack,
    Hear,
    Release,
    Remove,
    Resume,
    SetAccount,
    SetModel,
    SetTenant,
    Step,
    Stop,
    Take,
    Throttle,
)
from redis.asyncio import Redis

WINDOW_SECONDS, GRANT_SECONDS_MAX = 2.0, 0.5
GUARDED_US = int((WINDOW_SECONDS + GRANT_SECONDS_MAX) * 1_000_000)
LIMITS = (AccountLimits(account="a-1", cap=12, burst=4, slots=9), AccountLimits(account="a-2", cap=7, burst=10, slots=30))
WIDE = [AccountLimits(account=one.account, cap=10_000, burst=10_000, slots=10_000) for one in LIMITS]
NAMES = [one.account for one in LIMITS]
EMPTY_JOB = 9
pytestmark = pytest.mark.timeout(600)
PAUSE_US, MAX_US = 300_000, 900_000
BOUNDS = BreakerBounds(failures=4, tenants=2, pause_seconds=0.3, pause_seconds_max=0.9)
RULE = BreakerRule(failures=4, tenants=2, pause_us=PAUSE_US, pause_max_us=MAX_US)

GIVEN_BACK_WHILE_HELD: Sequence[Step] = (
    *(File(2, 1, 2, 0), Take(1), File(0, 0, 1, 0), File(1, 0, 1, 200_000), Take(1), Hear(1, "create", 4)),
    *(File(0, 0, 1, 0), File(0, 0, 1, 0), Take(1), Take(1), Advance(300_000), Corrupt(2, False, False)),
    *(File(0, 0, 1, 0), File(0, 0, 1, 0), File(0, 0, 1, 0), GiveBack(0)),
)
"""All of a tenant's jobs are held aside, its lane names one without items, and a turn of it is given back."""

GIVEN_BACK_AT_ITS_OWN_CAP: Sequence[Step] = (SetTenant(0, 1.0, 1, 0, False), File(0, 0, 3, 0), Take(1), GiveBack(0), Take(2))
"""A tenant's own cap has room for one turn; the turn is given back, so there is room again."""

FREED_FOR_THE_NEXT: Sequence[Step] = (
    *(SetModel(0, 1), File(0, 0, 1, 0), Take(1), File(0, 1, 3, 0), Take(3)),
    *(File(0, 0, 2, 0), File(1, 0, 2, 0), Take(3), Release(0), Take(1)),
)
"""Two tenants have jobs of a full model held aside; the first by name has had more turns, so the freed slot is the other's."""
FULL_AGAIN_AT_ONCE: Sequence[Step] = (
    *(SetModel(0, 1), File(0, 0, 1, 0), Take(1), File(1, 0, 1, 0), Take(1), File(2, 0, 2, 0)),
    *(Release(0), Take(3), Release(1), Take(3)),
)
"""The last held job of a model is put back and takes its slot, and in the same call a job of another tenant is held aside."""

_epochs = itertools.count(1)
_items = itertools.count(1)
_attempts = itertools.count(1)
_revisions = itertools.count(1)


@dataclass
class SideBySide:
    """The script and the model, given the same history. The clock is in the test's hand."""

    queue: FairQueue
    redis: Redis
    epoch: int
    model: FairTurn
    clock: ClockInHand
    granted: list[Grant] = field(default_factory=list)
    filed: list[Place] = field(default_factory=list)

    @property
    def now_us(self) -> int:
        return self.clock.redis_us

    @property
    def space(self) -> str:
        return f"darkroom:predictor:{{{self.queue.provider}}}:limiter:{self.epoch}:"

    async def step(self, step: Step) -> None:
        match step:
            case File():
                await self._file(step)
            case Take():
                await self._take(step)
            case Advance():
                await self.clock.pass_time(step.us)
            case Release() if self.granted:
                grant = self.granted[step.which % len(self.granted)]
                self.model.release(grant.account, grant.attempt_id)
                await self.queue.tell(Hints(released=[(grant.account, grant.attempt_id)]))
            case GiveBack() if self.granted:
                grant = self.granted.pop(step.which % len(self.granted))
                place = grant.place
                assert place.job_id == _job_of(place.item_id)
                self.model.release(grant.account, grant.attempt_id)
                self.model.give_back(place.instance_id, place.job_id, place.item_id, grant.attempt_id, redriven=place.redriven)
                await self.queue.tell(Hints(given_back=[(place, grant.attempt_id)], released=[(grant.account, grant.attempt_id)]))
            case Remove() if self.filed:
                # Any item that was ever filed: one that waits no longer is left as it is.
                gone = self.filed[step.which % len(self.filed)]
                self.model.remove(gone.instance_id, gone.job_id, gone.item_id)
                await self.queue.tell(Hints(removed=[gone]))
            case Corrupt():
                await self._corrupt(step)
            case SetTenant():
                name = TENANTS[step.tenant]
                self.model.set_tenant(name, weight=step.weight, cap=step.cap, slots=step.slots, paused=step.paused)
                terms = Terms(
                    instance_id=name,
                    own_weight=step.weight,
                    own_cap=step.cap or None,
                    concurrency=step.slots or None,
                    paused=step.paused,
                    revision=next(_revisions),
                )
                await self.queue.set_tenants(self.epoch, [terms])
            case _:
                await self._control(step)

    async def _corrupt(self, step: Corrupt) -> None:
        lane = "behind" if step.redriven else "tenant"
        push = self.redis.lpush if step.first else self.redis.rpush
        await push(f"{self.space}{lane}:{TENANTS[step.tenant]}", f"0:{step.tenant * 10 + EMPTY_JOB}@{mark_of('m1')}")

    async def check_places(self) -> None:
        """Every job with items stands in exactly one place, and the tenants' counts are those of their lanes."""
        counts: Any = await self.redis.hgetall(f"{self.space}waiting")
        records = await self._records()
        for name in TENANTS:
            standing: dict[int, int] = {}
            for number, lane in enumerate(("tenant", "behind")):
                entries: Any = await self.redis.lrange(f"{self.space}{lane}:{name}", 0, -1)
                for entry in entries:
                    place, _, job = entry.partition(b":")
                    at, current, only = records.get(job, b"::").split(b":")
                    if (at, current) == (str(number).encode(), place):
                        assert _number(job) not in standing
                        standing[_number(job)] = 1 if only else await self.redis.llen(f"{self.space}job:{job.decode()}")
            assert int(counts.get(name.encode(), 0)) == sum(standing.values())
            tenant = self.model.tenants.get(name, Tenant(""))
            assert standing == {job: len(tenant.items[job]) for job in tenant.items.keys() - tenant.held}
        assert int(await self.redis.hget(f"{self.space}state", "queued") or 0) == len(self.model.queued)
        assert set(await QueueUpkeep(self.queue).some_filed(10**6)) == self.model.queued
        assert await self.redis.hget(f"{self.space}state", "gaps") is None
        waiting = [place for place in self.filed if place.item_id in self.model.queued]
        assert await QueueUpkeep(self.queue).missing(waiting) == set()
        live: Any = await self.redis.hgetall(f"{self.space}running_models")
        assert {mark.decode(): int(count) for mark, count in live.items()} == Counter(
            mark for _, mark in self.model.live.values()
        )
        in_breakers: list[int] = []
        for mark in (mark_of(f"m{job}") for job in range(JOBS_EACH + 1)):
            breaker = self.model.breakers.get(mark, Breaker())
            aside = await self._scores(f"aside:{mark}")
            assert aside == {name.encode(): held.look_at for name, held in breaker.held.items()}
            for name, redriven in itertools.product(TENANTS, (False, True)):
                held = await self._scores(f"aside:{mark}:{int(redriven)}:{name}")
                wanted = breaker.held[name].lanes[redriven] if name in breaker.held else {}
                assert {_number(job): at for job, at in held.items()} == wanted
                in_breakers += wanted
        assert sorted(in_breakers) == sorted(job for tenant in self.model.tenants.values() for job in tenant.held)

    async def _scores(self, key: str) -> dict[bytes, float]:
        scores: Any = await self.redis.zrange(f"{self.space}{key}", 0, -1, withscores=True)
        return dict(scores)

    async def _records(self) -> dict[bytes, bytes]:
        """Every job's record: lane:entry:item."""
        found: dict[bytes, bytes] = {}
        async for key in self.redis.scan_iter(match=f"{self.space}jobs:*"):
            records: Any = await self.redis.hgetall(key)
            found |= records
        return found

    async def _control(self, step: Step) -> None:
        controls = LimiterControls(self.queue, BOUNDS)
        match step:
            case Throttle():
                self.model.accounts[NAMES[step.account]].throttle(step.us, self.now_us)
                slowed = await controls.throttle(NAMES[step.account], step.us / 1_000_000)
                assert slowed.in_force == self.model.accounts[NAMES[step.account]].in_force
            case Stop():
                self.model.accounts[NAMES[step.account]].stop(step.retry_us, self.now_us)
                await controls.stop(NAMES[step.account], "refused", step.retry_us / 1_000_000)
            case Resume():
                self.model.accounts[NAMES[step.account]].resume()
                await controls.resume(NAMES[step.account])
            case SetAccount():
                account = self.model.accounts[NAMES[step.account]]
                account.set_limits(cap=step.cap, burst=step.burst, slots=step.slots, now_us=self.now_us)
                limits = AccountLimits(account=account.name, cap=step.cap, burst=step.burst, slots=step.slots)
                await self.queue.set_accounts(self.epoch, [limits])
            case SetModel():
                self.model.model_slots[mark_of(f"m{step.job}")] = step.slots
                self.model.model_slots = {mark: slots for mark, slots in self.model.model_slots.items() if slots}
                names = {mark_of(f"m{job}"): f"m{job}" for job in range(JOBS_EACH)}
                bounds = [ModelSlots(model=names[mark], slots=slots) for mark, slots in self.model.model_slots.items()]
                await self.queue.set_model_slots(self.epoch, bounds)
            case Hear():
                mark, name = mark_of(f"m{step.job}"), TENANTS[step.tenant]
                self.model.hear(mark, step.kind, step.failures, tenant=name, now_us=self.now_us, rule=RULE)
                news = ModelNews(model=f"m{step.job}", tenant=name, kind=ModelKind(step.kind), failures=step.failures)
                await controls.hear([news])

    async def _file(self, step: File) -> None:
        filed = []
        for _ in range(step.count):
            item = next(_items) * 100 + step.tenant * 10 + step.job
            tenant, job = TENANTS[step.tenant], _job_of(item)
            mark = mark_of(f"m{step.job}")
            self.model.marks[job] = mark
            filed.append((Place(tenant, job, item, step.redriven, mark), step.delay_us / 1_000_000))
            self.model.file(tenant, job, item, now_us=self.now_us, delay_us=step.delay_us, redriven=step.redriven)
        self.filed += [place for place, _ in filed]
        await self.queue.file(self.epoch, filed)

    async def _take(self, step: Take) -> None:
        attempts = [f"attempt-{next(_attempts)}" for _ in range(step.places)]
        wanted, wanted_wait = self.model.take(attempts, self.now_us)
        turns = await self.queue.take(attempts, NAMES)
        assert [_decision(one) for one in turns.grants] == [
            (one.item, one.tenant, one.redriven, one.account, one.step, one.probe) for one in wanted
        ]
        wait = None if wanted_wait < 0 else wanted_wait / 1_000_000
        assert turns.wait_seconds == wait
        self.granted += turns.grants


def _job_of(item: int) -> int:
    return item % 100


def _number(job: bytes) -> int:
    return int(job.partition(b"@")[0])


def _decision(grant: Grant) -> tuple[int, str, bool, str, int, bool]:
    return grant.place.item_id, grant.place.instance_id, grant.place.redriven, grant.account, grant.step, grant.probe


@pytest.fixture
async def redis(redis_url: str) -> AsyncIterator[Redis]:
    async with Redis.from_url(redis_url) as client:
        yield client


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(trace=TRACES)
# An item comes due before an account is free, and a job without items makes the script wait for the account alone.
@example(trace=[File(0, 0, 10, 0), Take(9), File(0, 1, 1, 0), File(0, 0, 1, 10_000), Corrupt(0, False, False)])
@example(trace=GIVEN_BACK_AT_ITS_OWN_CAP)
async def test_script_and_model_grant_the_same(trace: Sequence[Step], redis: Redis, redis_url: str) -> None:
    await run_side_by_side(trace, LIMITS, redis, redis_url)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(trace=BROKEN_TRACES)
@example(trace=GIVEN_BACK_WHILE_HELD)
async def test_script_and_model_grant_the_same_while_models_break(trace: Sequence[Step], redis: Redis, redis_url: str) -> None:
    await run_side_by_side(trace, WIDE, redis, redis_url)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(trace=FULL_TRACES)
@example(trace=FREED_FOR_THE_NEXT)
@example(trace=FULL_AGAIN_AT_ONCE)
async def test_script_and_model_grant_the_same_while_models_are_full(trace: Sequence[Step], redis: Redis, redis_url: str) -> None:
    await run_side_by_side(trace, WIDE, redis, redis_url)


async def run_side_by_side(trace: Sequence[Step], limits: Sequence[AccountLimits], redis: Redis, redis_url: str) -> None:
    clock = ClockInHand(redis)
    queue = clock.queue(redis_url, window_seconds=WINDOW_SECONDS, grant_seconds_max=GRANT_SECONDS_MAX)
    epoch = next(_epochs)
    accounts = [Account(one.account, one.cap, one.burst, one.slots) for one in limits]
    model = FairTurn(accounts, window_us=GUARDED_US, own_window_us=int(WINDOW_SECONDS * 1_000_000))
    both = SideBySide(queue, redis, epoch, model, clock)
    try:
        await clock.begin()
        await queue.set_watch(epoch)
        await queue.set_accounts(epoch, limits)
        await queue.open(epoch)
        queue.enter(epoch)
        for step in [*trace, Take(40), Advance(1_000_000), Take(40)]:
            await both.step(step)
        await both.check_places()
    finally:
        await queue.close()
