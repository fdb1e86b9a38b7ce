"""Inbound requests: so many a minute for a principal, over all replicas; never a reason to turn everyone away."""

from collections.abc import AsyncIterator

import pytest
from darkroom_servicekit.rate_limit import RateLimit, RateLimiter, Turn, take_turn
from darkroom_servicekit.runtime import build_redis
from hypothesis import given
from hypothesis import strategies as st
from redis.asyncio import Redis
from support.jobs_api import JOBS, running_jobs_api
from support.stack import StackAddresses

LIMIT = RateLimit(name="test", requests=5, seconds=60)
HOURLY = RateLimit(name="test", requests=5, seconds=3600)
"""For turns by the real clock: the next one is free so late that no slow machine comes to it."""


@pytest.fixture
async def redis(redis_url: str) -> AsyncIterator[Redis]:
    client = build_redis(redis_url)
    yield client
    await client.aclose()


async def test_replicas_share_one_burst_and_principals_do_not(redis: Redis) -> None:
    one, other = RateLimiter(redis, HOURLY), RateLimiter(redis, HOURLY)
    turns = [await limiter.turn("a") for limiter in (one, other, one, other, one, other)]
    assert [turn.allowed for turn in turns] == [True] * 5 + [False]
    assert turns[0].headers(HOURLY) == {"RateLimit-Policy": '"test";q=5;w=3600', "RateLimit": '"test";r=4;t=720'}
    refused = turns[-1].headers(HOURLY)
    assert refused["RateLimit"].startswith('"test";r=0;t=')
    assert 1 < int(refused["Retry-After"]) <= 720
    assert (await one.turn("b")).allowed


async def test_a_refused_request_costs_nothing(redis: Redis) -> None:
    limiter = RateLimiter(redis, HOURLY)
    turns = [await limiter.turn("a") for _ in range(20)]
    assert turns[-1].wait_seconds <= turns[5].wait_seconds
    assert await redis.ttl((await redis.keys("darkroom:rate:*"))[0]) <= 3601


async def test_without_redis_a_bucket_of_its_own_counts() -> None:
    away = build_redis("redis://127.0.0.1:1/0")
    now = 1000.0
    limiter = RateLimiter(away, LIMIT, clock=lambda: now)
    assert [(await limiter.turn("a")).allowed for _ in range(6)] == [True] * 5 + [False]
    assert (await limiter.turn("b")).allowed
    now += 12.0
    assert [(await limiter.turn("a")).allowed for _ in range(2)] == [True, False]
    await away.aclose()


@given(gaps=st.lists(st.floats(0, 40), min_size=1, max_size=60))
def test_in_any_window_no_more_than_burst_and_rate(gaps: list[float]) -> None:
    full_at, now, taken = 0.0, 0.0, list[float]()
    for gap in gaps:
        now += gap
        turn, full_at = take_turn(full_at, now, LIMIT)
        if turn.allowed:
            taken.append(now)
        else:
            assert take_turn(full_at, now + turn.wait_seconds, LIMIT)[0].allowed
    for first in range(len(taken)):
        for last in range(first, len(taken)):
            window = taken[last] - taken[first]
            assert last - first + 1 <= LIMIT.requests + window / LIMIT.interval + 1e-3


def test_the_turn_says_when_to_come_again() -> None:
    assert Turn(False, 60.0, 11.2).headers(LIMIT)["Retry-After"] == "12"


async def test_a_principal_over_the_limit_is_told_429(parts: StackAddresses) -> None:
    async with running_jobs_api(parts, requests_per_minute=2) as jobs_api:
        shop = jobs_api.shop()
        answers = [await shop.get(f"{JOBS}/jobs") for _ in range(3)]
        assert [answer.status_code for answer in answers] == [200, 200, 429]
        refused = answers[-1]
        assert refused.headers["content-type"] == "application/problem+json"
        assert 1 < int(refused.headers["retry-after"]) <= 30
        assert refused.headers["ratelimit-policy"] == '"api";q=2;w=60'
        assert refused.headers["ratelimit"].startswith('"api";r=0;t=')
        assert (await shop.as_person("colleague").get(f"{JOBS}/jobs")).status_code == 200
        assert (await jobs_api.client.get("/healthz")).status_code == 200
