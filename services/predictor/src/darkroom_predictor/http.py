"""The limiter's figures over HTTP, in the shape that the platform's users know."""

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime

from darkroom_contracts.envelope import utc_text
from darkroom_servicekit.auth import Principal
from darkroom_servicekit.http import Body
from darkroom_servicekit.problems import Problem
from fastapi import APIRouter, Depends, Request
from pydantic import Field
from redis.exceptions import RedisError

from darkroom_predictor.fair_queue import Figures, LimiterClosed

UNMOVED_SECONDS_MAX = 60.0
"""A queue that has waited this long without a single turn is not healthy."""


class RateLimiter(Body):
    """Totals over all accounts."""

    queue_length: int
    requests_in_last_minute: int
    max_rpm: int = Field(alias="maxRPM")
    rpm_usage_percent: float


class LimiterHealth(Body):
    """Whether the queue moves, and whether the cap is kept."""

    queue_healthy: bool
    rpm_healthy: bool


class LimiterStats(Body):
    """The answer of `/api/replicate-rate-limiter/stats`."""

    status: str = "ok"
    timestamp: str
    rate_limiter: RateLimiter
    health: LimiterHealth


def stats_of(figures: Figures, now: datetime) -> LimiterStats:
    """The figures as they are shown."""
    requests = sum(account.granted for account in figures.accounts)
    allowed = sum(account.cap for account in figures.accounts)
    return LimiterStats(
        timestamp=utc_text(now),
        rate_limiter=RateLimiter(
            queue_length=figures.length,
            requests_in_last_minute=requests,
            max_rpm=allowed,
            rpm_usage_percent=round(100 * requests / allowed, 1) if allowed else 0.0,
        ),
        health=LimiterHealth(
            queue_healthy=figures.length == 0 or figures.unmoved_seconds < UNMOVED_SECONDS_MAX,
            rpm_healthy=all(account.granted <= account.cap for account in figures.accounts),
        ),
    )


def predictor_routes(
    read_figures: Callable[[], Awaitable[Figures]], principal: Callable[[Request], Awaitable[Principal]]
) -> APIRouter:
    """The predictor's own routes."""
    router = APIRouter(tags=["limiter"])

    @router.get("/api/replicate-rate-limiter/stats", dependencies=[Depends(principal)])
    async def stats() -> LimiterStats:
        """Queue length and use of the cap over the last minute. `503` while the limiter is closed."""
        try:
            return stats_of(await read_figures(), datetime.now(UTC))
        except (RedisError, LimiterClosed, OSError) as error:
            detail = "The limiter is not open; no calls are made to the provider."
            raise Problem(503, "Limiter closed", detail, headers={"Retry-After": "2"}) from error

    return router
