"""The fair turn's promises, held over thousands of random histories of the pure model. Bounds are worked out by hand here."""

import itertools
from collections import Counter
from collections.abc import Sequence

from darkroom_predictor.account_rules import Account
from darkroom_predictor.rules import RUN_MAX, FairTurn, Grant
from darkroom_predictor.tenant_rules import UNIT
from hypothesis import given, settings
from hypothesis import strategies as st
from predictor.traces import TENANTS, TRACES, Advance, File, GiveBack, Release, Remove, SetTenant, Step, Take, Throttle

SECOND = 1_000_000
LONG_AGO = 1_000 * SECOND
WIDE = 10**9


def unlimited() -> FairTurn:
    """One account that always has room: order alone decides."""
    return FairTurn([Account("a", WIDE, WIDE, WIDE)], window_us=61 * SECOND, own_window_us=60 * SECOND)


def capped(cap: int, burst: int, *, accounts: int = 1) -> FairTurn:
    each = [Account(f"a-{number}", cap, burst, WIDE) for number in range(accounts)]
    return FairTurn(each, window_us=61 * SECOND, own_window_us=60 * SECOND)


def fill(turn: FairTurn, tenant: str, count: int, *, job: int = 1, first: int = 0) -> None:
    for item in range(first, first + count):
        turn.file(tenant, job, hash((tenant, job)) * 10**6 + item, now_us=LONG_AGO)


def names(count: int) -> list[str]:
    return [f"attempt-{number}" for number in range(count)]


def take_all(turn: FairTurn, count: int, *, now_us: int = LONG_AGO) -> list[Grant]:
    """Batches until so many are granted or nothing may start."""
    grants: list[Grant] = []
    fresh = (f"attempt-{number}" for number in itertools.count())
    while len(grants) < count:
        more, wait = turn.take([next(fresh) for _ in range(min(50, count - len(grants)))], now_us)
        grants += more
        if wait != 0:
            break
    return grants


def run_until_empty(turn: FairTurn, *, now_us: int = LONG_AGO) -> list[Grant]:
    """Let time pass exactly as the answers say."""
    grants: list[Grant] = []
    fresh = (f"attempt-{number}" for number in itertools.count())
    while turn.queued:
        more, wait = turn.take([next(fresh) for _ in range(50)], now_us)
        grants += more
        assert wait >= 0 or not turn.queued, "it says to wait for a change, though only time is needed"
        now_us += int(max(0, wait))
    return grants


weights = st.lists(st.sampled_from((0.5, 1.0, 2.0, 3.0, 4.0)), min_size=2, max_size=8)


@given(weights=weights, places=st.integers(20, 400))
def test_backlogged_tenants_stay_within_one_item_per_unit_of_weight_from_a_common_start(
    weights: list[float], places: int
) -> None:
    turn = unlimited()
    for number, weight in enumerate(weights):
        turn.set_tenant(f"t{number}", weight=weight)
        fill(turn, f"t{number}", places)

    got: Counter[str] = Counter()
    for grant in take_all(turn, places):
        got[grant.tenant] += 1
        shares = [got[f"t{number}"] / weight for number, weight in enumerate(weights)]
        assert max(shares) - min(shares) <= 1 / min(weights) + 1e-4


@given(tenants=st.integers(2, 40), rounds=st.integers(10, 30))
def test_equal_backlogged_tenants_share_with_jain_of_at_least_099(tenants: int, rounds: int) -> None:
    turn = unlimited()
    for number in range(tenants):
        fill(turn, f"t{number:02}", 50, job=number)

    got = Counter(grant.tenant for grant in take_all(turn, tenants * rounds - tenants // 2))

    shares = [got[f"t{number:02}"] for number in range(tenants)]
    assert sum(shares) ** 2 / (tenants * sum(share**2 for share in shares)) >= 0.99


@given(whale=st.integers(100, 3000), served=st.integers(1, 90), quiet=st.integers(1, 20))
def test_a_newcomer_is_served_within_one_round_behind_a_whale(whale: int, served: int, quiet: int) -> None:
    turn = unlimited()
    fill(turn, "whale", whale)
    for number in range(quiet):
        fill(turn, f"quiet-{number}", 100, job=100 + number)
    take_all(turn, served)

    fill(turn, "newcomer", 1, job=2)

    order = [grant.tenant for grant in take_all(turn, quiet + 2)]
    assert "newcomer" in order, "one round is one place for each of the others"


def test_weights_are_read_when_the_turn_is_given() -> None:
    turn = unlimited()
    fill(turn, "slow", 300)
    fill(turn, "fast", 300, job=2)
    assert Counter(grant.tenant for grant in take_all(turn, 40)) == {"slow": 20, "fast": 20}

    turn.set_tenant("fast", weight=3.0)

    got = Counter(grant.tenant for grant in take_all(turn, 80))
    assert abs(got["fast"] - 60) <= 1


def test_idleness_banks_nothing() -> None:
    turn = unlimited()
    fill(turn, "busy", 500)
    fill(turn, "idle", 1, job=2)
    take_all(turn, 300)

    fill(turn, "idle", 100, job=2, first=1)

    got = Counter(grant.tenant for grant in take_all(turn, 100))
    assert abs(got["idle"] - 50) <= 1


def test_jobs_of_a_tenant_share_its_turns_and_each_is_first_in_first_out() -> None:
    turn = unlimited()
    for item in range(4):
        turn.file("shop", 1, 10 + item, now_us=LONG_AGO)
    for item in range(4):
        turn.file("shop", 2, 20 + item, now_us=LONG_AGO)

    assert [grant.item for grant in take_all(turn, 8)] == [10, 20, 11, 21, 12, 22, 13, 23]


@given(jobs=st.integers(1, 10))
def test_splitting_work_over_jobs_wins_nothing(jobs: int) -> None:
    turn = unlimited()
    fill(turn, "one", 200)
    for job in range(jobs):
        fill(turn, "many", 200, job=100 + job)

    got = Counter(grant.tenant for grant in take_all(turn, 100))
    assert abs(got["one"] - got["many"]) <= 1


@given(weight=st.sampled_from((1.0, 100.0, 1000.0)))
def test_a_batch_never_has_more_than_twenty_in_a_row_of_one_tenant(weight: float) -> None:
    turn = unlimited()
    turn.set_tenant("heavy", weight=weight)
    fill(turn, "heavy", 100)
    fill(turn, "light", 2, job=2)

    grants, wait = turn.take(names(60), LONG_AGO)

    runs = [len(list(group)) for _, group in itertools.groupby(grant.tenant for grant in grants)]
    assert max(runs) <= RUN_MAX
    assert wait == 0, "there is more, so asking again at once is right"


def test_a_turn_given_back_is_the_next_and_costs_nothing() -> None:
    turn = unlimited()
    fill(turn, "a", 50)
    fill(turn, "b", 50, job=2)
    first, *_ = take_all(turn, 1)
    take_all(turn, 20)

    turn.give_back(first.tenant, 1, first.item, first.attempt)

    assert take_all(turn, 1)[0].item == first.item
    got = Counter(grant.tenant for grant in take_all(turn, 40))
    assert abs(got["a"] - got["b"]) <= 1


def test_redriven_items_wait_behind_the_fresh_ones_of_their_own_tenant_and_of_nobody_else() -> None:
    turn = unlimited()
    for item in (901, 902):
        turn.file("whale", 9, item, now_us=LONG_AGO, redriven=True)
    for item in (101, 102):
        turn.file("whale", 1, item, now_us=LONG_AGO)
    for item in (201, 202, 203, 204):
        turn.file("quiet", 2, item, now_us=LONG_AGO)

    grants = take_all(turn, 8)

    assert [grant.item for grant in grants if grant.tenant == "whale"] == [101, 102, 901, 902]
    assert [grant.redriven for grant in grants if grant.tenant == "whale"] == [False, False, True, True]
    # The share is the tenant's, whatever it is spent on: of any two turns each has one.
    assert [{grant.tenant for grant in grants[at : at + 2]} for at in (0, 2, 4, 6)] == [{"quiet", "whale"}] * 4


def test_fresh_work_that_comes_while_redriven_work_waits_goes_first() -> None:
    turn = unlimited()
    for item in (901, 902, 903):
        turn.file("shop", 9, item, now_us=LONG_AGO, redriven=True)
    [first], _ = turn.take(names(1), LONG_AGO)
    turn.file("shop", 1, 101, now_us=LONG_AGO)
    turn.give_back("shop", 9, first.item, first.attempt, redriven=first.redriven)

    assert [grant.item for grant in take_all(turn, 4)] == [101, 901, 902, 903]


def test_a_tenant_at_its_own_cap_or_paused_holds_up_nobody() -> None:
    turn = unlimited()
    turn.set_tenant("capped", weight=1.0, cap=3)
    turn.set_tenant("paused", weight=1.0, paused=True)
    for job, tenant in enumerate(("capped", "paused", "free")):
        fill(turn, tenant, 30, job=job)

    assert Counter(grant.tenant for grant in take_all(turn, 100)) == {"capped": 3, "free": 30}
    assert Counter(grant.tenant for grant in take_all(turn, 100, now_us=LONG_AGO + 60 * SECOND)) == {"capped": 3}
    turn.set_tenant("paused", weight=1.0)
    assert len(take_all(turn, 100, now_us=LONG_AGO + 60 * SECOND)) == 30


@settings(max_examples=60)
@given(cap=st.integers(2, 60), burst=st.integers(1, 80), items=st.integers(1, 200), pause=st.integers(0, 90 * SECOND))
def test_no_window_has_more_grants_than_the_cap_and_no_time_is_lost(cap: int, burst: int, items: int, pause: int) -> None:
    turn = capped(cap, burst)
    fill(turn, "shop", items)
    early = run_until_empty(turn)
    fill(turn, "shop", items, first=items)
    late = run_until_empty(turn, now_us=early[-1].at_us + pause)

    times = [grant.at_us for grant in early + late]
    assert most_within(times, 61 * SECOND) <= cap
    # k items need no more than the pacer's k intervals, when the log does not bind; then a window more for each full log.
    assert early[-1].at_us - LONG_AGO <= (items / cap) * 61 * SECOND + items + 61 * SECOND


@settings(max_examples=60)
@given(
    others=st.lists(st.sampled_from((0.5, 1.0, 2.0, 4.0)), min_size=1, max_size=8),
    weight=st.sampled_from((0.5, 1.0, 2.0)),
    cap=st.integers(5, 60),
    burst=st.integers(2, 12),
    wanted=st.integers(1, 10),
    served=st.integers(0, 60),
)
def test_the_kth_item_of_a_newcomer_waits_no_longer_than_its_bound(
    others: list[float], weight: float, cap: int, burst: int, wanted: int, served: int
) -> None:
    burst = min(burst, cap)
    turn = capped(cap, burst)
    for number, other in enumerate(others):
        turn.set_tenant(f"t{number}", weight=other)
        fill(turn, f"t{number}", 400, job=number)
    turn.set_tenant("newcomer", weight=weight)
    now_us, fresh = LONG_AGO, itertools.count()
    granted, arrived_at, waits = 0, -1, list[int]()
    while len(waits) < wanted:
        if granted >= served and arrived_at < 0:
            arrived_at = now_us
            fill(turn, "newcomer", wanted, job=1000)
        more, wait = turn.take([f"g{next(fresh)}" for _ in range(50 if arrived_at >= 0 else 1)], now_us)
        granted += len(more)
        waits += [grant.at_us - arrived_at for grant in more if grant.tenant == "newcomer"]
        now_us += int(max(0, wait))

    total = sum(others) + weight
    for place, waited in enumerate(waits, start=1):
        assert waited <= (place * total / weight + len(others) + 1 + burst) * 61 * SECOND / cap + place


def test_the_window_is_long_enough_for_the_slowest_call() -> None:
    turn = capped(10, 10)
    fill(turn, "shop", 11)

    times = [grant.at_us for grant in run_until_empty(turn)]

    assert times[9] == times[0], "a burst of ten"
    assert times[10] - times[0] == 61 * SECOND, "W and D, not W"


def test_the_pacer_spreads_what_the_burst_leaves() -> None:
    turn = capped(61, 3)
    fill(turn, "shop", 10)

    times = [grant.at_us for grant in run_until_empty(turn)]

    assert [(at - times[0]) / SECOND for at in times] == [0, 0, 0, 1, 2, 3, 4, 5, 6, 7]


def test_a_late_wake_up_loses_nothing() -> None:
    turn = capped(61, 3)
    fill(turn, "shop", 12)
    take_all(turn, 12)

    late = take_all(turn, 12, now_us=LONG_AGO + 2 * SECOND + SECOND // 2)

    assert len(late) == 2, "due after one and after two seconds"
    third = turn.take(names(1), LONG_AGO + 3 * SECOND)[0]
    assert len(third) == 1, "the third is due by the schedule, not one interval after the late wake-up"


def test_accounts_are_pooled() -> None:
    turn = capped(10, 10, accounts=3)
    fill(turn, "shop", 100)

    assert Counter(grant.account for grant in take_all(turn, 100)) == {"a-0": 10, "a-1": 10, "a-2": 10}


def test_slots_bound_what_is_in_flight_and_a_release_frees_one() -> None:
    turn = FairTurn([Account("a", WIDE, WIDE, 5)], window_us=61 * SECOND, own_window_us=60 * SECOND)
    fill(turn, "shop", 10)
    grants, wait = turn.take(names(10), LONG_AGO)
    assert (len(grants), wait) == (5, -1)

    turn.release("a", grants[0].attempt)
    turn.release("a", grants[0].attempt)

    assert len(turn.take(names(10), LONG_AGO)[0]) == 1


def test_a_paused_account_leaves_its_share_to_the_others() -> None:
    turn = capped(10, 10, accounts=2)
    fill(turn, "shop", 100)
    turn.accounts["a-0"].throttle(30 * SECOND, LONG_AGO)
    turn.accounts["a-0"].throttle(SECOND, LONG_AGO)

    assert {grant.account for grant in take_all(turn, 100)} == {"a-1"}
    assert len(take_all(turn, 100, now_us=LONG_AGO + 30 * SECOND)) >= 7


def test_an_item_that_is_taken_out_costs_its_tenant_no_turn_and_its_place_goes_to_the_next() -> None:
    turn = unlimited()
    for item in (1, 2, 3):
        turn.file("shop", 1, item, now_us=LONG_AGO)
    turn.file("shop", 1, 4, now_us=LONG_AGO, delay_us=SECOND)
    turn.file("other", 2, 5, now_us=LONG_AGO)

    assert [turn.remove("shop", 1, item) for item in (2, 4, 2, 99)] == [True, True, False, False]

    assert [grant.item for grant in run_until_empty(turn)] == [5, 1, 3]
    assert turn.tenants["shop"].tag - turn.tenants["other"].tag == UNIT, "two turns against one, from a common start"


def test_a_tenant_whose_last_item_is_taken_out_leaves_the_order_and_comes_back_without_credit() -> None:
    turn = unlimited()
    turn.file("shop", 1, 1, now_us=LONG_AGO)
    turn.remove("shop", 1, 1)
    assert not turn.tenants["shop"].ready
    fill(turn, "other", 10, job=2)
    take_all(turn, 10)
    turn.file("shop", 1, 2, now_us=LONG_AGO)
    assert turn.tenants["shop"].tag == turn.virtual


@given(trace=TRACES)
def test_nothing_waits_while_it_may_start(trace: Sequence[Step]) -> None:
    """P6: after a turn that says "wait", no ready tenant and no free account stand beside each other."""
    turn = capped(12, 4, accounts=2)
    now_us, fresh, grants, filed = LONG_AGO, itertools.count(), list[Grant](), dict[int, tuple[str, int]]()
    for step in trace:
        match step:
            case File():
                for _ in range(step.count):
                    item = next(fresh) * 10 + step.job
                    job = step.job + 10 * step.tenant
                    filed[item] = TENANTS[step.tenant], job
                    turn.file(TENANTS[step.tenant], job, item, now_us=now_us, delay_us=step.delay_us, redriven=step.redriven)
            case Advance():
                now_us += step.us
            case SetTenant():
                turn.set_tenant(TENANTS[step.tenant], weight=step.weight, cap=step.cap, slots=step.slots, paused=step.paused)
            case Throttle():
                turn.accounts[f"a-{step.account}"].throttle(step.us, now_us)
            case Remove() if turn.queued:
                gone = sorted(turn.queued)[step.which % len(turn.queued)]
                turn.remove(*filed[gone], gone)
            case Release() | GiveBack() if grants:
                grant = grants[step.which % len(grants)]
                turn.release(grant.account, grant.attempt)
            case Take():
                more, wait = turn.take([f"g{next(fresh)}" for _ in range(step.places)], now_us)
                grants += more
                ready = any(tenant.ready for tenant in turn.tenants.values())
                free = any(account.free_at(61 * SECOND) <= now_us for account in turn.accounts.values())
                assert len(more) == step.places or wait == 0 or not (ready and free)
    for account in turn.accounts.values():
        times = [grant.at_us for grant in grants if grant.account == account.name]
        assert most_within(times, 61 * SECOND) <= account.cap


def most_within(times: Sequence[int], window_us: int) -> int:
    """The largest number in any half-open window."""
    return max(sum(1 for one in times if start <= one < start + window_us) for start in times) if times else 0


def test_the_unit_is_fine_enough_for_every_weight_that_may_be_set() -> None:
    assert UNIT / 1000 >= 1000, "the rounding of a step stays below a thousandth"


def test_turns_that_came_to_nothing_do_not_count_for_a_tenants_own_cap() -> None:
    turn = unlimited()
    turn.set_tenant("shop", weight=1.0, cap=5)
    fill(turn, "shop", 20)
    refused = take_all(turn, 10)
    assert len(refused) == 5

    for grant in refused:
        turn.give_back("shop", 1, grant.item, grant.attempt)

    assert len(take_all(turn, 10)) == 5, "at once, and no more than the cap"


def test_a_tenant_is_woken_by_the_turn_that_is_given_back() -> None:
    turn = unlimited()
    turn.set_tenant("shop", weight=1.0, cap=1)
    fill(turn, "shop", 3)
    [first] = take_all(turn, 2)
    assert take_all(turn, 1) == []

    turn.give_back("shop", 1, first.item, first.attempt)

    assert [grant.item for grant in take_all(turn, 2)] == [first.item]


def test_a_restored_weight_is_in_force_with_the_next_turn() -> None:
    turn = unlimited()
    turn.set_tenant("slow", weight=0.01)
    fill(turn, "slow", 50)
    fill(turn, "busy", 500, job=2)
    take_all(turn, 2)

    turn.set_tenant("slow", weight=1.0)

    got = Counter(grant.tenant for grant in take_all(turn, 20))
    assert abs(got["slow"] - 10) <= 1


def test_a_turn_of_a_small_weight_that_is_given_back_later_is_no_credit() -> None:
    turn = unlimited()
    turn.set_tenant("slow", weight=0.01)
    fill(turn, "slow", 50)
    [taken] = take_all(turn, 1)
    fill(turn, "busy", 500, job=2)
    turn.set_tenant("slow", weight=1.0)

    turn.give_back("slow", 1, taken.item, taken.attempt)

    got = Counter(grant.tenant for grant in take_all(turn, 20))
    assert abs(got["slow"] - 10) <= 1


def test_a_tenant_whose_slots_are_taken_holds_up_nobody_and_goes_on_when_one_is_free() -> None:
    turn = unlimited()
    turn.set_tenant("whale", weight=1.0, slots=3)
    fill(turn, "whale", 30)
    fill(turn, "quiet", 10, job=2)

    first = take_all(turn, 40)
    assert Counter(grant.tenant for grant in first) == {"whale": 3, "quiet": 10}
    assert turn.take(names(5), LONG_AGO) == ([], -1), "only an end helps"

    whales = [grant for grant in first if grant.tenant == "whale"]
    for grant in whales[:2]:
        turn.release(grant.account, grant.attempt)
        turn.release(grant.account, grant.attempt)
    assert len(take_all(turn, 40)) == 2

    turn.set_tenant("whale", weight=1.0, slots=0)
    assert len(take_all(turn, 40)) == 25


def full_model(slots: int) -> FairTurn:
    """Jobs 1 to 9 are of the model "slow", which may have so many predictions in flight."""
    turn = unlimited()
    turn.marks = dict.fromkeys(range(1, 10), "slow")
    turn.model_slots = {"slow": slots}
    return turn


def test_a_full_model_leaves_the_accounts_to_the_others_and_its_slots_go_round_in_the_fair_order() -> None:
    turn = full_model(2)
    fill(turn, "whale", 500, job=1)
    fill(turn, "minnow", 10, job=2)
    fill(turn, "minnow", 10, job=20)
    fill(turn, "whale", 10, job=21)

    grants = take_all(turn, 100)
    slow = [grant for grant in grants if turn.live[grant.attempt][1] == "slow"]
    assert len(grants) == 22, "everything of the other model, and what the slow one has slots for"
    assert {grant.tenant for grant in slow} == {"whale", "minnow"}

    served: Counter[str] = Counter()
    for number in range(12):
        ended = slow.pop(0)
        turn.release("a", ended.attempt)
        more, wait = turn.take([f"later-{number}-{place}" for place in range(5)], LONG_AGO)
        assert (len(more), wait) == (1, -1), "one ends, one starts"
        slow += more
        served[more[0].tenant] += 1
    assert served["minnow"] >= 5, "the whale's 500 are no reason to wait"


@given(weights=st.lists(st.sampled_from((1.0, 2.0, 4.0)), min_size=2, max_size=6), slots=st.integers(1, 4))
def test_the_slots_of_a_full_model_are_shared_by_weight(weights: list[float], slots: int) -> None:
    turn = full_model(slots)
    for number, weight in enumerate(weights):
        turn.set_tenant(f"t{number}", weight=weight)
        for job in range(1, 10):
            fill(turn, f"t{number}", 40, job=job)
    running, got = take_all(turn, 1_000), Counter[str]()
    for round_ in range(150):
        turn.release("a", running.pop(0).attempt)
        more, _ = turn.take([f"later-{round_}-{place}" for place in range(5)], LONG_AGO)
        running += more
        got.update(grant.tenant for grant in more)
    shares = [got[f"t{number}"] / weight for number, weight in enumerate(weights)]
    assert sum(got.values()) == 150
    assert max(shares) - min(shares) <= slots + 2 / min(weights)


def test_a_model_without_its_bound_takes_everything_that_was_held_aside() -> None:
    turn = full_model(1)
    fill(turn, "ant", 300, job=1)
    for job in range(2, 10):
        fill(turn, "bee", 30, job=job)
    assert len(take_all(turn, 1_000)) == 1

    turn.model_slots = {}

    assert len(take_all(turn, 1_000)) == 539


def test_a_tenant_that_is_paused_or_full_leaves_the_slots_of_a_model_to_the_others() -> None:
    turn = full_model(1)
    fill(turn, "ant", 5, job=1)
    fill(turn, "bee", 5, job=2)
    [first] = take_all(turn, 10)
    assert first.tenant == "ant"
    turn.set_tenant("bee", weight=1.0, paused=True)

    turn.release("a", first.attempt)
    [second] = turn.take(["second"], LONG_AGO)[0]
    assert second.tenant == "ant"
    turn.set_tenant("bee", weight=1.0)
    turn.release("a", second.attempt)
    [third] = turn.take(["third"], LONG_AGO + 1 * SECOND)[0]

    assert third.tenant == "bee", "a second later it is looked at again"
