"""What the provider's answers change for the calls after them, and limits set live, through the running service."""

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
from darkroom_contracts.predictions import AttemptFailed, ItemFailed, PredictionCreated
from darkroom_predictor.main import build
from darkroom_servicekit.auth import make_jwt
from predictor.conftest import MakeSettings
from predictor.events import MODEL, item_requested
from predictor.integration.test_how_calls_end import completed, first, of
from predictor.provider_double import Arrival, ProviderDouble, refusing
from redis.asyncio import Redis
from starlette.responses import Response
from support.kafka import Log
from support.service import eventually, running

LIMITS = "/api/operator/limits"
OTHER = "black-forest-labs/flux-fill-pro"
LOW = "Your rate limit is reduced to 6 requests per minute with a burst of 1 requests while you have less than $5.0 in credit."


def headers(*roles: str) -> dict[str, str]:
    key = "a-secret-of-this-test-that-is-long-enough"
    token = make_jwt("operators", key=key, now=datetime.now(UTC), ttl=timedelta(minutes=5), roles=roles)
    return {"Authorization": f"Bearer {token}"}


async def limits(client: httpx.AsyncClient) -> dict[str, Any]:
    """As they are, once the limiter is open."""
    found: list[dict[str, Any]] = []

    async def shown() -> bool:
        answer = await client.get(LIMITS, headers=headers("operator"))
        found[:] = [answer.json()]
        return answer.status_code == 200

    await eventually(shown)
    return found[0]


def holds(condition: Callable[[], bool]) -> Callable[[], Awaitable[bool]]:
    async def check() -> bool:
        return condition()

    return check


async def test_limits_are_shown_and_set_live_and_outlive_redis(
    make_settings: MakeSettings, provider: ProviderDouble, log: Log, redis_url: str
) -> None:
    tokens = {"replicate_api_tokens": "replicate-1=r8_one, replicate-2=r8_two", "replicate_cap_per_minute": 2}
    async with running(build(make_settings(**tokens))) as client:
        before = await limits(client)
        refused = await client.get(LIMITS, headers=headers("user"))
        await log.publish(*(item_requested() for _ in range(10)))
        await eventually(holds(lambda: len(provider.arrivals) == 4))

        body = {"capPerMinute": 5, "concurrency": 4, "burst": 4}
        answer = await client.put(f"{LIMITS}/replicate-2", json=body, headers=headers("operator"))
        await eventually(holds(lambda: len(provider.arrivals) == 6))
        unknown = await client.put(f"{LIMITS}/replicate-9", json=body, headers=headers("operator"))
        wrong = await client.put(f"{LIMITS}/all", json={"capPerMinute": -1}, headers=headers("operator"))
        empty = await client.put(f"{LIMITS}/all", json={}, headers=headers("operator"))
        async with Redis.from_url(redis_url) as redis:
            await redis.flushdb()
        after = (await limits(client))["accounts"]
        back = await client.put(f"{LIMITS}/all", json={"capPerMinute": None}, headers=headers("operator"))

    assert refused.status_code == 403
    assert before == {"accounts": [_account("replicate-1", 2), _account("replicate-2", 2)], "models": [], "faults": []}
    assert [(one["account"], one["capPerMinute"]) for one in answer.json()["accounts"]] == [
        ("replicate-1", 2),
        ("replicate-2", 5),
    ]
    assert (unknown.status_code, wrong.status_code, empty.status_code) == (404, 400, 400)
    assert [(one["capPerMinute"], one["concurrency"], one["burst"]) for one in after] == [(2, 600, 10), (5, 4, 4)]
    assert [one["inLastMinute"] for one in after] == [2, 4], "four in flight is all that its slots allow"
    assert [one["capPerMinute"] for one in back.json()["accounts"]] == [2, 2]


def _account(name: str, cap: int) -> dict[str, Any]:
    rest = {"inLastMinute": 0, "inFlight": 0, "pausedUntil": None, "stopped": None}
    return {"account": name, "capPerMinute": cap, "effectiveCapPerMinute": cap, "concurrency": 600, "burst": 10} | rest


async def test_a_model_has_no_more_in_flight_than_an_operator_allows_also_after_redis_was_wiped(
    make_settings: MakeSettings, provider: ProviderDouble, log: Log, redis_url: str
) -> None:
    def called(model: str) -> int:
        return sum(arrival.model == model for arrival in provider.arrivals)

    async with running(build(make_settings())) as client:
        await limits(client)
        path = f"{LIMITS}/models/replicate/{OTHER}"
        bounded = await client.put(path, json={"concurrency": 2}, headers=headers("operator"))
        slow = [item_requested(model=OTHER, instance_id=f"shop-{number}", job_id=number) for number in range(5)]
        await log.publish(*slow)
        await eventually(holds(lambda: called(OTHER) == 2))
        await log.publish(item_requested(instance_id="quiet"))
        await eventually(holds(lambda: called(MODEL) == 1))
        created = await first(log, PredictionCreated, 3)
        async with Redis.from_url(redis_url) as redis:
            await redis.flushdb()
        await log.publish(item_requested(instance_id="quiet"))
        await eventually(holds(lambda: called(MODEL) == 2))
        full = (await limits(client))["models"]

        done = next(one for one in created if one.instance_id != "quiet")
        await log.publish(completed(next(item for item in slow if item.item_id == done.item_id), done))
        await eventually(holds(lambda: called(OTHER) == 3))
        freed = await client.put(path, json={"concurrency": None}, headers=headers("operator"))
        await eventually(holds(lambda: called(OTHER) == 5))
        wrong = await client.put(path, json={"concurrency": 0}, headers=headers("operator"))
        unknown = await client.put(f"{LIMITS}/models/nobody/{OTHER}", json={"concurrency": 1}, headers=headers("operator"))
        refused = await client.put(path, json={"concurrency": 1}, headers=headers("user"))

    [shown] = bounded.json()["models"]
    assert (shown["provider"], shown["model"], shown["concurrency"], shown["state"]) == ("replicate", OTHER, 2, "called")
    assert [(one["model"], one["concurrency"], one["inFlight"], one["state"]) for one in full] == [(OTHER, 2, 2, "full")]
    assert freed.json()["models"] == []
    assert (wrong.status_code, wrong.json()["errors"][0]["field"]) == (400, "concurrency")
    assert (unknown.status_code, refused.status_code) == (404, 403)


async def test_an_account_without_credit_stops_and_goes_on_by_itself_when_it_is_paid(
    make_settings: MakeSettings, provider: ProviderDouble, log: Log
) -> None:
    provider.answer = refusing(402, title="Insufficient credit")
    async with running(build(make_settings(account_stop_seconds=0.6, replicate_burst=1))) as client:

        async def is_stopped() -> bool:
            return (await limits(client))["accounts"][0]["stopped"] is not None

        # One by itself: until its answer has been heard others may start.
        await log.publish(item_requested())
        await eventually(is_stopped)
        await log.publish(*(item_requested() for _ in range(5)))
        await eventually(holds(lambda: len(provider.arrivals) >= 3))
        stopped = (await limits(client))["accounts"][0]["stopped"]
        calls = len(provider.arrivals)
        provider.answer = refusing(429, detail=LOW, retry_after=9)
        await eventually(holds(lambda: len(provider.arrivals) >= calls + 2))
        provider.answer = None
        created = await first(log, PredictionCreated, 6)
        again = (await limits(client))["accounts"][0]["stopped"]
        events = await log.events(lambda _seen: True)

    probes = [arrival.at for arrival in provider.arrivals[:5]]
    assert all(later - sooner >= 0.5 for sooner, later in zip(probes, probes[1:], strict=False)), "one probe after each pause"
    assert (stopped, again) == ("low-credit", None)
    assert len(created) == 6
    assert of(ItemFailed, events) == []


async def test_an_account_that_was_paid_goes_on_at_once_when_an_operator_says_so(
    make_settings: MakeSettings, provider: ProviderDouble, log: Log
) -> None:
    provider.answer = refusing(402, title="Insufficient credit")
    async with running(build(make_settings(account_stop_seconds=3600, replicate_burst=1))) as client:

        async def is_stopped() -> bool:
            return bool((await limits(client))["accounts"][0]["stopped"])

        await log.publish(item_requested())
        await eventually(is_stopped)
        provider.answer = None
        refused = await client.post("/api/operator/limits/all/resume", headers=headers("support"))
        unknown = await client.post("/api/operator/limits/nobody/resume", headers=headers("operator"))
        resumed = await client.post("/api/operator/limits/replicate-1/resume", headers=headers("operator"))
        created = await first(log, PredictionCreated, 1)

    assert (refused.status_code, unknown.status_code) == (403, 404)
    assert resumed.json()["accounts"][0]["stopped"] is None
    assert len(created) == 1


async def test_a_broken_model_stops_for_itself_alone_and_its_items_wait_unharmed(
    make_settings: MakeSettings, provider: ProviderDouble, log: Log
) -> None:
    down = refusing(503, detail="the model is away")

    async def answer(arrival: Arrival) -> Response | None:
        return await down(arrival) if arrival.model == OTHER else None

    provider.answer = answer
    breaker = {"breaker_failures": 3, "breaker_pause_seconds": 0.3, "breaker_pause_seconds_max": 0.6}
    breaker |= {"unknown_settle_seconds": 0.1}
    async with running(build(make_settings(**breaker))) as client:
        await log.publish(*(item_requested("sick", job_id=1, model=OTHER) for _ in range(8)))
        await eventually(holds(lambda: len(provider.arrivals) >= 8))
        await log.publish(*(item_requested("sick", job_id=2) for _ in range(3)), *(item_requested("well", 3) for _ in range(3)))
        passed = await first(log, PredictionCreated, 6)
        [model] = (await limits(client))["models"]
        calls = len(provider.arrivals)
        await eventually(holds(lambda: len(provider.arrivals) >= calls + 2))
        provider.answer = None
        created = await first(log, PredictionCreated, 14)
        events = await log.events(lambda _seen: True)

    assert {event.model for event in passed} == {MODEL}
    assert (model["model"], model["state"] in {"waiting", "trial"}) == (OTHER, True)
    assert len({event.item_id for event in created}) == 14
    assert of(ItemFailed, events) == []
    assert {event.instance_id for event in of(AttemptFailed, events)} == {"sick"}


async def test_items_of_a_model_that_is_gone_fail_after_their_bound_and_say_why(
    make_settings: MakeSettings, provider: ProviderDouble, log: Log
) -> None:
    provider.answer = refusing(404, detail="The requested resource could not be found.")
    settings = make_settings(breaker_failures=3, breaker_pause_seconds=60, model_wait_seconds_max=0.5, repair_every_seconds=0.2)
    async with running(build(settings)):
        await log.publish(*(item_requested() for _ in range(4)))
        failed = await first(log, ItemFailed, 4)

    assert {event.code for event in failed} == {"model-unavailable"}
    assert not any(event.reached_provider for event in failed)


async def test_429s_cut_the_cap_once_a_round_and_cost_no_attempt(
    make_settings: MakeSettings, provider: ProviderDouble, log: Log
) -> None:
    limited = refusing(429, detail="Request was throttled. Your rate limit resets in ~1s.", retry_after=1)

    async def answer(arrival: Arrival) -> Response | None:
        return await limited(arrival) if len(provider.arrivals) <= 5 else None

    provider.answer = answer
    async with running(build(make_settings(replicate_cap_per_minute=100, replicate_burst=5))) as client:
        await log.publish(*(item_requested() for _ in range(8)))
        created = await first(log, PredictionCreated, 8)
        [account] = (await limits(client))["accounts"]
        events = await log.events(lambda _seen: True)

    assert len({event.item_id for event in created}) == 8
    assert of(ItemFailed, events) == []
    assert (account["capPerMinute"], account["effectiveCapPerMinute"]) == (100, 70), "five 429s of one round are one cut"
