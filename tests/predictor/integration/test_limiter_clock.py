"""Redis' clock is set forward or back: the cap holds, and nothing stops for the length of the step."""

import asyncio
import itertools
import os
from collections.abc import AsyncIterator
from functools import partial
from pathlib import Path
from time import monotonic, time

import pytest
from darkroom_cli.stack.redis import program
from darkroom_predictor.clock_rules import SLACK_US, LimiterClock
from darkroom_predictor.fair_queue import FairQueue, Place
from darkroom_predictor.limits import AccountLimits
from darkroom_predictor.queue_upkeep import QueueUpkeep
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from predictor.clock_in_hand import START_US, ClockInHand
from redis.asyncio import Redis
from support.redis_clock import RedisClock
from support.service import eventually

SECOND = 1_000_000
HOUR = 3600 * SECOND
CAP = 5
STEPS_US = (0, 0, 0, 50_000, -50_000, SECOND, -SECOND, HOUR, -HOUR)

_epochs = itertools.count(1)
_names = itertools.count(1)


@pytest.fixture
async def clock(redis_url: str) -> AsyncIterator[ClockInHand]:
    async with Redis.from_url(redis_url) as redis:
        hand = ClockInHand(redis)
        await hand.begin()
        yield hand


@pytest.fixture
async def queue(clock: ClockInHand, redis_url: str) -> AsyncIterator[FairQueue]:
    """An open queue with forty items, of which five may start in any 61 s."""
    queue = clock.queue(redis_url, window_seconds=60, grant_seconds_max=1)
    await queue.set_watch(1)
    await queue.set_accounts(1, [AccountLimits(account="a", cap=CAP, burst=CAP, slots=100)])
    await queue.open(1)
    queue.enter(1)
    await queue.file(1, [(Place("shop", 1, item), 0.0) for item in range(1, 41)])
    yield queue
    await queue.close()


async def granted(queue: FairQueue) -> int:
    return len((await queue.take([f"attempt-{next(_names)}" for _ in range(10)], ["a"])).grants)


@pytest.mark.parametrize("step", [HOUR, 62 * SECOND, 3 * SECOND, -3 * SECOND, -62 * SECOND, -HOUR])
async def test_whenever_the_clock_is_set_each_minute_has_one_cap(clock: ClockInHand, queue: FairQueue, step: int) -> None:
    assert await granted(queue) == CAP
    await clock.pass_time(SECOND)
    assert await granted(queue) == 0

    await clock.step(step)

    assert await granted(queue) == 0
    await clock.pass_time(59 * SECOND)
    assert await granted(queue) == 0, "61 s of the watch have not passed"
    await clock.pass_time(2 * SECOND)
    assert await granted(queue) == CAP, "they have, and no step keeps the limiter back"
    assert queue.clock_steps == 1


async def test_a_queue_that_does_not_move_says_so_after_a_step_back(clock: ClockInHand, queue: FairQueue) -> None:
    await granted(queue)
    await clock.step(-HOUR)
    await granted(queue)
    await clock.pass_time(50 * SECOND)
    await granted(queue)

    assert (await queue.figures(["a"])).unmoved_seconds == 50


async def test_a_replica_that_comes_after_a_step_takes_nothing_twice(
    clock: ClockInHand, queue: FairQueue, redis_url: str
) -> None:
    assert await granted(queue) == CAP
    await clock.step(HOUR)
    late = clock.queue(redis_url, window_seconds=60, grant_seconds_max=1)
    await late.set_watch(1)
    late.enter(1)

    assert await granted(late) == 0
    await clock.pass_time(60 * SECOND)
    assert await granted(late) == 0
    await clock.pass_time(SECOND)
    assert await granted(late) == CAP
    await late.close()


async def test_a_slot_is_as_old_as_the_watch_says(clock: ClockInHand, queue: FairQueue) -> None:
    await granted(queue)
    await clock.step(-HOUR)
    await granted(queue)
    await clock.pass_time(10 * SECOND)
    await granted(queue)

    assert len(await QueueUpkeep(queue).old_slots("a", seconds=9)) == CAP
    assert await QueueUpkeep(queue).old_slots("a", seconds=11) == set()


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(calls=st.lists(st.tuples(st.integers(0, 3 * SECOND), st.sampled_from(STEPS_US)), max_size=30))
async def test_the_scripts_clock_is_the_models(calls: list[tuple[int, int]], redis_url: str) -> None:
    async with Redis.from_url(redis_url) as redis:
        hand, epoch = ClockInHand(redis), next(_epochs) + 10
        await hand.begin()
        queue = hand.queue(redis_url, window_seconds=60, grant_seconds_max=1)
        await queue.set_watch(epoch)
        await queue.open(epoch)
        queue.enter(epoch)
        model = LimiterClock(START_US)
        for passed, step in calls:
            await hand.pass_time(passed)
            await hand.step(step)
            model.advance(hand.redis_us, START_US + hand.watch_us)
            assert await queue.run("clock") == [model.now_us, model.ahead_us]
        await queue.close()


async def test_on_a_redis_whose_clock_is_really_set_the_cap_holds_and_sending_goes_on(tmp_path: Path) -> None:
    hand, socket = RedisClock(tmp_path), tmp_path / "redis.sock"
    options = ("--port", "0", "--unixsocket", str(socket), "--dir", str(tmp_path), "--save", "")
    environ = {**os.environ, **hand.environment()}
    server = await asyncio.create_subprocess_exec(str(program()), *options, env=environ, stdout=asyncio.subprocess.DEVNULL)
    await eventually(lambda: asyncio.sleep(0, socket.exists()))
    queue = FairQueue(f"unix://{socket}", "double", window_seconds=2, grant_seconds_max=1)
    async with Redis.from_url(f"unix://{socket}") as redis:
        try:
            await queue.set_watch(1)
            await queue.set_accounts(1, [AccountLimits(account="a", cap=CAP, burst=CAP, slots=100)])
            await queue.open(1)
            queue.enter(1)
            await queue.file(1, [(Place("shop", 1, item), 0.0) for item in range(1, 101)])
            times: list[tuple[float, float]] = []
            for seconds in (3600.0, -3600.0, 0.0):
                await take_more(queue, times)
                hand.step(seconds)
                await eventually(partial(is_off_by, redis, seconds))
                await take_more(queue, times)
        finally:
            await queue.close()
            server.kill()
            await server.wait()
    # Between a grant and the one a cap later lie W + D, whatever the clock says.
    assert all(later[1] - sooner[0] >= 3.0 - 2 * SLACK_US / SECOND for sooner, later in zip(times, times[CAP:], strict=False))
    assert queue.clock_steps >= 3


async def take_more(queue: FairQueue, times: list[tuple[float, float]]) -> None:
    """Take until a cap more is granted; of each grant, when it was asked for and when it was answered."""
    wanted = len(times) + CAP

    async def is_granted() -> bool:
        asked = monotonic()
        count = await granted(queue)
        times.extend([(asked, monotonic())] * count)
        return len(times) >= wanted

    await eventually(is_granted)


async def is_off_by(redis: Redis, seconds: float) -> bool:
    now, _ = await redis.time()
    return abs(now - time() - seconds) < 60
