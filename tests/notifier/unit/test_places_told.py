"""Which changes of a place are worth a frame, worked out by hand."""

from datetime import UTC, datetime, timedelta

import pytest
from darkroom_notifier.tell_places import Standing

NOW = datetime(2026, 5, 4, 12, tzinfo=UTC)


def at(position: int, seconds: float | None) -> Standing:
    return Standing(position, None if seconds is None else NOW + timedelta(seconds=seconds))


@pytest.mark.parametrize(
    ("before", "after", "told"),
    [
        (None, at(3, 30), True),
        (at(3, 30), at(3, 30), False),
        (at(3, 30), at(2, 30), True),
        (at(100, 300), at(96, 300), False),  # 5 % of a hundred places are five
        (at(100, 300), at(95, 300), True),
        (at(3, 10), at(3, 11.9), False),  # less than two seconds
        (at(3, 10), at(3, 12), True),
        (at(3, 100), at(3, 109.9), False),  # less than a tenth of what is left
        (at(3, 100), at(3, 90), True),
        (at(3, None), at(3, None), False),
        (at(3, None), at(3, 40), True),
        (at(3, 40), at(3, None), True),
    ],
)
def test_what_is_worth_telling(before: Standing | None, after: Standing, *, told: bool) -> None:
    assert after.notably_differs(before, NOW) is told


def test_that_nobody_can_tell_the_finish_is_said() -> None:
    assert at(4, None).data(7) == {"jobId": 7, "position": 4, "expectedFinishAt": None}
    assert at(4, 40).data(7)["expectedFinishAt"].startswith("2026-05-04T12:00:40")
