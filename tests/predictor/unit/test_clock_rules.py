"""The limiter's clock, by simulation: Redis' clock is set by up to an hour, requests are slow, callers come and go."""

import itertools
from dataclasses import dataclass, field

from darkroom_predictor.account_rules import Account
from darkroom_predictor.clock_rules import SLACK_US, LimiterClock, Watch
from darkroom_predictor.rules import FairTurn
from hypothesis import given, settings
from hypothesis import strategies as st

SECOND = 1_000_000
HOUR = 3600 * SECOND
KEPT_US = 60 * SECOND
EPOCH = 1


@dataclass(frozen=True)
class Call:
    """A call of one of three callers: when after the call before, how long on its way, a step of Redis' clock before it."""

    caller: int
    after_us: int
    way_us: int
    step_us: int


STEPS_US = (0, 0, 0, 0, 0, SECOND // 2, -SECOND // 2, 300 * SECOND, -300 * SECOND, HOUR, -HOUR)


def histories(*ways_us: int) -> st.SearchStrategy[list[Call]]:
    call = st.builds(Call, st.integers(0, 2), st.integers(0, 5 * SECOND), st.sampled_from(ways_us), st.sampled_from(STEPS_US))
    return st.lists(call, max_size=80)


@dataclass
class World:
    """True time, Redis' clock, and three callers' watches."""

    true_us: int = HOUR
    redis_us: int = 10 * HOUR
    clock: LimiterClock = field(default_factory=lambda: LimiterClock(10 * HOUR))
    allowed_us: int = 0
    """By how much the clock may gain on true time: the round trip and the slack of each setting of a watch, and what it lost."""
    seen: tuple[int, int] = HOUR, 10 * HOUR
    """True time and the clock at the call before."""
    watches: list[Watch] = field(default_factory=lambda: [Watch(kept_ns=1000 * KEPT_US) for _ in range(3)])

    def call(self, call: Call) -> int:
        """The limiter's clock at a call; it is `true_us` then."""
        self._pass(call.after_us)
        self.redis_us += call.step_us
        watch, asked_us = self.watches[call.caller], self.true_us
        reading = watch.reading_us(EPOCH, 1000 * asked_us)
        self._pass(call.way_us)
        now = self.clock.advance(self.redis_us, reading)
        lost_us = self.true_us - self.seen[0] - (now - self.seen[1])
        self.allowed_us += max(0, lost_us)
        self.seen = self.true_us, now
        if watch.set(EPOCH, now, asked_ns=1000 * asked_us, answered_ns=1000 * self.true_us):
            self.allowed_us += SLACK_US + call.way_us
        return now

    def _pass(self, us: int) -> None:
        self.true_us += us
        self.redis_us += us


@settings(max_examples=300, deadline=None)
@given(history=histories(0, 1_000, 20_000))
def test_the_clock_gains_nothing_on_true_time_but_the_slack_of_each_setting_and_never_goes_back(history: list[Call]) -> None:
    world = World()
    seen: list[tuple[int, int]] = []
    for call in history:
        now = world.call(call)
        for true_before, before in seen:
            assert now >= before
            assert now - before <= world.true_us - true_before + world.allowed_us
        seen.append((world.true_us, now))
    # No call is slow: what was lost is what passed before the first calls of the three, and before each step.
    unseen = sum(call.after_us + call.way_us for call in history if call.step_us) + 3 * 5 * SECOND
    assert world.allowed_us <= unseen + len(history) * (SLACK_US + 20_000)


@settings(max_examples=200, deadline=None)
@given(history=histories(0, 1_000, 2 * SECOND, 8 * SECOND))
def test_slow_requests_and_steps_together_give_no_more_than_the_slow_requests_took(history: list[Call]) -> None:
    world, slow_us = World(), 0
    begun_true, begun = world.true_us, world.clock.now_us
    for call in history:
        slow_us += call.way_us + SLACK_US
        assert world.call(call) - begun <= world.true_us - begun_true + slow_us


@settings(max_examples=200, deadline=None)
@given(history=histories(0, 1_000, 20_000, 2 * SECOND))
def test_a_step_costs_no_more_than_the_time_since_the_call_before(history: list[Call]) -> None:
    world = World()
    begun_us, excused = world.true_us, 0
    for place, call in enumerate(history):
        before_us = world.true_us
        world.call(call)
        first = all(earlier.caller != call.caller for earlier in history[:place])
        if call.step_us or call.way_us > SLACK_US or first:
            excused += world.true_us - before_us
    assert world.clock.now_us - 10 * HOUR >= world.true_us - begun_us - excused - len(history) * 20_000


@settings(max_examples=60, deadline=None)
@given(steps=st.lists(st.tuples(st.integers(1, 200), st.sampled_from((HOUR, -HOUR, 90 * SECOND, -90 * SECOND))), max_size=4))
def test_no_true_minute_has_two_caps_whatever_the_clock_does(steps: list[tuple[int, int]]) -> None:
    world, cap = World(), 20
    turn = FairTurn([Account("a", cap, 5, 10**9)], window_us=61 * SECOND, own_window_us=60 * SECOND)
    for item in range(400):
        turn.file("shop", 1, item, now_us=world.clock.now_us)
    names, due, at = itertools.count(), dict(steps), list[int]()
    for second in range(200):
        now = world.call(Call(second % 3, SECOND, 1_000, due.get(second, 0)))
        grants, _ = turn.take([f"a-{next(names)}" for _ in range(50)], now)
        at += [world.true_us] * len(grants)
    assert all(later - sooner >= 61 * SECOND - 3 * SLACK_US for sooner, later in zip(at, at[cap:], strict=False))
    assert len(at) >= cap * 2, "it goes on through all of it"
