"""The clock of the local Redis can be stepped, back and forth, while PostgreSQL keeps the time."""

import json
import time
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import asyncpg
import pytest
from darkroom_cli.stack.plan import read_plan
from redis.asyncio import Redis
from support.home import OwnHome
from support.redis_clock import RedisClock
from support.service import eventually

PARTS = "redis,postgres"
NEAR_SECONDS = 60.0
"""Far more than two clocks of one machine differ, and far less than a step."""


@pytest.fixture
def clock(tmp_path: Path) -> RedisClock:
    return RedisClock(tmp_path)


@pytest.fixture
def own(tmp_path: Path, clock: RedisClock) -> Iterator[OwnHome]:
    own = OwnHome(tmp_path, {"DARKROOM_STACK_REDIS_ENVIRONMENT": json.dumps(clock.environment())})
    try:
        own.up("--only", PARTS)
        yield own
    finally:
        own.stop()


async def test_redis_alone_sees_a_step(own: OwnHome, clock: RedisClock) -> None:
    server = read_plan(own.home.plan).about["addresses"]["database_admin"]
    postgres = await asyncpg.connect(server)
    async with Redis.from_url(own.status()["redis"]) as redis:

        async def ahead_by(seconds: float) -> bool:
            now, _ = await redis.time()
            scripted = await redis.eval("return redis.call('TIME')[1]", 0)
            return all(abs(float(at) - time.time() - seconds) < NEAR_SECONDS for at in (now, scripted))

        for step in (0.0, 3_600.0, -3_600.0, 0.0):
            clock.step(step)
            await eventually(partial(ahead_by, step), seconds=30)
            kept = await postgres.fetchval("select extract(epoch from clock_timestamp())::float8")
            assert abs(kept - time.time()) < NEAR_SECONDS
    await postgres.close()
