"""Which listed prediction belongs to which unanswered call."""

from datetime import UTC, datetime, timedelta
from typing import Any

from darkroom_predictor.attempt_store import UnknownAttempt
from darkroom_predictor.look_up_rules import Reading, match_by_input, match_by_token, windows
from darkroom_predictor.providers.door import Listed
from darkroom_servicekit.auth import token_digest

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)


def unknown(attempt_id: str, *, token: str = "t", rivals: bool = False, **given: Any) -> UnknownAttempt:
    return UnknownAttempt(
        attempt_id=attempt_id,
        account="replicate-1",
        granted_at=given.get("granted_at", NOW),
        callback_token_sha256=token_digest(token),
        message=None,
        input=given.get("input", {"prompt": "p"}),
        overdue=False,
        rivals=rivals,
    )


def listed(prediction_id: str, *, attempt_id: str | None = None, token: str | None = None, **given: Any) -> Listed:
    return Listed(
        prediction_id=prediction_id,
        created_at=given.get("created_at", NOW),
        attempt_id=attempt_id,
        callback_token=token,
        has_webhook=given.get("has_webhook", attempt_id is not None),
        input=given.get("input", {"prompt": "p"}),
    )


def test_id_and_token_must_both_be_right() -> None:
    attempts = [unknown("a", token="secret-a"), unknown("b", token="secret-b"), unknown("c", token="secret-c")]
    found = match_by_token(
        attempts,
        [
            listed("p1", attempt_id="a", token="secret-a"),
            listed("p2", attempt_id="b", token="secret-a"),
            listed("p3", attempt_id="c"),
        ],
    )
    assert {attempt: one.prediction_id for attempt, one in found.items()} == {"a": "p1"}


def test_equal_inputs_each_get_a_prediction_of_their_own() -> None:
    attempts = [unknown("late", granted_at=NOW + timedelta(seconds=1)), unknown("early"), unknown("other", input={"prompt": "q"})]
    unowned = [listed("p2", created_at=NOW + timedelta(seconds=2)), listed("p1")]
    found = match_by_input(attempts, unowned, taken={})
    assert {attempt: one.prediction_id for attempt, one in found.items()} == {"early": "p1", "late": "p2"}


def test_an_entry_without_a_readable_time_is_still_found_and_hides_nothing() -> None:
    odd = listed("p1", attempt_id="a", token="t", created_at=None)
    assert match_by_token([unknown("a")], [odd])["a"].prediction_id == "p1"
    assert match_by_input([unknown("a")], [listed("p2", created_at=None)], taken={})["a"].prediction_id == "p2"
    assert not Reading(listed=[listed("p2", created_at=None)], complete=False).decides(unknown("a"))


def test_calls_of_a_long_outage_are_looked_up_in_short_windows() -> None:
    attempts = [unknown(str(minute), granted_at=NOW + timedelta(minutes=minute)) for minute in (40, 0, 1, 2, 3)]
    found = windows(attempts)
    assert [[one.attempt_id for one in window.attempts] for window in found] == [["0", "1", "2"], ["3"], ["40"]]
    assert found[0].since == NOW - timedelta(minutes=1)
    assert found[0].until == NOW + timedelta(minutes=2 + 3)


def test_a_page_that_cannot_be_read_leaves_open_only_what_it_may_hide() -> None:
    read = Reading(listed=[listed("p9", created_at=NOW + timedelta(minutes=3)), listed("p8", created_at=NOW)], complete=False)
    assert read.decides(unknown("young", granted_at=NOW + timedelta(minutes=2)))
    assert not read.decides(unknown("old", granted_at=NOW + timedelta(seconds=59)))
    assert Reading(listed=[], complete=True).decides(unknown("any"))


def test_nothing_is_guessed_while_a_like_call_is_under_way_or_from_long_before() -> None:
    assert match_by_input([unknown("a", rivals=True)], [listed("p1")], taken={}) == {}
    assert match_by_input([unknown("a")], [listed("p1", created_at=NOW - timedelta(minutes=5))], taken={}) == {}
    assert match_by_input([unknown("a")], [listed("p1", attempt_id="another")], taken={}) == {}
    assert match_by_input([unknown("a")], [listed("p1", has_webhook=True)], taken={}) == {}, "somebody else's webhook"
