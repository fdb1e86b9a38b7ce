"""A reader's queue: in order, bounded in frames and in time."""

import asyncio

import pytest
from darkroom_notifier.backlog import Backlog
from darkroom_notifier.history import Batch
from darkroom_notifier.protocol import Closing


class Clock:
    """Seconds that pass only when told to."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def batch(first: int, count: int) -> Batch:
    return Batch("e", first, tuple(str(offset) for offset in range(first, first + count)))


async def test_batches_come_out_in_their_order() -> None:
    backlog = Backlog(Clock())
    backlog.put(batch(1, 2))
    backlog.put(batch(3, 1))
    assert (await backlog.next()).first == 1
    backlog.done()
    assert (await backlog.next()).first == 3


async def test_who_waits_is_woken() -> None:
    backlog = Backlog(Clock())
    waiting = asyncio.create_task(backlog.next())
    await asyncio.sleep(0)
    backlog.put(batch(1, 1))
    assert (await waiting).first == 1


def test_a_thousand_frames_behind_and_no_more() -> None:
    backlog = Backlog(Clock())
    backlog.put(batch(1, 600))
    backlog.put(batch(601, 400))
    with pytest.raises(Closing) as closing:
        backlog.put(batch(1001, 1))
    assert closing.value.code.value == 4503


def test_frames_being_sent_count_until_they_are_sent() -> None:
    backlog = Backlog(Clock())
    backlog.put(batch(1, 1000))
    backlog.done()
    backlog.put(batch(1001, 1000))


def test_ten_seconds_behind_and_no_more() -> None:
    clock = Clock()
    backlog = Backlog(clock)
    backlog.put(batch(1, 1))
    clock.now = 10.0
    backlog.put(batch(2, 1))
    clock.now = 10.1
    with pytest.raises(Closing):
        backlog.put(batch(3, 1))
