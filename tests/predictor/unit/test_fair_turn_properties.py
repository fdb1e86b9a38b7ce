"""What holds of the fair turn whoever comes, goes and waits beside: the reference's properties that need whole histories."""

import itertools
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence

from darkroom_predictor.account_rules import Account
from darkroom_predictor.rules import FairTurn, Grant
from darkroom_predictor.tenant_rules import UNIT
from hypothesis import given, settings
from hypothesis import strategies as st

SECOND = 1_000_000
START = 1_000 * SECOND
WINDOW_US, DELAY_US = 61 * SECOND, SECOND
WIDE = 10**9

Arrival = tuple[int, int, int]
"""After how many grants, of which tenant, how many items."""

arrivals = st.lists(st.tuples(st.integers(0, 150), st.integers(0, 4), st.integers(1, 60)), min_size=2, max_size=12)
weights = st.lists(st.sampled_from((0.5, 1.0, 2.0, 4.0)), min_size=5, max_size=5)


def play(turn: FairTurn, coming: Sequence[Arrival], *, batch: int = 1, slots: int = WIDE, per_job: int = 7) -> list[Grant]:
    """Everything that comes is granted in the end; items are numbered as they come, in jobs of a few."""
    waiting, granted, live = sorted(coming), list[Grant](), list[Grant]()
    numbers, calls, now_us = itertools.count(), itertools.count(), START
    while waiting or turn.queued:
        while waiting and (waiting[0][0] <= len(granted) or not turn.queued):
            _, tenant, count = waiting.pop(0)
            for place in range(count):
                turn.file(f"t{tenant}", tenant * 1_000 + place // per_job, next(numbers), now_us=now_us)
        grants, wait = turn.take([f"call-{next(calls)}" for _ in range(batch)], now_us)
        granted += grants
        live += grants
        for account in turn.accounts.values():
            assert len(account.live) <= slots
        if wait == -1 and live:
            turn.release(live[0].account, live.pop(0).attempt)
        now_us += int(max(0, wait))
    for grant in live:
        turn.release(grant.account, grant.attempt)
    assert all(not account.live for account in turn.accounts.values()), "P11: when all is over, no slot is held"
    return granted


def wide() -> FairTurn:
    return FairTurn([Account("a", WIDE, WIDE, WIDE)], window_us=WINDOW_US, own_window_us=60 * SECOND)


@settings(max_examples=80, deadline=None)
@given(coming=arrivals, weighs=weights)
def test_two_tenants_that_both_wait_are_never_further_apart_than_a_turn_of_each(
    coming: list[Arrival], weighs: list[float]
) -> None:
    """P4: over every interval in which both wait, whoever else comes and goes (Goyal, Vin, Cheng 1996)."""
    turn = wide()
    for tenant, weight in enumerate(weighs):
        turn.set_tenant(f"t{tenant}", weight=weight)
    order = [grant.tenant for grant in play(turn, coming)]
    there = backlog(coming, order)
    for one, other in itertools.combinations(range(5), 2):
        limit = 1 / weighs[one] + 1 / weighs[other] + 1e-6
        lead = low = high = 0.0
        for place, served in enumerate(order):
            if not (there[one][place] and there[other][place]):
                lead = low = high = 0.0
                continue
            lead += (served == f"t{one}") / weighs[one] - (served == f"t{other}") / weighs[other]
            low, high = min(low, lead), max(high, lead)
            assert lead - low <= limit
            assert high - lead <= limit


def backlog(coming: Sequence[Arrival], order: Sequence[str]) -> Mapping[int, list[bool]]:
    """For each tenant, whether it had something waiting when each of the grants was decided."""
    waiting, left = sorted(coming), Counter[int]()
    there: dict[int, list[bool]] = defaultdict(list)
    for place, tenant in enumerate(order):
        while waiting and (waiting[0][0] <= place or not left.total()):
            _, who, count = waiting.pop(0)
            left[who] += count
        for who in range(5):
            there[who].append(left[who] > 0)
        left[int(tenant[1:])] -= 1
    return there


@settings(max_examples=100, deadline=None)
@given(coming=arrivals, batch=st.integers(1, 30))
def test_the_items_of_a_job_start_in_the_order_in_which_they_came(coming: list[Arrival], batch: int) -> None:
    """P7."""
    numbers: dict[tuple[str, int], list[int]] = defaultdict(list)
    jobs = jobs_of(coming)
    for grant in play(wide(), coming, batch=batch):
        numbers[grant.tenant, jobs[grant.item]].append(grant.item)
    assert all(found == sorted(found) for found in numbers.values())


def jobs_of(coming: Sequence[Arrival], *, per_job: int = 7) -> Mapping[int, int]:
    numbers = itertools.count()
    return {next(numbers): tenant * 1_000 + place // per_job for _, tenant, count in sorted(coming) for place in range(count)}


@settings(max_examples=40, deadline=None)
@given(
    own=st.integers(1, 30),
    more=st.lists(st.tuples(st.integers(1, 3), st.integers(1, 150)), min_size=1, max_size=6),
    cap=st.integers(5, 60),
    burst=st.integers(2, 10),
)
def test_whatever_others_send_a_tenants_kth_start_stays_within_its_bound(
    own: int, more: list[tuple[int, int]], cap: int, burst: int
) -> None:
    """P8: the bound knows only how many tenants wait, not how much they have."""
    turn = FairTurn([Account("a", cap, min(burst, cap), WIDE)], window_us=WINDOW_US, own_window_us=60 * SECOND)
    grants = play(turn, [(0, 0, own), *((0, tenant, count) for tenant, count in more)], batch=20)

    tenants = 1 + len({tenant for tenant, _ in more})
    starts = [grant.at_us - START for grant in grants if grant.tenant == "t0"]
    for place, waited in enumerate(starts, start=1):
        assert waited <= (place * tenants + tenants + burst) * WINDOW_US / cap + place


@settings(max_examples=60, deadline=None)
@given(coming=arrivals, slots=st.integers(1, 9), batch=st.integers(1, 30))
def test_what_is_in_flight_never_passes_the_slots_and_all_of_them_come_back(
    coming: list[Arrival], slots: int, batch: int
) -> None:
    """P11, and P6 for slots: nothing is left waiting."""
    turn = FairTurn([Account("a", WIDE, WIDE, slots)], window_us=WINDOW_US, own_window_us=60 * SECOND)
    assert len(play(turn, coming, batch=batch, slots=slots)) == sum(count for _, _, count in coming)


@settings(max_examples=60, deadline=None)
@given(coming=arrivals, cap=st.integers(2, 40), burst=st.integers(1, 60), data=st.data())
def test_arrivals_stay_within_the_cap_however_long_each_call_is_under_way(
    coming: list[Arrival], cap: int, burst: int, data: st.DataObject
) -> None:
    """P1: the provider counts arrivals in any 60 s; a grant arrives within D or never."""
    turn = FairTurn([Account("a", cap, burst, WIDE)], window_us=WINDOW_US, own_window_us=60 * SECOND)
    grants = play(turn, coming, batch=20)
    slow = data.draw(st.lists(st.sampled_from((0, DELAY_US // 2, DELAY_US)), min_size=1, max_size=7))

    arrived = sorted(grant.at_us + late for grant, late in zip(grants, itertools.cycle(slow), strict=False))

    # In half-open windows: two calls exactly a minute apart are not in one.
    assert all(later - sooner >= 60 * SECOND for sooner, later in zip(arrived, arrived[cap:], strict=False))


@settings(max_examples=40, deadline=None)
@given(weight=st.sampled_from((0.5, 1.0, 2.0)), others=st.integers(1, 6), places=st.integers(50, 300))
def test_twice_the_weight_is_twice_the_service(weight: float, others: int, places: int) -> None:
    """P10."""
    turn = wide()
    turn.set_tenant("t0", weight=weight)
    turn.set_tenant("t1", weight=2 * weight)
    for tenant in range(2 + others):
        for item in range(places):
            turn.file(f"t{tenant}", tenant, tenant * 10_000 + item, now_us=START)
    got = Counter(turn.take(["x"], START)[0][0].tenant for _ in range(places))
    assert abs(got["t1"] - 2 * got["t0"]) <= 3


@settings(max_examples=30, deadline=None)
@given(rests=st.lists(st.integers(1, 100), min_size=1, max_size=5))
def test_however_often_a_tenant_rests_it_never_returns_ahead_of_the_clock(rests: list[int]) -> None:
    """P9: after each rest it has one head start at most, and then its share."""
    turn = wide()
    for item in range(1_000):
        turn.file("busy", 1, item, now_us=START)
    numbers = itertools.count(10_000)
    for rest in rests:
        for _ in range(rest):
            turn.take(["x"], START)
        for _ in range(20):
            turn.file("idle", 2, next(numbers), now_us=START)
        got = Counter(turn.take(["x"], START)[0][0].tenant for _ in range(20))
        assert abs(got["idle"] - 10) <= 1
        while turn.tenants["idle"].has_work:
            turn.take(["x"], START)
        assert turn.tenants["idle"].tag <= turn.virtual + UNIT
