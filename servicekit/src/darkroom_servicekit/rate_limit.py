"""How many requests a principal may send: a token bucket kept as one time (GCRA), shared by all replicas through Redis.

A tenant may have a number of its own (`own_limits.py`), which counts for each of its principals with the next request.
Redis' clock alone counts. When Redis is away each process falls back to a bucket of its own: inbound requests are let in
rather than turned away, and a single process still holds its limit. Not for the providers' caps, where a burst beside the
rate would exceed them.
Source of the algorithm: ITU-T I.371 (GCRA); of the fields: draft-ietf-httpapi-ratelimit-headers-10.
"""

import asyncio
import hashlib
import math
import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from typing import Annotated

import structlog
from fastapi import Depends, Request
from redis.asyncio import Redis
from redis.exceptions import RedisError

from darkroom_servicekit.auth import Principal
from darkroom_servicekit.own_limits import KEY as OWN_LIMITS_KEY
from darkroom_servicekit.problems import Problem

REDIS_SECONDS_MAX = 0.25
REDIS_REST_SECONDS = 2.0
"""After a failure Redis is left alone for this long, so that its outage does not slow every request."""
LOCAL_BUCKETS_MAX = 10_000
ANSWER_FIELDS = "darkroom.answer_fields"
"""Where a request's ASGI scope holds the fields that every answer to it gets (see `http.py`)."""

SCRIPT = """
local clock = redis.call('TIME')
local now = clock[1] + clock[2] / 1000000
local seconds, burst = tonumber(ARGV[1]), tonumber(ARGV[2])
if ARGV[3] ~= '' then burst = tonumber(redis.call('HGET', KEYS[2], ARGV[3]) or burst) end
local interval = seconds / burst
local full_at = math.max(tonumber(redis.call('GET', KEYS[1]) or now), now)
local wait = full_at + interval - burst * interval - now
if wait > 0.000001 then return {0, tostring(full_at - now), tostring(wait), burst} end
full_at = full_at + interval
redis.call('SET', KEYS[1], string.format('%.6f', full_at), 'PX', math.ceil((full_at - now) * 1000) + 1000)
return {1, tostring(full_at - now), '0', burst}
"""

log = structlog.get_logger()


@dataclass(frozen=True)
class RateLimit:
    """At most `requests` in `seconds`, all of them at once if need be."""

    name: str
    requests: int
    seconds: int

    @property
    def interval(self) -> float:
        """Seconds after which one more request is free."""
        return self.seconds / self.requests


@dataclass(frozen=True)
class Turn:
    """The answer for one request. `backlog_seconds`: until the bucket is full again; `wait_seconds`: until the next is free;
    `own_requests`: the tenant's own number, where it has one."""

    allowed: bool
    backlog_seconds: float
    wait_seconds: float
    own_requests: int | None = None

    def limit_in_force(self, limit: RateLimit) -> RateLimit:
        """The limit that counted, of which `limit` is the platform's."""
        return replace(limit, requests=self.own_requests) if self.own_requests else limit

    def headers(self, platform_limit: RateLimit) -> dict[str, str]:
        """`RateLimit`, `RateLimit-Policy` and, when refused, `Retry-After`."""
        limit = self.limit_in_force(platform_limit)
        remaining = max(0, math.floor(limit.requests - self.backlog_seconds / limit.interval + 1e-6))
        fields = {
            "RateLimit-Policy": f'"{limit.name}";q={limit.requests};w={limit.seconds}',
            "RateLimit": f'"{limit.name}";r={remaining};t={math.ceil(self.backlog_seconds)}',
        }
        return fields if self.allowed else fields | {"Retry-After": str(max(1, math.ceil(self.wait_seconds)))}


def take_turn(full_at: float, now: float, limit: RateLimit) -> tuple[Turn, float]:
    """One request against a bucket that is full again at `full_at`; the turn and the bucket's new time. Pure."""
    full_at = max(full_at, now)
    wait = full_at + limit.interval - limit.seconds - now
    if wait > 1e-6:
        return Turn(False, full_at - now, wait), full_at
    return Turn(True, full_at + limit.interval - now, 0.0), full_at + limit.interval


class RateLimiter:
    """Counts requests by key under one limit."""

    def __init__(self, redis: Redis, limit: RateLimit, *, clock: Callable[[], float] = time.monotonic) -> None:
        self.limit = limit
        self._clock = clock
        self._script = redis.register_script(SCRIPT)
        self._local: OrderedDict[str, float] = OrderedDict()
        self._redis_rests_until = -math.inf

    async def turn(self, key: str, *, tenant: str = "") -> Turn:
        """Count one request of `key`, under the own number of `tenant` where it is named and has one."""
        if self._clock() < self._redis_rests_until:
            return self._local_turn(key)
        name = f"darkroom:rate:{self.limit.name}:{hashlib.sha256(key.encode()).hexdigest()[:32]}"
        try:
            async with asyncio.timeout(REDIS_SECONDS_MAX):
                allowed, backlog, wait, requests = await self._script(
                    keys=[name, OWN_LIMITS_KEY], args=[self.limit.seconds, self.limit.requests, tenant]
                )
        except (RedisError, OSError) as error:
            log.warning("requests are counted per process: Redis does not answer", error=repr(error)[:200])
            self._redis_rests_until = self._clock() + REDIS_REST_SECONDS
            return self._local_turn(key)
        return Turn(bool(allowed), float(backlog), float(wait), None if requests == self.limit.requests else requests)

    def _local_turn(self, key: str) -> Turn:
        now = self._clock()
        turn, self._local[key] = take_turn(self._local.pop(key, now), now, self.limit)
        if len(self._local) > LOCAL_BUCKETS_MAX:
            self._local.popitem(last=False)
        return turn


def api_limit(requests_per_minute: int) -> RateLimit:
    """Return the limit of a principal's requests, which the doors of all services count together."""
    return RateLimit(name="api", requests=requests_per_minute, seconds=60)


def limited(principal: Callable[..., Awaitable[Principal]], limiter: RateLimiter) -> Callable[..., Awaitable[Principal]]:
    """A FastAPI dependency: the principal, if its turn has come; else `429`. Every answer gets the RateLimit fields."""

    async def limited_principal(request: Request, who: Annotated[Principal, Depends(principal)]) -> Principal:
        turn = await limiter.turn(f"{who.instance_id}\n{who.subject}", tenant=who.instance_id)
        if not turn.allowed:
            limit = turn.limit_in_force(limiter.limit)
            raise Problem(
                429,
                "Too many requests",
                f"{limit.requests} requests in {limit.seconds} seconds are allowed.",
                kind="/problems/too-many-requests",
                headers=turn.headers(limiter.limit),
            )
        request.scope.get(ANSWER_FIELDS, {}).update(turn.headers(limiter.limit))
        return who

    return limited_principal
