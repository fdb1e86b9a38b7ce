"""Background loops: failures are waited out, and stopping ends even a loop that swallows its cancellation."""

import asyncio

import pytest
from darkroom_servicekit.loops import Loops, cause_in_words, set_within
from darkroom_servicekit.metrics import KitMetrics
from prometheus_client import CollectorRegistry


def loops() -> Loops:
    return Loops(KitMetrics(CollectorRegistry()))


async def test_a_loop_that_fails_is_started_again() -> None:
    starts = asyncio.Queue[int]()
    count = 0

    async def fails_twice() -> None:
        nonlocal count
        count += 1
        starts.put_nowait(count)
        if count < 3:
            raise ConnectionError("away")
        await asyncio.Event().wait()

    running = loops()
    running.start("weak", fails_twice)

    assert [await starts.get() for _ in range(3)] == [1, 2, 3]
    await running.stop()


async def test_a_loop_whose_task_group_fails_is_started_again_however_often() -> None:
    starts = asyncio.Queue[int]()
    count = 0

    async def away() -> None:
        await asyncio.sleep(0)
        raise ConnectionError("away")

    async def fails_in_its_group() -> None:
        nonlocal count
        count += 1
        starts.put_nowait(count)
        # The group waits for its task when that fails, so it cancels the loop's own task.
        async with asyncio.TaskGroup() as group:
            group.create_task(away())

    running = loops()
    running.start("weak", fails_in_its_group)

    async with asyncio.timeout(30):
        assert [await starts.get() for _ in range(3)] == [1, 2, 3]
    await running.stop()


async def test_a_loop_that_swallows_a_cancellation_is_cancelled_again() -> None:
    begun = asyncio.Event()
    swallowed = 0

    async def deaf_once() -> None:
        nonlocal swallowed
        begun.set()
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            swallowed += 1
            await asyncio.Event().wait()

    running = loops()
    running.start("deaf", deaf_once)
    await begun.wait()
    await running.stop(patience_seconds=0.1)

    assert swallowed == 1


async def test_an_error_that_replaces_the_cancellation_ends_the_loop_too() -> None:
    begun = asyncio.Event()

    async def fails_when_cancelled() -> None:
        begun.set()
        try:
            await asyncio.Event().wait()
        finally:
            raise ConnectionError("could not unlock")

    running = loops()
    running.start("replacing", fails_when_cancelled)
    await begun.wait()
    await running.stop()


async def test_what_is_set_ends_the_wait_and_what_is_not_only_its_time() -> None:
    event = asyncio.Event()
    assert await set_within(event, 0.01) is False

    asyncio.get_running_loop().call_soon(event.set)
    assert await set_within(event, 3600) is True
    assert await set_within(event, 0) is True, "it stays set until the caller clears it"


async def test_the_cause_is_the_error_itself_and_not_the_group_that_a_task_group_makes_of_it() -> None:
    async def fail() -> None:
        raise ConnectionError("away")

    with pytest.raises(ExceptionGroup) as raised:
        async with asyncio.TaskGroup() as group:
            group.create_task(fail())

    assert cause_in_words(raised.value) == "ConnectionError: away"
    assert cause_in_words(ExceptionGroup("outer", [raised.value])) == "ConnectionError: away"
