"""The predictor's orphans: each planted, seen, mended and gone; and what it tells again of items that others wait for."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import asyncpg
import httpx
import pytest
from darkroom_contracts.jobs import ItemRequested
from darkroom_contracts.predictions import ItemCanceled, ItemFailed, PredictionCreated
from darkroom_predictor.fair_queue import FairQueue, Hints, Place, mark_of
from darkroom_predictor.main import build
from darkroom_predictor.queue_upkeep import QueueUpkeep
from darkroom_servicekit.auth import make_jwt
from predictor.conftest import MakeSettings
from predictor.events import item_requested
from predictor.integration.test_how_calls_end import completed, first, of
from predictor.provider_double import ProviderDouble
from redis.asyncio import Redis
from support.kafka import Log
from support.service import eventually, running

SECRET = "a-secret-of-this-test-that-is-long-enough"
DOOR = "/api/operator/doctor"
NEVER = 3600.0
ONE_PLACE = {"replicate_concurrency": 1, "repair_every_seconds": NEVER, "look_up_every_seconds": NEVER}


@dataclass
class World:
    """A predictor with one item at the provider, one that has ended before it, and two that wait; no loop repairs anything."""

    client: httpx.AsyncClient
    database: asyncpg.Connection
    queue: FairQueue
    redis: "Redis"
    log: Log
    done: ItemRequested
    away: ItemRequested
    waiting: ItemRequested
    last: ItemRequested

    async def found(self) -> dict[str, list[str]]:
        """Ids by kind."""
        answer = await self.client.get(DOOR, params={"olderThan": 0})
        assert answer.status_code == 200, answer.text
        return {one["kind"]: [thing["id"] for thing in one["found"]] for one in answer.json()["checks"] if one["found"]}

    async def repair(self, kind: str, *ids: object) -> int:
        answer = await self.client.post(f"{DOOR}/repair/{kind}", json={"ids": [str(one) for one in ids]})
        assert answer.status_code == 200, answer.text
        repaired: int = answer.json()["repaired"]
        return repaired

    async def gone(self, kind: str) -> None:
        async def is_gone() -> bool:
            return kind not in await self.found()

        await eventually(is_gone)

    async def finds_nothing(self) -> None:
        """Offsets are committed, and events marked as sent, a moment after they were seen."""

        async def is_clean() -> bool:
            return await self.found() == {}

        await eventually(is_clean)

    async def known(self, kind: str, *ids: object) -> dict[str, str]:
        answer = await self.client.post(f"{DOOR}/known/{kind}", json={"ids": [str(one) for one in ids]})
        return {thing["id"]: thing["state"] for thing in answer.json()["things"]}

    async def attempt_of(self, item: ItemRequested) -> str:
        return str(await self.database.fetchval("SELECT id FROM attempts WHERE item_id = $1", item.item_id))


def place(item: ItemRequested) -> Place:
    return Place(item.instance_id, item.job_id, item.item_id, mark=mark_of(item.model))


@pytest.fixture
async def world(
    make_settings: MakeSettings, provider: ProviderDouble, log: Log, predictor_database: str, redis_url: str
) -> AsyncIterator[World]:
    items = [item_requested(job_id=number) for number in (1, 2, 3, 4)]
    token = make_jwt("ops", key=SECRET, now=datetime.now(UTC), ttl=timedelta(hours=1), subject="anna", roles=("operator",))
    database = await asyncpg.connect(predictor_database)
    queue = FairQueue(redis_url, "replicate", window_seconds=60, grant_seconds_max=1)
    async with running(build(make_settings(**ONE_PLACE))) as client, Redis.from_url(redis_url) as redis:
        client.headers["Authorization"] = f"Bearer {token}"
        await log.publish(*items)
        [created] = await first(log, PredictionCreated)
        await log.publish(completed(items[0], created))
        await first(log, PredictionCreated, 2)
        queue.enter(await database.fetchval("SELECT epoch FROM limiters"))
        world = World(client, database, queue, redis, log, *items)

        async def waits() -> bool:
            return bool(await database.fetchval("SELECT count(*) = 2 FROM queue_items WHERE state = 'QUEUED'"))

        await eventually(waits)
        yield world
    await queue.close()
    await database.close()


async def test_what_nobody_holds_is_found_mended_and_gone(world: World, provider: ProviderDouble) -> None:
    await world.finds_nothing()

    # An item that Redis has lost; another that Redis has although it has ended.
    await world.queue.tell(Hints(removed=[place(world.waiting)]))
    await world.queue.tell(Hints(filed=[(place(world.done), NEVER)]))
    # A slot of an attempt that never was, given out an hour ago.
    epoch, ghost = await world.database.fetchval("SELECT epoch FROM limiters"), str(uuid4())
    an_hour_ago = int((datetime.now(UTC) - timedelta(hours=1)).timestamp() * 1_000_000)
    await world.redis.zadd(f"darkroom:predictor:{{replicate}}:limiter:{epoch}:slots:replicate-1", {ghost: an_hour_ago})
    # An item that somebody took and never called for; and a call whose replica is gone.
    await world.queue.tell(Hints(removed=[place(world.last)]))
    await world.database.execute("UPDATE queue_items SET state = 'CLAIMED' WHERE item_id = $1", world.last.item_id)
    call = await world.attempt_of(world.away)
    await world.database.execute(
        "UPDATE attempts SET state = 'CALLING', prediction_id = NULL, owner = 'gone', lease_until = granted_at WHERE id = $1",
        call,
    )
    expected = {
        "call": [call],
        "claim": [str(world.last.item_id)],
        "slot": [ghost],
        "queue": [str(world.waiting.item_id)],
        "redis": [str(world.done.item_id)],
    }
    assert await world.found() == expected

    for kind, ids in expected.items():
        assert await world.repair(kind, *ids) == 1, kind
        await world.gone(kind)
    await world.finds_nothing()
    # The call was found in the provider's list and not made again; the two items wait, and start when there is room.
    assert await world.known("attempts", call) == {call: "CREATED"}
    assert len(provider.arrivals) == 2
    assert await QueueUpkeep(world.queue).missing([place(world.waiting), place(world.last)]) == set()
    created = [one for one in of(PredictionCreated, world.log.seen()) if one.item_id == world.away.item_id]
    await world.log.publish(completed(world.away, created[0]))
    third = (await first(world.log, PredictionCreated, 4))[3]
    assert third.item_id in {world.waiting.item_id, world.last.item_id}


async def test_what_only_a_person_can_decide_is_shown_and_left(world: World) -> None:
    call, letter = await world.attempt_of(world.away), str(uuid4())
    await world.database.execute(
        "UPDATE attempts SET state = 'UNKNOWN', settle_at = granted_at, look_up_at = 'infinity' WHERE id = $1", call
    )
    await world.database.execute(
        "INSERT INTO dead_letters (id, kind, service, instance_id, code, message, attempts, topic, headers, data, happened_at) "
        "VALUES ($1, 'message', 'credits', 'shop-1', 'handler-error', 'what', 3, 't', '{}', '', clock_timestamp())",
        letter,
    )
    await world.gone("consumer")
    await world.gone("outbox")
    assert await world.found() == {"unknown": [call], "dead-letter": [letter]}
    answer = await world.client.post(f"{DOOR}/repair/unknown", json={"ids": [call]})
    assert (answer.status_code, answer.json()["title"]) == (404, "No such kind")


async def test_the_poller_and_the_jobs_are_told_again_of_what_they_missed(world: World) -> None:
    away, done = await world.attempt_of(world.away), world.done.item_id
    page = (await world.client.get(f"{DOOR}/open/attempts", params={"olderThan": 0})).json()
    assert [thing["id"] for thing in page["things"]] == [away]
    assert await world.repair("attempts", away, await world.attempt_of(world.done)) == 1
    again = (await first(world.log, PredictionCreated, 3))[2]
    assert again.attempt_id == away

    absent = 10**12
    assert await world.known("items", done, world.away.item_id, world.last.item_id, absent, "no-number") == {
        str(done): "DONE",
        str(world.away.item_id): "SENT",
        str(world.last.item_id): "QUEUED",
    }
    assert await world.repair("items", done, world.last.item_id, absent) == 1
    # Only the poller knows the result: it is told of the prediction.
    assert (await first(world.log, PredictionCreated, 4))[3].attempt_id == await world.attempt_of(world.done)


async def test_an_end_is_told_again_as_it_was_or_not_at_all(world: World) -> None:
    done = world.done.item_id

    async def ended(attempt: str, item: str) -> Any:
        async with world.database.transaction():  # of one moment: how far the two ends lie apart is what is judged
            await world.database.execute(f"UPDATE attempts SET {attempt} WHERE item_id = $1", done)
            await world.database.execute(f"UPDATE queue_items SET {item} WHERE item_id = $1", done)
        return (await world.known("items", done))[str(done)]

    # Its last attempt failed long before it ended: a late result ended it, or a cancellation. Who knows?
    failed = "state = 'FAILED', code = 'moderation', message = 'refused', ended_at = now() - interval '1 hour'"
    assert await ended(failed, "ended_at = now()") == "UNCLEAR"
    # It was to be stopped when its attempt failed: whether its credits are kept depends on which it was.
    assert await ended("ended_at = now()", "ended_at = now(), cancel_requested_at = now()") == "UNCLEAR"
    assert await world.repair("items", done) == 0

    assert await ended("ended_at = now()", "ended_at = now(), cancel_requested_at = NULL") == "FAILED"
    assert await world.repair("items", done) == 1
    [failure] = await first(world.log, ItemFailed)
    assert (failure.item_id, failure.attempt, failure.code, failure.detail) == (done, 1, "moderation", "refused")
    assert failure.message == "The studio refused this picture: its content was flagged as sensitive."
    assert failure.reached_provider

    # What was given up for want of its model never had an attempt, perhaps: its dead letter says what it was.
    await world.database.execute(
        "INSERT INTO dead_letters "
        "(id, kind, service, instance_id, job_id, item_id, code, message, attempts, history, happened_at) "
        "VALUES ($1, 'item', 'predictor', 'shop-1', 1, $2, 'model-unavailable', 'away', 1, '[]', clock_timestamp())",
        str(uuid4()),
        done,
    )
    assert await ended("ended_at = now()", "ended_at = now() + interval '1 hour'") == "FAILED"
    assert await world.repair("items", done) == 1
    assert [(one.code, one.detail) for one in await first(world.log, ItemFailed, 2)][1] == ("model-unavailable", "away")
    await world.database.execute("DELETE FROM dead_letters")

    # Nothing of it had reached the provider: its credits come back in either case.
    assert await ended("code = code", "cancel_requested_at = now(), reached_provider = false") == "CANCELED"
    assert await world.repair("items", done) == 1
    [stopped] = await first(world.log, ItemCanceled)
    assert (stopped.item_id, stopped.reached_provider) == (done, False)
