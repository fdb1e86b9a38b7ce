"""Which grant is spent first, and where credits go back to."""

from datetime import timedelta

from darkroom_credits.grants import Grant, draw, give_back
from support.credit_events import NOW


def three_grants() -> list[Grant]:
    """A top-up that never expires, an allowance until next month, a gift until tomorrow."""
    return [
        Grant(id=1, instance_id="shop", remaining=50),
        Grant(id=2, instance_id="shop", remaining=50, expires_at=NOW + timedelta(days=30)),
        Grant(id=3, instance_id="shop", remaining=50, expires_at=NOW + timedelta(days=1)),
    ]


def remaining(grants: list[Grant]) -> dict[int, int]:
    return {grant.id: grant.remaining for grant in grants}


def test_what_expires_soonest_is_taken_first_and_the_everlasting_last() -> None:
    grants = three_grants()
    draws = draw(grants, 120, job_id=7)
    assert [(one.grant_id, one.amount) for one in draws] == [(3, 50), (2, 50), (1, 20)]
    assert remaining(grants) == {1: 30, 2: 0, 3: 0}


def test_what_comes_back_fills_the_latest_to_expire_first() -> None:
    grants = three_grants()
    draws = draw(grants, 120, job_id=7)
    give_back(grants, draws, 40)
    assert remaining(grants) == {1: 50, 2: 20, 3: 0}
    give_back(grants, draws, 80)
    assert remaining(grants) == {1: 50, 2: 50, 3: 50}


def test_of_two_that_expire_together_the_older_is_taken_first() -> None:
    grants = [Grant(id=5, instance_id="shop", remaining=10), Grant(id=4, instance_id="shop", remaining=10)]
    assert [one.grant_id for one in draw(grants, 5, job_id=7)] == [4]
