"""The place that is told is the place that is taken: predictions from a measurement against the model's real order and time."""

import itertools
from collections.abc import Mapping

import pytest
from darkroom_contracts.queue import Lane, ProviderQueue, QueueLine, TenantPlace
from darkroom_contracts.queue_place import UNIT, current_place, place_of, turn_of, usual_place
from darkroom_predictor.account_rules import Account
from darkroom_predictor.limits import AccountFigures
from darkroom_predictor.measures import Pace, lines_of, pace_of, provider_queue, step_of, tenant_place
from darkroom_predictor.queue_look import TenantLook
from darkroom_predictor.rules import FairTurn, Grant
from darkroom_predictor.tenant_rules import Tenant
from hypothesis import given
from hypothesis import strategies as st

SECOND = 1_000_000
START = 1_000 * SECOND
WIDE = 10**9
UNLIMITED = Pace(starts_per_minute=60.0, opens_in=None)


def look_at(tenant: Tenant, virtual: int, *, now_us: int = START) -> TenantLook:
    """A tenant of the model as the script would show it."""
    used = [at for at, _ in tenant.own_log if at > now_us - 60 * SECOND] if tenant.cap else []
    room = tenant.cap - len(used)
    frees = tuple((place, (used[place - room - 1] + 60 * SECOND - now_us) / SECOND) for place in range(room + 1, tenant.cap + 1))
    return TenantLook(
        name=tenant.name,
        change=1,
        tag=tenant.tag if tenant.has_work else max(virtual, tenant.tag),
        waiting=sum(len(items) for items in tenant.items.values()),
        weight=tenant.weight,
        cap=tenant.cap,
        paused=False,
        fresh=Lane(jobs=tuple((job, len(tenant.items[job])) for job in tenant.jobs)),
        behind=Lane(jobs=tuple((job, len(tenant.items[job])) for job in tenant.behind)),
        cap_used=len(used),
        cap_frees=frees,
    )


def measured(turn: FairTurn, pace: Pace = UNLIMITED, *, now_us: int = START) -> tuple[ProviderQueue, dict[str, TenantPlace]]:
    looks: Mapping[str, TenantLook] = {name: look_at(one, turn.virtual, now_us=now_us) for name, one in turn.tenants.items()}
    queue = provider_queue("p", 1, virtual=turn.virtual, tenants=looks, pace=pace, opens_at=None, usual_seconds=1, in_flight=0)
    return queue, {name: tenant_place("p", 1, look) for name, look in looks.items()}


def run(turn: FairTurn, *, now_us: int = START) -> list[Grant]:
    """Everything that waits, in its order and at its time."""
    grants: list[Grant] = []
    fresh = (f"attempt-{number}" for number in itertools.count())
    while turn.queued:
        more, wait = turn.take([next(fresh) for _ in range(50)], now_us)
        grants += more
        now_us += int(max(0, wait))
    return grants


def predicted(turn: FairTurn, queue: ProviderQueue, places: Mapping[str, TenantPlace]) -> dict[int, int]:
    """Each waiting item's number of starts ahead."""
    return {
        item: place_of(queue, places[name], name, turn_of(places[name], job, index)).ahead
        for name, tenant in turn.tenants.items()
        for job, items in tenant.items.items()
        for index, item in enumerate(items)
    }


jobs = st.tuples(st.integers(1, 12), st.booleans())
shop = st.tuples(st.sampled_from((0.5, 1.0, 2.0, 3.0, 4.0)), st.lists(jobs, min_size=1, max_size=4))
shops = st.lists(shop, min_size=1, max_size=12)


def filled(tenants: list[tuple[float, list[tuple[int, bool]]]]) -> FairTurn:
    turn = FairTurn([Account("a", WIDE, WIDE, WIDE)], window_us=61 * SECOND, own_window_us=60 * SECOND)
    numbers = itertools.count(1)
    for number, (weight, its_jobs) in enumerate(tenants):
        turn.set_tenant(f"t{number}", weight=weight)
        for job, (count, redriven) in enumerate(its_jobs):
            for _ in range(count):
                turn.file(f"t{number}", number * 10 + job, next(numbers), now_us=START, redriven=redriven)
    return turn


@given(tenants=shops, served=st.integers(0, 30))
def test_the_place_of_every_item_is_its_real_one(tenants: list[tuple[float, list[tuple[int, bool]]]], served: int) -> None:
    turn = filled(tenants)
    turn.take([f"before-{number}" for number in range(served)], START)
    queue, places = measured(turn)
    foreseen = predicted(turn, queue, places)

    order = [grant.item for grant in run(turn)]

    assert foreseen == {item: place for place, item in enumerate(order)}


@given(tenants=shops, served=st.integers(0, 30), items=st.integers(1, 10))
def test_a_newcomers_places_are_its_real_ones(
    tenants: list[tuple[float, list[tuple[int, bool]]]], served: int, items: int
) -> None:
    turn = filled(tenants)
    turn.take([f"before-{number}" for number in range(served)], START)
    queue, _ = measured(turn)
    own = current_place(queue, None)
    foreseen = [place_of(queue, own, "new", turn_of(own, 999, index)).ahead for index in range(items)]

    for item in range(items):
        turn.file("new", 999, 10_000 + item, now_us=START)
    order = [grant.item for grant in run(turn)]

    assert foreseen == [order.index(10_000 + item) for item in range(items)]


def test_hundreds_of_tenants_in_few_lines_are_told_their_places_within_a_round() -> None:
    turn = FairTurn([Account("a", WIDE, WIDE, WIDE)], window_us=61 * SECOND, own_window_us=60 * SECOND)
    for number in range(400):
        turn.set_tenant(f"t{number:03}", weight=1 + number % 3)
        for item in range(1 + number % 37):
            turn.file(f"t{number:03}", number, number * 1000 + item, now_us=START)
    turn.take([f"before-{number}" for number in range(1000)], START)
    queue, places = measured(turn)
    foreseen = predicted(turn, queue, places)

    order = {grant.item: place for place, grant in enumerate(run(turn))}

    assert len(queue.lines) <= 64
    errors = sorted(abs(foreseen[item] - place) for item, place in order.items())
    assert errors[len(errors) // 2] <= 60, "a round of these 400 tenants is 800 starts"
    assert errors[-1] <= 400


@given(caps=st.lists(st.sampled_from((0, 6, 30)), min_size=2, max_size=5), served=st.integers(0, 60))
def test_the_times_come_true_with_a_pace_and_caps_of_their_own(caps: list[int], served: int) -> None:
    """120 starts a minute, one at a time: a start each 0.508 s. Own caps bind some; the others take what these leave."""
    turn = FairTurn([Account("a", 120, 1, WIDE)], window_us=61 * SECOND, own_window_us=60 * SECOND)
    for number, cap in enumerate(caps):
        turn.set_tenant(f"t{number}", weight=1.0, cap=cap)
        for item in range(40):
            turn.file(f"t{number}", number, number * 1000 + item, now_us=START)
    now = START
    for number in range(served):
        _, wait = turn.take([f"before-{number}"], now)
        now += int(max(0, wait))
    queue, places = measured(turn, Pace(starts_per_minute=120 * 60 / 61, opens_in=None), now_us=now)
    foreseen = {
        item: place_of(queue, places[name], name, turn_of(places[name], job, index)).seconds or 0.0
        for name, tenant in turn.tenants.items()
        for job, items in tenant.items.items()
        for index, item in enumerate(items)
    }

    for grant in run(turn, now_us=now):
        real = (grant.at_us - now) / SECOND
        assert abs(foreseen[grant.item] - real) <= 5 + real / 5, (grant, foreseen[grant.item], real)


def test_what_waits_for_what_in_words() -> None:
    queue = ProviderQueue(
        provider="p", epoch=1, virtual=0, starts_per_minute=60, usual_seconds=5, waiting=10, in_flight=0,
        lines=(
            QueueLine(tenant="shop", tag=0, step=UNIT, waiting=4),
            QueueLine(tenant="whale", tag=0, step=UNIT, waiting=10),
        ),
    )  # fmt: skip
    own = TenantPlace(provider="p", epoch=1, tag=0, step=UNIT, waiting=4, fresh=Lane(jobs=((7, 4),)))

    third = place_of(queue, own, "shop", turn_of(own, 7, 2))
    assert (third.ahead, third.seconds, third.waits_for) == (4, 4.0, "turn"), "two of its own and two of the whale's before it"
    capped = own.model_copy(update={"cap_per_minute": 2, "cap_frees": ((2, 30.0),)})
    assert place_of(queue, capped, "shop", 2).seconds == 30.0
    assert place_of(queue, capped, "shop", 2).waits_for == "own-cap"
    assert place_of(queue, capped, "shop", 4).seconds == 90.0
    paused = place_of(queue, own.model_copy(update={"paused": True}), "shop", 1)
    assert (paused.seconds, paused.waits_for) == (None, "own-cap")
    closed = place_of(queue.model_copy(update={"starts_per_minute": 0.0}), own, "shop", 1)
    assert (closed.seconds, closed.waits_for) == (None, "studio")
    resting = place_of(queue, own, "shop", 1, opens_in=12.0)
    assert (resting.seconds, resting.waits_for) == (12.0, "studio")


def test_a_measurement_of_another_life_of_the_queue_says_only_the_terms() -> None:
    queue = ProviderQueue(provider="p", epoch=2, virtual=500, starts_per_minute=60, usual_seconds=5, waiting=0, in_flight=0)
    old = TenantPlace(provider="p", epoch=1, tag=9_999_999, step=250_000, waiting=80, fresh=Lane(jobs=((7, 80),)))

    now = current_place(queue, old)

    assert (now.tag, now.step, now.waiting, now.fresh) == (500, 250_000, 0, Lane())
    assert current_place(queue, None) == usual_place(queue)


def test_the_pace_is_the_caps_unless_the_slots_allow_less() -> None:
    def account(paused: float, *, slots: int = 20, in_force: int = 450, stopped: str | None = None) -> AccountFigures:
        use = {"granted": 0, "live": 0, "burst": 10, "slots": slots, "cap": 450, "in_force": in_force}
        return AccountFigures(account="a", paused_seconds=paused, stopped=stopped, **use)

    cut, stopped = account(0, slots=600, in_force=61), account(0, stopped="low-credit")
    assert pace_of([cut], usual_seconds=6, window_seconds=61).starts_per_minute == 60
    assert pace_of([stopped], usual_seconds=6, window_seconds=61) == Pace(starts_per_minute=0, opens_in=None)

    assert pace_of([account(0, slots=600)], usual_seconds=6, window_seconds=61).starts_per_minute == pytest.approx(442.623)
    assert pace_of([account(0)], usual_seconds=6, window_seconds=61).starts_per_minute == 200
    assert pace_of([account(0), account(5)], usual_seconds=6, window_seconds=61) == Pace(starts_per_minute=200, opens_in=None)
    assert pace_of([account(9), account(5)], usual_seconds=6, window_seconds=61) == Pace(starts_per_minute=400, opens_in=5)
    assert step_of(3) == 333_333
    assert lines_of([]) == ()
