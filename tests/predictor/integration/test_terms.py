"""Tenants' terms, live: plans from credits, settings of operators, in force at the next turn, also after Redis was wiped."""

import asyncio
import itertools
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
from darkroom_contracts.credits import PlanChanged
from darkroom_contracts.envelope import wrap
from darkroom_contracts.predictions import PredictionCreated, TenantTermsChanged
from darkroom_predictor.attempt_store import AttemptTable
from darkroom_predictor.fair_queue import FairQueue, Place
from darkroom_predictor.keep_terms import KeepTerms
from darkroom_predictor.limiter import Limiter
from darkroom_predictor.limits import AccountLimits
from darkroom_predictor.limits_store import LimitsTable
from darkroom_predictor.main import build
from darkroom_predictor.name_accounts import NameAccounts
from darkroom_predictor.queue_store import QueueTable
from darkroom_predictor.rebuild_lease import RebuildLease
from darkroom_predictor.settings import PredictorSettings
from darkroom_predictor.terms import Terms, TermsChange
from darkroom_predictor.terms_store import TermsTable
from darkroom_servicekit.auth import make_jwt
from darkroom_servicekit.database import UnitOfWork, build_engine
from darkroom_servicekit.own_limits import OwnLimits
from darkroom_servicekit.rate_limit import RateLimit, RateLimiter, Turn
from predictor.conftest import MakeSettings
from predictor.events import item_requested
from predictor.integration.test_how_calls_end import completed, first
from predictor.provider_double import ProviderDouble
from redis.asyncio import Redis
from support.kafka import Log
from support.service import eventually, running

TENANTS = "/api/operator/tenants"


@dataclass
class Door:
    """The predictor's door for operators, and the parts behind it."""

    client: httpx.AsyncClient
    settings: PredictorSettings
    log: Log
    redis_url: str

    def headers(self, *roles: str) -> dict[str, str]:
        key, ttl = self.settings.jwt_secret or "", timedelta(minutes=5)
        token = make_jwt("operators", key=key, now=datetime.now(UTC), ttl=ttl, subject="op", roles=roles)
        return {"Authorization": f"Bearer {token}"}

    async def put(self, instance_id: str, body: dict[str, Any]) -> dict[str, Any]:
        answer = await self.client.put(f"{TENANTS}/{instance_id}", json=body, headers=self.headers("operator"))
        assert answer.status_code == 200, answer.text
        found: dict[str, Any] = answer.json()
        return found

    async def tenant(self, instance_id: str) -> dict[str, Any]:
        answer = await self.client.get(TENANTS, headers=self.headers("operator"))
        assert answer.status_code == 200, answer.text
        found = [one for one in answer.json()["tenants"] if one["instanceId"] == instance_id]
        return found[0] if found else {}

    async def plan(self, instance_id: str, sequence: int, *, weight: int, cap: int | None) -> None:
        """What credits says of a plan, as the event with that number in its outbox."""
        event = PlanChanged(
            instance_id=instance_id,
            plan=f"plan-{sequence}",
            plan_version=1,
            credits_per_month=0,
            weight=weight,
            cap_per_minute=cap,
            period_started_at=datetime.now(UTC),
        )
        envelope = wrap(event, source="/services/credits", now=datetime.now(UTC))
        await self.log.send([(event, replace(envelope, sequence=sequence))])


@pytest.fixture
async def door(make_settings: MakeSettings, log: Log, redis_url: str) -> AsyncIterator[Door]:
    settings = make_settings()
    async with running(build(settings)) as client:
        yield Door(client, settings, log, redis_url)


async def test_a_plan_counts_until_an_operator_sets_another_and_an_old_event_never_wins(door: Door) -> None:
    await door.plan("shop", 7, weight=2, cap=120)
    await eventually(lambda: _is(door, "shop", weight=2, capPerMinute=120))

    ours = await door.put("shop", {"weight": 5, "capPerMinute": 40, "requestsPerMinute": 1200})
    await door.plan("shop", 3, weight=9, cap=9)
    await door.plan("shop", 8, weight=3, cap=None)
    await eventually(lambda: _is(door, "shop", weight=5, capPerMinute=40))
    cleared = await door.put("shop", {"weight": None, "capPerMinute": None})
    again = await door.put("shop", {"weight": None})

    terms = {"instanceId": "shop", "plan": "plan-7", "weight": 5, "capPerMinute": 40, "requestsPerMinute": 1200, "paused": False}
    terms["concurrency"] = None
    assert ours == terms
    await eventually(lambda: _is(door, "shop", weight=3, capPerMinute=None))
    assert cleared["requestsPerMinute"] == again["requestsPerMinute"] == 1200
    seen = await door.log.events(lambda seen: sum(isinstance(one.event, TenantTermsChanged) for one in seen) >= 2)
    changes = [one.event for one in seen if isinstance(one.event, TenantTermsChanged)]
    assert (changes[0].changed_by, changes[0].own_weight, changes[0].weight) == ("op", 5, 5)
    assert len(changes) == 2, "a change that changes nothing is no event"


async def test_a_pause_holds_from_the_next_turn_on_and_outlives_a_wiped_redis(door: Door, provider: ProviderDouble) -> None:
    await door.put("held", {"paused": True, "requestsPerMinute": 2})
    await door.log.publish(*(item_requested(instance_id="held", job_id=5) for _ in range(3)))
    await door.log.publish(item_requested(instance_id="free"))
    await eventually(lambda: _arrived(provider, 1))
    await eventually(lambda: _is(door, "held", waiting=3))
    held = await door.tenant("held")

    async with Redis.from_url(door.redis_url) as redis:
        await redis.flushdb()
        await door.log.publish(item_requested(instance_id="free"))
        await eventually(lambda: _arrived(provider, 2), seconds=30)
        limiter = RateLimiter(redis, RateLimit(name="test", requests=600, seconds=60))
        await eventually(lambda: _has_own_limit(limiter, "held"), seconds=30)
        turns = await three_turns(limiter)
        others = await limiter.turn("someone else", tenant="free")
    still = await door.tenant("held")
    resumed = await door.put("held", {"paused": False})
    await eventually(lambda: _arrived(provider, 5))

    assert (held["waiting"], held["paused"], held["inFlight"], held["startedInWindow"]) == (3, True, 0, 0)
    assert held["oldestWaitSeconds"] > 0
    assert still["waiting"] == 3
    assert [turn.allowed for turn in turns] == [True, True, False]
    assert turns[0].headers(limiter.limit)["RateLimit-Policy"] == '"test";q=2;w=60'
    assert others.headers(limiter.limit)["RateLimit-Policy"] == '"test";q=600;w=60'
    assert resumed["paused"] is False
    figures = await door.tenant("held")
    assert (figures["startedInWindow"], figures["waiting"]) == (3, 0)
    assert figures["waitP50Seconds"] >= 0
    assert figures["shareGot"] == pytest.approx(3 / 5)


async def test_a_tenant_has_no_more_in_flight_than_an_operator_allows_also_after_redis_was_wiped(
    door: Door, provider: ProviderDouble
) -> None:
    await door.put("whale", {"concurrency": 2})
    items = [item_requested(instance_id="whale", job_id=5) for _ in range(5)]
    await door.log.publish(*items)
    await eventually(lambda: _arrived(provider, 2))
    await door.log.publish(item_requested(instance_id="quiet"))
    await eventually(lambda: _arrived(provider, 3))
    created = await first(door.log, PredictionCreated, 3)
    async with Redis.from_url(door.redis_url) as redis:
        await redis.flushdb()
    await door.log.publish(item_requested(instance_id="quiet"))
    await eventually(lambda: _arrived(provider, 4))
    held = await door.tenant("whale")

    done = next(one for one in created if one.instance_id == "whale")
    await door.log.publish(completed(next(item for item in items if item.item_id == done.item_id), done))
    await eventually(lambda: _arrived(provider, 5))
    cleared = await door.put("whale", {"concurrency": None})
    await eventually(lambda: _arrived(provider, 7))

    assert (held["concurrency"], held["inFlight"], held["waiting"]) == (2, 2, 3)
    assert cleared["concurrency"] is None


async def test_a_pause_set_while_the_limiter_is_rebuilt_holds_when_it_opens(predictor_database: str, redis_url: str) -> None:
    engine = build_engine(predictor_database, pool_size=3)
    unit_of_work = UnitOfWork(engine, service="predictor", clock=lambda: datetime.now(UTC), wake_relay=lambda: None)
    queue = FairQueue(redis_url, "double", window_seconds=60, grant_seconds_max=1)
    async with Redis.from_url(redis_url) as redis:
        table = TermsTable(unit_of_work)
        keep = KeepTerms(unit_of_work, table, [queue], OwnLimits(redis), wake=lambda: None)

        class ReadTooSoon(TermsTable):
            async def all(self) -> tuple[int, list[Terms]]:
                found = await super().all()
                await keep.change("held", TermsChange(paused=True), by="op")
                return found

        limiter = Limiter(
            queue,
            QueueTable(unit_of_work, "double"),
            AttemptTable(unit_of_work, "double", owner="one:1", former_owners="one:"),
            ReadTooSoon(unit_of_work),
            limits=LimitsTable(unit_of_work, "double", defaults=[AccountLimits(account="a", cap=100, burst=100, slots=100)]),
            lease=RebuildLease(unit_of_work, "double", guarded_seconds=61),
            name_accounts=NameAccounts(unit_of_work, "double", ["a"], guarded_seconds=61),
            guarded_seconds=61,
        )

        await limiter.ensure_open()
        assert queue.epoch is not None
        await queue.file(queue.epoch, [(Place("held", 1, 1), 0.0), (Place("free", 2, 2), 0.0)])
        turns = await queue.take(["1", "2"], ["a"])

    assert [grant.place.instance_id for grant in turns.grants] == ["free"]
    await queue.close()
    await engine.dispose()


async def test_the_door_is_the_operators_alone_and_says_what_is_wrong(door: Door) -> None:
    assert (await door.client.get(TENANTS, headers=door.headers())).status_code == 403
    assert (await door.client.put(f"{TENANTS}/shop", json={"weight": 2}, headers=door.headers())).status_code == 403
    assert (await door.client.get(TENANTS)).status_code == 401
    wrong: list[tuple[dict[str, Any], str]] = [
        ({}, "body"),
        ({"weight": 0}, "weight"),
        ({"weight": 2000}, "weight"),
        ({"capPerMinute": 0}, "capPerMinute"),
        ({"capPerMinute": 1.5}, "capPerMinute"),
        ({"requestsPerMinute": -1}, "requestsPerMinute"),
        ({"concurrency": 0}, "concurrency"),
        ({"paused": None}, "paused"),
        ({"wieght": 2}, "wieght"),
    ]
    for body, field in wrong:
        answer = await door.client.put(f"{TENANTS}/shop", json=body, headers=door.headers("operator"))
        assert answer.status_code == 400, body
        assert answer.json()["errors"][0]["field"] == field
    assert await door.tenant("shop") == {}


async def _is(door: Door, instance_id: str, **wanted: object) -> bool:
    found = await door.tenant(instance_id)
    return {name: found.get(name) for name in wanted} == wanted


async def _arrived(provider: ProviderDouble, count: int) -> bool:
    return len(provider.arrivals) == count


async def three_turns(limiter: RateLimiter) -> list[Turn]:
    """Of someone whose tenant has a limit of its own; of another where Redis was too slow, and the process judged by itself."""
    for number in itertools.count():
        turns = [await limiter.turn(f"someone-{number} of held", tenant="held") for _ in range(3)]
        if all(turn.own_requests for turn in turns):
            return turns
        await asyncio.sleep(0.1)
    raise AssertionError("unreachable")


async def _has_own_limit(limiter: RateLimiter, tenant: str) -> bool:
    return (await limiter.turn("probe", tenant=tenant)).own_requests is not None
