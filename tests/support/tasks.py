"""A coroutine that runs beside a block of a test and ends with it."""

import asyncio
from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager, suppress


@asynccontextmanager
async def in_background(work: Coroutine[None, None, None]) -> AsyncIterator[None]:
    """Run `work` until the end of the block; what it raises before is raised here."""
    task = asyncio.create_task(work)
    try:
        yield
    finally:
        if task.done():
            await task
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task
