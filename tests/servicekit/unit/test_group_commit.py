"""Natural batching: what goes together, who hears of an error, what is bounded."""

import asyncio
from collections.abc import Sequence

import pytest
from darkroom_servicekit.group_commit import GroupCommit, TooManyWaiting


class Flushes:
    """A flush that waits for its gate and remembers its batches."""

    def __init__(self) -> None:
        self.batches: list[list[int]] = []
        self.gate = asyncio.Event()
        self.started = asyncio.Event()

    async def __call__(self, batch: list[int]) -> Sequence[str | Exception]:
        self.batches.append(batch)
        self.started.set()
        await self.gate.wait()
        if 13 in batch:
            raise RuntimeError("thirteen")
        return [ValueError("seven") if number == 7 else str(number) for number in batch]


async def submit_all(group: GroupCommit[int, str], numbers: Sequence[int]) -> list[asyncio.Task[str]]:
    tasks = [asyncio.create_task(group.submit(number)) for number in numbers]
    await asyncio.sleep(0)
    return tasks


async def test_while_one_flush_runs_the_others_gather() -> None:
    flushes = Flushes()
    group = GroupCommit(flushes, batch_max=3)
    first = await submit_all(group, [1])
    await flushes.started.wait()
    others = await submit_all(group, [2, 3, 4, 5])
    flushes.gate.set()
    assert await asyncio.gather(*first, *others) == ["1", "2", "3", "4", "5"]
    assert flushes.batches == [[1], [2, 3, 4], [5]]


async def test_an_error_reaches_its_own_batch_or_element_alone() -> None:
    flushes = Flushes()
    group = GroupCommit(flushes, batch_max=2)
    first = await submit_all(group, [1])
    await flushes.started.wait()
    others = await submit_all(group, [13, 2, 7, 8])
    flushes.gate.set()
    results = await asyncio.gather(*first, *others, return_exceptions=True)
    assert [str(result) for result in results] == ["1", "thirteen", "thirteen", "seven", "8"]
    assert [type(result) for result in results] == [str, RuntimeError, RuntimeError, ValueError, str]


async def test_who_has_gone_before_the_flush_is_left_out() -> None:
    flushes = Flushes()
    group = GroupCommit(flushes)
    first = await submit_all(group, [1])
    await flushes.started.wait()
    gone, stays = await submit_all(group, [2, 3])
    gone.cancel()
    await asyncio.sleep(0)
    flushes.gate.set()
    assert await asyncio.gather(*first, stays) == ["1", "3"]
    assert flushes.batches == [[1], [3]]


async def test_who_goes_during_the_flush_does_not_disturb_the_others() -> None:
    flushes = Flushes()
    group = GroupCommit(flushes)
    (gone, stays) = await submit_all(group, [1, 2])
    await flushes.started.wait()
    gone.cancel()
    flushes.gate.set()
    assert await stays == "2"


async def test_the_queue_is_bounded() -> None:
    flushes = Flushes()
    group = GroupCommit(flushes, waiting_max=2)
    first = await submit_all(group, [1])
    await flushes.started.wait()
    others = await submit_all(group, [2, 3])
    with pytest.raises(TooManyWaiting):
        await group.submit(4)
    flushes.gate.set()
    assert await asyncio.gather(*first, *others) == ["1", "2", "3"]


async def test_drain_waits_for_the_last() -> None:
    flushes = Flushes()
    flushes.gate.set()
    group = GroupCommit(flushes)
    tasks = await submit_all(group, [1, 2])
    await group.drain()
    assert all(task.done() for task in tasks) or await asyncio.gather(*tasks)
    await group.drain()


async def test_the_first_flush_waits_for_no_spacing() -> None:
    flushes = Flushes()
    flushes.gate.set()

    assert await GroupCommit(flushes, spacing_seconds=3600).submit(1) == "1"


async def test_flushes_keep_their_spacing_and_what_comes_meanwhile_goes_together() -> None:
    flushes = Flushes()
    flushes.gate.set()
    clock = asyncio.get_running_loop().time
    group = GroupCommit(flushes, spacing_seconds=0.2)
    started = clock()
    await group.submit(1)
    results = await asyncio.gather(group.submit(2), group.submit(3))

    assert clock() - started >= 0.19
    assert list(results) == ["2", "3"]
    assert flushes.batches == [[1], [2, 3]]
