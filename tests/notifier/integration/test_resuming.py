"""A page that was away goes on where it stood, without a hole, or is told to load anew."""

import asyncio

from darkroom_contracts.items import ItemCompleted
from redis.asyncio import Redis
from support.notifier_process import Ground, NotifierProcess, example, notifier_process, page, token_for
from support.service import eventually
from websockets.exceptions import ConnectionClosed


async def test_a_gap_is_closed_completely_and_live_goes_on(ground: Ground, notifier: NotifierProcess, tenant: str) -> None:
    token = token_for(tenant)
    async with page(notifier.url, token=token) as first:
        await ground.log.publish(example(ItemCompleted, tenant, item_id=1))
        await first.frames(1)
        position = first.position
    async with page(notifier.url, token=token) as bystander:
        await ground.log.publish(*[example(ItemCompleted, tenant, item_id=number) for number in range(2, 52)])
        await bystander.frames(50 if bystander.offset == 1 else 0)
    async with page(notifier.url, token=token, position=position) as again:
        assert (again.recovered, again.offset) == (True, 1)
        missed = await again.frames(50)
        await ground.log.publish(example(ItemCompleted, tenant, item_id=52))
        live = await again.frames(1)
    assert [frame["data"]["itemId"] for frame in missed + live] == list(range(2, 53))


async def test_who_missed_nothing_is_told_so(notifier: NotifierProcess, tenant: str) -> None:
    async with page(notifier.url, token=token_for(tenant)) as first:
        position = first.position
    async with page(notifier.url, token=token_for(tenant), position=position) as again:
        assert again.recovered is True


async def test_any_replica_serves_the_gap(ground: Ground, notifier: NotifierProcess, tenant: str) -> None:
    token = token_for(tenant)
    async with notifier_process(ground) as replica:
        async with page(notifier.url, token=token) as first, page(replica.url, token=token) as elsewhere:
            position = first.position
            await ground.log.publish(*[example(ItemCompleted, tenant, item_id=number) for number in range(10)])
            assert await first.frames(10) == await elsewhere.frames(10)
        async with page(replica.url, token=token, position=position) as again:
            assert again.recovered is True
            assert len(await again.frames(10)) == 10


async def test_reconnecting_amid_the_stream_loses_and_doubles_nothing(
    ground: Ground, notifier: NotifierProcess, tenant: str
) -> None:
    total = 900  # within the history, however far the log runs ahead

    async def publish() -> None:
        for start in range(0, total, 20):
            await ground.log.publish(*[example(ItemCompleted, tenant, item_id=start + n) for n in range(20)])

    token = token_for(tenant)
    seen: list[int] = []
    async with page(notifier.url, token=token) as first:
        position = first.position
    publishing = asyncio.create_task(publish())
    while len(seen) < total:
        async with page(notifier.url, token=token, position=position) as socket:
            assert socket.recovered is True
            seen += [frame["data"]["itemId"] for frame in await socket.frames(min(100, total - len(seen)))]
            position = socket.position
    await publishing
    assert seen == list(range(total))


async def test_an_unknown_epoch_or_a_position_ahead_is_not_recovered(notifier: NotifierProcess, tenant: str) -> None:
    async with page(notifier.url, token=token_for(tenant)) as first:
        epoch = first.epoch
    for wrong in ({"epoch": "other", "offset": 0}, {"epoch": epoch, "offset": 7}):
        async with page(notifier.url, token=token_for(tenant), position=wrong) as again:
            assert (again.recovered, again.epoch, again.offset) == (False, epoch, 0)


async def test_a_gap_larger_than_the_history_is_not_recovered_in_part(
    ground: Ground, notifier: NotifierProcess, tenant: str
) -> None:
    async with page(notifier.url, token=token_for(tenant)) as first:
        position = first.position
        for start in (0, 600):  # who is a thousand frames behind is dropped
            await ground.log.publish(*[example(ItemCompleted, tenant, item_id=start + number) for number in range(600)])
            await first.frames(600)
    async with page(notifier.url, token=token_for(tenant), position=position) as again:
        assert (again.recovered, again.offset) == (False, 1200)


async def test_a_redis_that_lost_its_memory_begins_a_new_epoch(ground: Ground, notifier: NotifierProcess, tenant: str) -> None:
    token = token_for(tenant)
    async with page(notifier.url, token=token) as first:
        await ground.log.publish(example(ItemCompleted, tenant, item_id=1))
        await first.frames(1)
        async with Redis.from_url(ground.redis_url) as redis:
            await redis.flushdb()
            await redis.script_flush()
        await ground.log.publish(example(ItemCompleted, tenant, item_id=2))
        assert await first.close_code() == 4503
    async with page(notifier.url, token=token, position=first.position) as again:
        assert again.recovered is False
        assert again.epoch != first.epoch
        await ground.log.publish(example(ItemCompleted, tenant, item_id=3))
        assert (await again.frames(1))[0]["data"]["itemId"] == 3


async def test_a_lost_live_connection_sends_everybody_to_reconnect(
    ground: Ground, notifier: NotifierProcess, tenant: str
) -> None:
    token = token_for(tenant)
    async with page(notifier.url, token=token) as first:
        async with Redis.from_url(ground.redis_url) as redis:
            channels = await redis.pubsub_channels(f"darkroom:ws:*:live:{tenant}")
            assert len(channels) == 1
            for client in await redis.client_list(_type="pubsub"):
                if int(client["sub"]) and client["db"] == ground.redis_url.rpartition("/")[2]:
                    await redis.client_kill_filter(_id=client["id"])
        assert await first.close_code() == 4503
        position = first.position

    async def served_again() -> bool:
        async with page(notifier.url) as again:
            await again.send({"type": "connect", "token": token, "position": position})
            try:
                return bool((await again.receive())["recovered"])
            except ConnectionClosed:
                return False

    await eventually(served_again)
