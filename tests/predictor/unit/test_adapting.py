"""What the provider's answers do to the limiter, simulated without I/O against a provider that counts a rolling minute."""

import itertools
from collections import Counter, deque
from dataclasses import dataclass, field

from darkroom_predictor.account_rules import CAP_MIN, ROUND_US, Account
from darkroom_predictor.breaker_rules import BreakerRule
from darkroom_predictor.rules import FairTurn
from hypothesis import given, settings
from hypothesis import strategies as st

SECOND, MINUTE = 1_000_000, 60_000_000
START = 1_000 * SECOND
WINDOW_US = 61 * SECOND
CAP, BURST = 450, 10
SLOTS = 10**9


@dataclass
class Provider:
    """Takes no more than `allowed` in any minute; of what it refuses it says when there is room again, or after `says_us`."""

    allowed: int
    says_us: int | None = None
    taken: deque[int] = field(default_factory=deque)

    def answer(self, now_us: int) -> int | None:
        """None: taken; else the pause that its 429 asks for."""
        while self.taken and self.taken[0] <= now_us - MINUTE:
            self.taken.popleft()
        if len(self.taken) < self.allowed:
            self.taken.append(now_us)
            return None
        if self.says_us or not self.allowed:
            return self.says_us or MINUTE
        return self.taken[len(self.taken) - self.allowed] + MINUTE - now_us


@dataclass
class Run:
    """What happened while calls went out: when, to whom, and what was refused."""

    taken: list[tuple[int, str]] = field(default_factory=list)
    refused_at: list[int] = field(default_factory=list)
    caps: list[tuple[int, int]] = field(default_factory=list)

    def taken_between(self, start_us: int, end_us: int) -> int:
        return sum(start_us <= at < end_us for at, _ in self.taken)

    @property
    def cuts(self) -> list[int]:
        """When the cap in force fell."""
        return [at for (_, before), (at, after) in itertools.pairwise(self.caps) if after < before]


def call_until(turn: FairTurn, provider: Provider, now_us: int, end_us: int, *, round_trip_us: int = 200_000) -> Run:
    """Calls as the dispatcher makes them: a refusal is heard a round trip later, and its item goes back to the head."""
    [account] = turn.accounts.values()
    run, attempts, heard = Run(), itertools.count(), deque[tuple[int, str, int, str, int]]()
    run.caps.append((now_us, account.in_force))
    while now_us < end_us:
        while heard and heard[0][0] <= now_us:
            _, tenant, item, attempt, asked_us = heard.popleft()
            account.throttle(asked_us, now_us)
            turn.release(account.name, attempt)
            turn.give_back(tenant, job_of(tenant), item, attempt)
        grants, wait = turn.take([f"call-{now_us}-{next(attempts)}" for _ in range(20)], now_us)
        for grant in grants:
            pause = provider.answer(now_us)
            if pause is None:
                run.taken.append((now_us, grant.tenant))
                turn.release(account.name, grant.attempt)
            else:
                run.refused_at.append(now_us)
                heard.append((now_us + round_trip_us, grant.tenant, grant.item, grant.attempt, pause))
        run.caps.append((now_us, account.in_force))
        if wait or not grants:
            due = [now_us + int(wait)] if wait > 0 else []
            now_us = max(now_us + 1, min([*due, *(heard[0][:1] if heard else ()), end_us]))
    return run


def rule(pause_us: int, pause_max_us: int) -> BreakerRule:
    return BreakerRule(failures=3, tenants=3, pause_us=pause_us, pause_max_us=pause_max_us)


def job_of(tenant: str) -> int:
    return {"a": 1, "b": 2}[tenant]


def backlogged(*, cap: int = CAP) -> FairTurn:
    turn = FairTurn([Account("one", cap, BURST, SLOTS)], window_us=WINDOW_US, own_window_us=MINUTE)
    for tenant in ("a", "b"):
        for item in range(12_000):
            turn.file(tenant, job_of(tenant), job_of(tenant) * 100_000 + item, now_us=START)
    return turn


def test_a_provider_that_suddenly_allows_less_than_half_is_followed_and_followed_back() -> None:
    turn, provider = backlogged(), Provider(CAP)
    before = call_until(turn, provider, START, START + 5 * MINUTE)
    provider.allowed = 200
    low = call_until(turn, provider, START + 5 * MINUTE, START + 20 * MINUTE)
    provider.allowed = CAP
    after = call_until(turn, provider, START + 20 * MINUTE, START + 30 * MINUTE)

    assert before.refused_at == []
    assert before.taken_between(START + MINUTE, START + 5 * MINUTE) >= 4 * 440, "W / (W + D) of it is what can be used"
    assert len(low.refused_at) <= 20, "in a quarter of an hour; each ends a rise that has found the limit"
    # The first minute is the provider's own: it counts what it took before it allowed less.
    assert low.taken_between(START + 6 * MINUTE, START + 20 * MINUTE) >= 14 * 200 * 0.8
    # A rise passes the limit by as much as it gains while the minute that the provider counts fills up: four steps of 15.
    assert max(cap for at, cap in low.caps if at > START + 7 * MINUTE) <= 200 + 4 * 15
    # From 170 or so to 450 in steps of 15, one each 10 s after a calm minute.
    assert next(cap for at, cap in after.caps if at >= START + 25 * MINUTE) == CAP
    assert after.taken_between(START + 26 * MINUTE, START + 30 * MINUTE) >= 4 * 440


def test_returned_items_charge_their_tenants_nothing() -> None:
    """P14: through all refusals, two equal tenants stay within a turn of each other."""
    turn, provider = backlogged(), Provider(200)
    run = call_until(turn, provider, START, START + 10 * MINUTE)

    got = Counter[str]()
    assert len(run.refused_at) >= 5
    in_flight = BURST + 20
    for _, tenant in run.taken:
        got[tenant] += 1
        assert abs(got["a"] - got["b"]) <= 1 + in_flight
    assert abs(got["a"] - got["b"]) <= 1


@settings(max_examples=20, deadline=None)
@given(
    allowed=st.lists(st.integers(0, 500), min_size=1, max_size=4),
    says=st.sampled_from((None, SECOND, 30 * SECOND)),
    round_trip_us=st.sampled_from((1_000, 200_000, 3_000_000)),
)
def test_whatever_the_provider_allows_the_cap_is_cut_once_a_round_and_stays_in_bounds(
    allowed: list[int], says: int | None, round_trip_us: int
) -> None:
    """P13, and P1 for the cap as set: no rolling W + D has more grants than the cap, cut or not."""
    turn, provider, now_us = backlogged(cap=60), Provider(0, says), START
    caps: list[tuple[int, int]] = []
    calls: list[int] = []
    for one in allowed:
        provider.allowed = one * 60 // CAP
        run = call_until(turn, provider, now_us, now_us + 3 * MINUTE, round_trip_us=round_trip_us)
        now_us += 3 * MINUTE
        caps += run.caps
        calls += sorted([at for at, _ in run.taken] + run.refused_at)

    cuts = Run(caps=caps).cuts
    assert all(later - sooner >= ROUND_US for sooner, later in itertools.pairwise(cuts))
    assert all(CAP_MIN <= cap <= 60 for _, cap in caps)
    assert all(later - sooner >= WINDOW_US for sooner, later in zip(calls, calls[60:], strict=False))


def test_a_cut_comes_back_in_steps_and_only_after_a_calm_minute() -> None:
    account = Account("one", 450, BURST, SLOTS)
    account.throttle(SECOND, START)
    account.throttle(SECOND, START + SECOND)
    assert account.in_force == 315, "two 429s of one round are one cut"
    account.throttle(SECOND, START + 6 * SECOND)
    assert account.in_force == 220

    def cap_after(seconds: int) -> int:
        account.look(START + 6 * SECOND + seconds * SECOND, WINDOW_US)
        return account.in_force

    assert [cap_after(seconds) for seconds in (59, 60, 69, 70, 80, 209, 210, 220)] == [220, 235, 235, 250, 265, 445, 450, 450]


def test_an_account_that_is_stopped_is_asked_once_after_each_pause_and_the_others_carry_its_share() -> None:
    turn = FairTurn([Account("one", 600, 1, SLOTS), Account("two", 60, 2, SLOTS)], window_us=WINDOW_US, own_window_us=MINUTE)
    for item in range(1_000):
        turn.file("a", 1, item, now_us=START)
    turn.accounts["one"].stop(30 * SECOND, START)

    at: dict[str, list[int]] = {"one": [], "two": []}
    probes: list[bool] = []
    for second in range(0, 121):
        grants, _ = turn.take([f"{second}-{place}" for place in range(20)], START + second * SECOND)
        for grant in grants:
            at[grant.account].append(second)
            probes += [grant.probe] if grant.account == "one" else []

    assert at["one"] == [30, 60, 90, 120]
    assert all(probes)
    assert 118 <= len(at["two"]) <= 120, "60 in any 61 s"
    turn.accounts["one"].resume()
    assert [grant.account for grant in turn.take(["x"], START + 121 * SECOND)[0]] == ["one"]


@settings(max_examples=60, deadline=None)
@given(
    sick=st.lists(st.tuples(st.sampled_from("abcd"), st.integers(1, 30)), min_size=1, max_size=8),
    well=st.lists(st.tuples(st.sampled_from("abcd"), st.integers(1, 30)), min_size=1, max_size=8),
    batch=st.integers(1, 40),
)
def test_a_broken_model_delays_no_call_of_another_by_a_microsecond(
    sick: list[tuple[str, int]], well: list[tuple[str, int]], batch: int
) -> None:
    def grants_of(*, with_sick: bool) -> list[tuple[int, str, int]]:
        turn = FairTurn([Account("one", 60, 5, SLOTS)], window_us=WINDOW_US, own_window_us=MINUTE)
        turn.hear("sick", "create", 3, tenant="a", now_us=START, rule=rule(10**12, 10**12))
        for job, (tenant, count) in enumerate(sick if with_sick else ()):
            turn.marks[job] = "sick"
            for item in range(count):
                turn.file(tenant, job, job * 1_000 + item, now_us=START)
        for job, (tenant, count) in enumerate(well, start=100):
            for item in range(count):
                turn.file(tenant, job, job * 1_000 + item, now_us=START)
        now_us, found, calls = START, list[tuple[int, str, int]](), itertools.count()
        while len(found) < sum(count for _, count in well):
            grants, wait = turn.take([f"{next(calls)}" for _ in range(batch)], now_us)
            found += [(one.item, one.tenant, one.at_us) for one in grants]
            now_us += int(max(0, wait))
        return found

    assert grants_of(with_sick=True) == grants_of(with_sick=False)


def test_a_mended_models_items_come_back_in_the_order_in_which_they_were_held() -> None:
    turn = FairTurn([Account("one", SLOTS, SLOTS, SLOTS)], window_us=WINDOW_US, own_window_us=MINUTE)
    turn.hear("sick", "create", 3, tenant="a", now_us=START, rule=rule(SECOND, 4 * SECOND))
    for job, tenant in enumerate("abc"):
        turn.marks[job] = "sick"
        for item in range(2):
            turn.file(tenant, job, job * 10 + item, now_us=START)

    held = turn.take([f"0-{place}" for place in range(9)], START)
    trial = turn.take([f"1-{place}" for place in range(9)], START + SECOND)
    again = turn.take([f"2-{place}" for place in range(9)], START + SECOND)
    second = turn.take([f"3-{place}" for place in range(9)], START + 2 * SECOND)
    third = turn.take([f"4-{place}" for place in range(9)], START + 4 * SECOND)
    turn.hear("sick", "create", 0, tenant="a", now_us=START + 4 * SECOND, rule=rule(SECOND, 4 * SECOND))
    mended, _ = turn.take([f"5-{place}" for place in range(9)], START + 4 * SECOND)

    assert (len(held[0]), held[1]) == (0, SECOND)
    assert [len(found) for found, _ in (trial, again, second, third)] == [1, 0, 1, 1], "one trial after each pause"
    assert (trial[1], second[1], third[1]) == (SECOND, 2 * SECOND, 4 * SECOND), "each longer than the one before"
    assert len(mended) == 3
    assert {grant.item for found in (trial[0], second[0], third[0], mended) for grant in found} == {0, 1, 10, 11, 20, 21}
