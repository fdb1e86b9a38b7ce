"""The limiter's figures in exactly the shape that is promised."""

from datetime import UTC, datetime

from darkroom_predictor.fair_queue import Figures, LimiterClosed
from darkroom_predictor.http import predictor_routes, stats_of
from darkroom_predictor.limits import AccountFigures
from darkroom_servicekit.auth import Principal
from darkroom_servicekit.problems import install_problem_handlers
from fastapi import FastAPI, Request
from httpx import ASGITransport, AsyncClient

NOW = datetime(2026, 11, 21, 10, 30, 0, 123456, tzinfo=UTC)


def account(name: str, granted: int, cap: int = 450) -> AccountFigures:
    return AccountFigures(account=name, granted=granted, cap=cap, in_force=cap, burst=10, slots=600, live=3, paused_seconds=0)


def test_the_shape_is_exact() -> None:
    figures = Figures(length=45, unmoved_seconds=0.2, accounts=[account("replicate-1", 387)])

    assert stats_of(figures, NOW).model_dump(by_alias=True) == {
        "status": "ok",
        "timestamp": "2026-11-21T10:30:00.123Z",
        "rateLimiter": {"queueLength": 45, "requestsInLastMinute": 387, "maxRPM": 450, "rpmUsagePercent": 86.0},
        "health": {"queueHealthy": True, "rpmHealthy": True},
    }


def test_accounts_are_summed_and_a_queue_that_stands_still_is_not_healthy() -> None:
    figures = Figures(length=1, unmoved_seconds=61, accounts=[account("replicate-1", 10), account("replicate-2", 20)])

    stats = stats_of(figures, NOW)

    assert (stats.rate_limiter.max_rpm, stats.rate_limiter.requests_in_last_minute) == (900, 30)
    assert not stats.health.queue_healthy


async def test_a_closed_limiter_answers_503() -> None:
    async def closed() -> Figures:
        raise LimiterClosed("lost")

    async def anyone(_request: Request) -> Principal:
        return Principal("shop", "owner")

    app = FastAPI()
    install_problem_handlers(app)
    app.include_router(predictor_routes(closed, anyone))
    async with AsyncClient(transport=ASGITransport(app), base_url="http://predictor") as client:
        answer = await client.get("/api/replicate-rate-limiter/stats")

    assert answer.status_code == 503
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.headers["retry-after"] == "2"
