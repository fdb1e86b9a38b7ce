"""`fair_turn.lua` on a real Redis decides exactly as `rules.py`, over random histories with the clock in the test's hand."""

import itertools
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field

import pytest
from darkroom_predictor.fair_queue import AccountLimits, FairQueue, Grant, Hints, Place
from darkroom_predictor.rules import Account, FairTurn
from darkroom_predictor.terms import Terms
from hypothesis import HealthCheck, given, settings
from predictor.traces import TENANTS, TRACES, Advance, File, GiveBack, Pause, Release, Remove, SetTenant, Step, Take
from redis.asyncio import Redis

WINDOW_SECONDS, GRANT_SECONDS_MAX = 2.0, 0.5
FUTURE_US = 4_000_000_000_000_000
LIMITS = (AccountLimits(account="a-1", cap=12, burst=4, slots=9), AccountLimits(account="a-2", cap=7, burst=10, slots=30))
NAMES = [one.account for one in LIMITS]

_epochs = itertools.count(1)
_items = itertools.count(1)
_attempts = itertools.count(1)
_revisions = itertools.count(1)


@dataclass
class SideBySide:
    """The script and the model, given the same history."""

    queue: FairQueue
    redis: Redis
    epoch: int
    model: FairTurn
    now_us: int = FUTURE_US
    granted: list[Grant] = field(default_factory=list)
    filed: list[Place] = field(default_factory=list)

    async def set_clock(self) -> None:
        """The script's clock never goes back behind the last one it kept: so a kept one in the future is the time."""
        key = f"darkroom:predictor:{{{self.queue.provider}}}:limiter:{self.epoch}:state"
        await self.redis.hset(key, "clock", str(self.now_us))

    async def step(self, step: Step) -> None:
        match step:
            case File():
                await self._file(step)
            case Take():
                await self._take(step)
            case Advance():
                self.now_us += step.us
                await self.set_clock()
            case Release() if self.granted:
                grant = self.granted[step.which % len(self.granted)]
                self.model.release(grant.account, grant.attempt_id)
                await self.queue.tell(Hints(released=[(grant.account, grant.attempt_id)]))
            case GiveBack() if self.granted:
                grant = self.granted.pop(step.which % len(self.granted))
                place = grant.place
                assert place.job_id == _job_of(place.item_id)
                self.model.release(grant.account, grant.attempt_id)
                self.model.give_back(place.instance_id, place.job_id, place.item_id, grant.step, redriven=place.redriven)
                await self.queue.tell(Hints(given_back=[(place, grant.step)], released=[(grant.account, grant.attempt_id)]))
            case Remove() if self.filed:
                # Any item that was ever filed: one that waits no longer is left as it is.
                gone = self.filed[step.which % len(self.filed)]
                self.model.remove(gone.instance_id, gone.job_id, gone.item_id)
                await self.queue.tell(Hints(removed=[gone]))
            case SetTenant():
                name = TENANTS[step.tenant]
                self.model.set_tenant(name, weight=step.weight, cap=step.cap, paused=step.paused)
                terms = Terms(
                    instance_id=name,
                    own_weight=step.weight,
                    own_cap=step.cap or None,
                    paused=step.paused,
                    revision=next(_revisions),
                )
                await self.queue.set_tenants(self.epoch, [terms])
            case Pause():
                self.model.pause(NAMES[step.account], step.us, now_us=self.now_us)
                await self.queue.pause(NAMES[step.account], step.us / 1_000_000)

    async def _file(self, step: File) -> None:
        filed = []
        for _ in range(step.count):
            item = next(_items) * 100 + step.tenant * 10 + step.job
            tenant, job = TENANTS[step.tenant], _job_of(item)
            filed.append((Place(tenant, job, item, step.redriven), step.delay_us / 1_000_000))
            self.model.file(tenant, job, item, now_us=self.now_us, delay_us=step.delay_us, redriven=step.redriven)
        self.filed += [place for place, _ in filed]
        await self.queue.file(self.epoch, filed)

    async def _take(self, step: Take) -> None:
        attempts = [f"attempt-{next(_attempts)}" for _ in range(step.places)]
        wanted, wanted_wait = self.model.take(attempts, self.now_us)
        turns = await self.queue.take(attempts, NAMES)
        assert [_decision(one) for one in turns.grants] == [
            (one.item, one.tenant, one.redriven, one.account, one.step) for one in wanted
        ]
        assert turns.wait_seconds == (None if wanted_wait < 0 else wanted_wait / 1_000_000)
        self.granted += turns.grants


def _job_of(item: int) -> int:
    return item % 100


def _decision(grant: Grant) -> tuple[int, str, bool, str, int]:
    return grant.place.item_id, grant.place.instance_id, grant.place.redriven, grant.account, grant.step


@pytest.fixture
async def redis(redis_url: str) -> AsyncIterator[Redis]:
    async with Redis.from_url(redis_url) as client:
        yield client


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(trace=TRACES)
async def test_script_and_model_grant_the_same(trace: Sequence[Step], redis: Redis, redis_url: str) -> None:
    queue = FairQueue(redis_url, "double", window_seconds=WINDOW_SECONDS, grant_seconds_max=GRANT_SECONDS_MAX)
    epoch = next(_epochs)
    accounts = [Account(one.account, one.cap, one.burst, one.slots) for one in LIMITS]
    window_us, own_window_us = int((WINDOW_SECONDS + GRANT_SECONDS_MAX) * 1_000_000), int(WINDOW_SECONDS * 1_000_000)
    model = FairTurn(accounts, window_us=window_us, own_window_us=own_window_us)
    try:
        await queue.set_accounts(epoch, LIMITS)
        await queue.open(epoch)
        queue.enter(epoch)
        both = SideBySide(queue, redis, epoch, model)
        await both.set_clock()
        for step in [*trace, Take(40), Advance(1_000_000), Take(40)]:
            await both.step(step)
    finally:
        await queue.close()
