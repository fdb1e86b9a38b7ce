"""Failing tenants and models, simulated without I/O: who is well keeps its share, and nobody's pictures stop another's."""

import itertools

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from predictor.weather import MINUTE, RULE, RUN_US, SECOND, START, WINDOW_US, Weather

ROUNDS_MAX = 3


@pytest.mark.parametrize("jobs", [5, 20, 50, 100, 200])
def test_behind_any_number_of_bad_pictures_of_another_shop_a_good_one_waits_three_rounds_at_most(jobs: int) -> None:
    weather = Weather(lambda tenant, _model, _at: tenant == "bad")
    weather.send("bad", 10, jobs=jobs)
    weather.run_until(START + MINUTE)
    calls = len(weather.grants)
    [good] = weather.send("quiet", 1)
    weather.run_until(START + 2 * MINUTE)

    assert weather.calls_before(good, since=calls) <= ROUNDS_MAX * 2
    assert good in weather.done
    assert weather.turn.breakers["m"].open_until is None, "one shop's pictures are no failure of the model"


def test_a_failing_tenant_has_one_trial_after_each_pause_and_goes_on_at_once_when_one_succeeds() -> None:
    weather = Weather(lambda _tenant, _model, at: at < START + 3 * MINUTE)
    sent = weather.send("bad", 10, jobs=10)
    weather.run_until(START + 5 * MINUTE)

    trials = [grant.at_us for grant in weather.grants if START + MINUTE < grant.at_us < START + 3 * MINUTE]
    gaps = [later - sooner for sooner, later in itertools.pairwise(trials)]
    assert gaps, "it is tried again"
    assert all(gap >= RULE.pause_max_us for gap in gaps)
    assert not weather.turn.queued, "it is well again within one pause"
    assert len(weather.done) >= len(sent) * 0.7


def test_a_failing_tenants_jobs_of_another_model_lose_nothing() -> None:
    weather = Weather(lambda _tenant, model, _at: model == "m")
    weather.send("bad", 10, jobs=50)
    other = weather.send("bad", 30, model="other")
    weather.run_until(START + 2 * MINUTE)
    assert set(other) <= weather.done.keys()


def test_the_trials_of_an_open_model_go_round_among_the_tenants_that_wait() -> None:
    weather = Weather(lambda tenant, _model, _at: tenant.startswith("bad"))
    for name in ("bad-1", "bad-2", "bad-3"):
        weather.send(name, 3, jobs=1)
    weather.run_until(START + 4 * SECOND)
    assert weather.turn.breakers["m"].open_until is not None, "nine failures of three tenants"
    for name in ("bad-1", "bad-2", "bad-3"):
        weather.send(name, 10, jobs=20)
    weather.run_until(START + MINUTE)

    calls = len(weather.grants)
    [good] = weather.send("quiet", 1)
    weather.run_until(START + 10 * MINUTE, stop=lambda: good in weather.done)

    assert weather.calls_before(good, since=calls) <= 1, "who has not been tried comes first"
    tried = [grant.tenant for grant in weather.grants[9:calls]]
    assert len(tried) >= 3
    assert all(sooner != later for sooner, later in itertools.pairwise(tried))
    assert weather.turn.breakers["m"].open_until is None, "its success closes the breaker"


def test_with_no_success_every_tenant_has_its_trial_before_any_has_a_second_one() -> None:
    weather = Weather(lambda _tenant, model, _at: model == "m")
    names = [f"shop-{number}" for number in range(6)]
    # The fair order's clock moves on with this work, so tags alone would put the same tenants in front each time.
    weather.send("busy", 5_000, model="other")
    for name in names:
        weather.send(name, 10, jobs=3)
    weather.run_until(START + 10 * SECOND)
    begun = len(weather.grants)
    weather.run_until(START + 11 * MINUTE)

    tried = [grant.tenant for grant in weather.grants[begun:] if grant.tenant != "busy"]
    rounds = [tried[place : place + len(names)] for place in range(0, len(tried) - len(names) + 1, len(names))]
    assert len(rounds) >= 3
    for one in rounds:
        assert sorted(one) == names


def test_two_failing_tenants_and_one_failure_of_a_third_do_not_open_the_model() -> None:
    weather = Weather(lambda *_: True)
    weather.send("a", 10)
    weather.send("b", 10)
    weather.run_until(START + MINUTE)
    weather.send("c", 1)
    weather.run_until(weather.now_us + RUN_US + SECOND)
    assert weather.turn.breakers["m"].open_until is None, "3 + 3 + 1 of 8"
    weather.run_until(weather.now_us + MINUTE)
    assert weather.turn.breakers["m"].open_until is not None, "its next attempts fail too"


@settings(max_examples=25, deadline=None)
@given(
    own=st.integers(1, 30),
    well=st.lists(st.tuples(st.sampled_from((1.0, 2.0, 4.0)), st.integers(1, 60)), min_size=1, max_size=4),
    sick=st.lists(st.tuples(st.sampled_from((1.0, 4.0)), st.integers(1, 30)), min_size=1, max_size=3),
    weight=st.sampled_from((0.5, 1.0, 2.0)),
    spell=st.sampled_from((10, 60, 3_600)),
    where=st.sampled_from(("tenants", "model", "model-at-creation")),
)
def test_whatever_fails_who_is_well_keeps_within_its_bound(
    own: int,
    well: list[tuple[float, int]],
    sick: list[tuple[float, int]],
    weight: float,
    spell: int,
    where: str,
) -> None:
    """P8 in bad weather: k·Σw/w + n + burst, whether tenants fail, or a model for all, always or in turn with good times."""

    def fails(tenant: str, model: str, at: int) -> bool:
        bad_time = (at - START) // (spell * SECOND) % 2 == 0
        return bad_time and (tenant.startswith("sick") if where == "tenants" else model == "sick")

    weather = Weather(fails, cap=60, burst=5, fails_at_creation=where == "model-at-creation")
    weather.turn.set_tenant("me", weight=weight)
    weights = {"me": weight}
    for number, (one, count) in enumerate(well):
        weights[f"well-{number}"] = one
        weather.turn.set_tenant(f"well-{number}", weight=one)
        weather.send(f"well-{number}", count)
    for number, (one, jobs) in enumerate(sick):
        weights[f"sick-{number}"] = one
        weather.turn.set_tenant(f"sick-{number}", weight=one)
        weather.send(f"sick-{number}", 10, jobs=jobs, model="m" if where == "tenants" else "sick")
    mine = set(weather.send("me", own))
    weather.run_until(START + 60 * MINUTE, stop=lambda: mine <= weather.done.keys())

    starts = [grant.at_us - START for grant in weather.grants if grant.item in mine]
    assert len(starts) == own, "none was tried twice"
    share = sum(weights.values()) / weight
    for place, waited in enumerate(starts, start=1):
        # A trial of an open model goes before the order: one after each pause, which is 5 s at least.
        before = 1 + waited // RULE.pause_us
        assert waited <= (place * share + len(weights) + 5 + before) * WINDOW_US / 60 + place
