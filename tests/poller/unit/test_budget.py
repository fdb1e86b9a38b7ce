"""A sum of units that tasks share: never exceeded, in order, and whole again whoever gives up."""

import asyncio
from contextlib import AsyncExitStack

from darkroom_poller.budget import Budget


async def holding(budget: Budget, units: int, order: list[int], end: asyncio.Event) -> None:
    async with budget.hold(units):
        order.append(units)
        await end.wait()


async def settle() -> None:
    """Let every task run until it waits."""
    for _ in range(10):
        await asyncio.sleep(0)


async def test_claims_are_served_in_their_order_and_never_beyond_the_total() -> None:
    budget, order, ends = Budget(10), list[int](), {units: asyncio.Event() for units in (6, 7, 1, 3)}
    async with asyncio.TaskGroup() as group:
        for units, end in ends.items():
            group.create_task(holding(budget, units, order, end))
        await settle()
        assert order == [6], "the small claim does not pass the large one before it"
        ends[6].set()
        await settle()
        assert order == [6, 7, 1]
        ends[7].set()
        await settle()
        assert order == [6, 7, 1, 3]
        for end in ends.values():
            end.set()
    async with budget.hold(10):
        pass


async def test_what_a_holder_no_longer_needs_goes_to_the_next() -> None:
    budget, order, end = Budget(10), list[int](), asyncio.Event()
    async with asyncio.TaskGroup() as group, budget.hold(8) as held:
        group.create_task(holding(budget, 5, order, end))
        held.shrink(6)
        await settle()
        assert not order
        held.shrink(5)
        held.shrink(7)  # no growth
        await settle()
        assert order == [5]
        end.set()
    async with budget.hold(10):
        pass


async def test_a_waiter_that_gives_up_holds_nothing_and_blocks_nobody() -> None:
    budget, order, end = Budget(10), list[int](), asyncio.Event()
    async with AsyncExitStack() as stack:
        await stack.enter_async_context(budget.hold(6))
        waiting = [asyncio.create_task(holding(budget, units, order, end)) for units in (9, 4)]
        await settle()
        waiting[0].cancel()
        await settle()
        assert order == [4]
        served = asyncio.create_task(holding(budget, 6, order, end))
        await settle()
    served.cancel()  # in the moment in which it is served
    end.set()
    await asyncio.gather(*waiting, served, return_exceptions=True)
    async with asyncio.timeout(30), budget.hold(10):
        assert order == [4]
