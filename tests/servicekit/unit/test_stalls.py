"""Who has work and does not do it is ended; who waits for something else, or has nothing to do, is not."""

import os

import pytest
from aiokafka.errors import KafkaConnectionError
from darkroom_servicekit.doctor import Thing
from darkroom_servicekit.stalls import EXIT_STALLED, Stalls, Watched

STALL_SECONDS = 60.0
LEFT = Thing(id="jobs/3", state="2 messages unhandled", age_seconds=60.0)


@pytest.fixture
def ended(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    codes: list[int] = []
    monkeypatch.setattr(os, "_exit", codes.append)
    return codes


class Clock:
    """Stands until it is moved."""

    now = 1000.0

    def __call__(self) -> float:
        return self.now


def watching(unmoved_seconds: float, left: list[Thing] | Exception, *, clock: Clock) -> Stalls:
    async def left_undone(older_seconds: float) -> list[Thing]:
        assert older_seconds == STALL_SECONDS
        if isinstance(left, Exception):
            raise left
        return left

    stalls = Stalls(stall_seconds=STALL_SECONDS, clock=clock)
    stalls.watch(Watched("consumer", lambda: unmoved_seconds, left_undone))
    return stalls


async def test_work_left_undone_without_moving_ends_the_process(ended: list[int]) -> None:
    clock = Clock()
    stalls = watching(61, [LEFT], clock=clock)
    await stalls.look()
    clock.now += 59
    await stalls.look()
    assert ended == [], "after an outage it has its time to go on by itself"
    clock.now += 1
    await stalls.look()
    assert ended == [EXIT_STALLED]


async def test_an_outage_in_between_begins_the_time_anew(ended: list[int]) -> None:
    clock, left = Clock(), [LEFT]
    away: list[Exception] = []

    async def left_undone(_older_seconds: float) -> list[Thing]:
        if away:
            raise away.pop()
        return left

    stalls = Stalls(stall_seconds=STALL_SECONDS, clock=clock)
    stalls.watch(Watched("consumer", lambda: 61, left_undone))
    await stalls.look()
    clock.now += 30
    away.append(KafkaConnectionError("refused"))
    await stalls.look()
    clock.now += 30
    await stalls.look()
    clock.now += 59
    await stalls.look()
    assert ended == []
    clock.now += 1
    await stalls.look()
    assert ended == [EXIT_STALLED]


@pytest.mark.parametrize(
    ("unmoved_seconds", "left"),
    [
        pytest.param(59, ValueError("is not asked"), id="it has moved"),
        pytest.param(61, [], id="nothing is left"),
        pytest.param(61, KafkaConnectionError("refused"), id="Kafka is away"),
        pytest.param(61, ConnectionRefusedError(111, "refused"), id="the database is away"),
        pytest.param(61, TimeoutError(), id="nobody answers in time"),
    ],
)
async def test_nothing_else_does(ended: list[int], unmoved_seconds: float, left: list[Thing] | Exception) -> None:
    clock = Clock()
    stalls = watching(unmoved_seconds, left, clock=clock)
    await stalls.look()
    clock.now += 61
    await stalls.look()
    assert ended == []


async def test_an_error_of_ours_is_not_hidden(ended: list[int]) -> None:
    with pytest.raises(ValueError, match="a fault of ours"):
        await watching(61, ValueError("a fault of ours"), clock=Clock()).look()
    assert ended == []
