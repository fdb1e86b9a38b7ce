"""What each tenant was due, worked out by hand."""

import pytest
from darkroom_predictor.figures_store import Standing
from darkroom_predictor.shares import Claim, due_shares
from darkroom_predictor.show_tenants import figures_of
from darkroom_predictor.terms import Terms, TermsChange


def test_backlogged_tenants_are_due_their_weights() -> None:
    due = due_shares({"a": Claim(100, 1), "b": Claim(100, 2), "c": Claim(100, 4)}, 70)

    assert due == pytest.approx({"a": 1 / 7, "b": 2 / 7, "c": 4 / 7})


def test_what_a_tenant_does_not_ask_for_goes_to_the_others_by_weight() -> None:
    due = due_shares({"small": Claim(10, 5), "a": Claim(100, 1), "b": Claim(100, 2), "idle": Claim(0, 9)}, 70)

    assert due == pytest.approx({"small": 10 / 70, "a": 20 / 70, "b": 40 / 70, "idle": 0})


def test_without_a_turn_nobody_was_due_one() -> None:
    assert due_shares({"a": Claim(5, 1)}, 0) == {"a": 0}


def test_a_cap_of_its_own_and_a_pause_bound_what_is_due() -> None:
    terms = {
        "capped": Terms(instance_id="capped", own_cap=10),
        "paused": Terms(instance_id="paused", paused=True),
        "free": Terms(instance_id="free"),
    }
    standings = {
        "capped": Standing(waiting=50, started=10),
        "paused": Standing(waiting=50, started=5),
        "free": Standing(waiting=50, started=45),
    }

    found = {one.terms.instance_id: one for one in figures_of(terms, standings, {"capped": 2.5}, window_seconds=60)}

    assert {name: one.share_due for name, one in found.items()} == pytest.approx(
        {"capped": 10 / 60, "paused": 5 / 60, "free": 45 / 60}
    )
    assert found["free"].share_got == pytest.approx(0.75)
    assert found["capped"].held_seconds == 2.5


def test_an_operators_setting_beats_the_plan_until_it_is_cleared() -> None:
    plan = Terms(instance_id="shop", plan="studio", plan_weight=2, plan_cap=120)

    ours = TermsChange(weight=0.5, cap_per_minute=30).applied_to(plan)
    again = TermsChange(weight=None, cap_per_minute=None, paused=True).applied_to(ours)

    assert (plan.weight, plan.cap_per_minute) == (2, 120)
    assert (ours.weight, ours.cap_per_minute, ours.paused) == (0.5, 30, False)
    assert (again.weight, again.cap_per_minute, again.paused) == (2, 120, True)
    assert (Terms(instance_id="new").weight, Terms(instance_id="new").cap_per_minute) == (1, None)
