"""Pace: the first turns at once, then a steady rate, and a pause gives the promptness back."""

from darkroom_servicekit.pace import Pace


class Clock:
    """Time that passes when it is told to."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def test_a_burst_is_prompt_then_the_rate_holds() -> None:
    clock = Clock()
    pace = Pace(per_second=10, burst=3, clock=clock)

    assert [pace.turn() for _ in range(3)] == [0.0, 0.0, 0.0]
    rests = []
    for _ in range(5):
        rests.append(round(pace.turn(), 6))
        clock.now += rests[-1]
    assert rests == [0.1] * 5


def test_a_pause_gives_the_burst_back_and_no_more() -> None:
    clock = Clock()
    pace = Pace(per_second=10, burst=3, clock=clock)
    for _ in range(10):
        clock.now += pace.turn()
    clock.now += 3600

    assert [round(pace.turn(), 6) for _ in range(4)] == [0.0, 0.0, 0.0, 0.1]
