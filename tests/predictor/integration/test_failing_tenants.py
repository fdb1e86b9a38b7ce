"""One shop's failing pictures slow that shop alone, through the running service and a provider over HTTP."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import httpx
from darkroom_contracts.event import Event
from darkroom_contracts.items import Fault, ItemCompleted, PredictionFailed, StoredPicture
from darkroom_contracts.jobs import RetryPolicy
from darkroom_contracts.predictions import ItemFailed, PredictionCreated
from darkroom_predictor.main import build
from darkroom_servicekit.stages import Received
from predictor.conftest import MakeSettings
from predictor.events import MODEL, item_requested
from predictor.integration.test_how_calls_end import of
from predictor.integration.test_limits_and_answers import OTHER, limits
from predictor.provider_double import ProviderDouble
from support.kafka import Log
from support.service import eventually, running

ROUNDS_MAX = 3
TENANTS = 2
BREAKER = {"breaker_failures": 8, "breaker_pause_seconds": 0.2, "breaker_pause_seconds_max": 0.4}
Seen = Sequence[Received[Event]]


@dataclass
class PollerDouble:
    """Ends each prediction as soon as PredictionCreated tells of it: well, or as `failure` says for its tenant."""

    log: Log
    failure: Callable[[PredictionCreated], Fault | None]
    ended: set[str] = field(default_factory=set)

    async def end_until(self, condition: Callable[[Seen], bool]) -> Seen:
        while True:
            seen = await self.log.events(lambda seen: condition(seen) or bool(self._open(seen)))
            if condition(seen):
                return seen
            created = self._open(seen)
            self.ended |= {one.attempt_id for one in created}
            await self.log.publish(*(self._end(one) for one in created))

    def _open(self, seen: Seen) -> list[PredictionCreated]:
        return [one for one in of(PredictionCreated, seen) if one.attempt_id not in self.ended]

    def _end(self, one: PredictionCreated) -> Event:
        ids = {name: getattr(one, name) for name in ("instance_id", "job_id", "item_id", "image_id", "attempt", "attempt_id")}
        ids["prediction_id"] = one.prediction_id
        if (fault := self.failure(one)) is None:
            picture = StoredPicture(key="k", thumbnail_key="t", width=1, height=1, size_bytes=1, format="jpg", sha256="0" * 64)
            return ItemCompleted(**ids, result=picture)
        return PredictionFailed(**ids, code="some-code", message="It did not work.", retryable=fault != "input", fault=fault)


def created_of(tenant: str) -> Callable[[Seen], list[PredictionCreated]]:
    return lambda seen: [one for one in of(PredictionCreated, seen) if one.instance_id == tenant]


async def test_behind_200_jobs_of_bad_pictures_of_another_shop_a_good_picture_waits_three_rounds_at_most(
    make_settings: MakeSettings, provider: ProviderDouble, log: Log
) -> None:
    poller = PollerDouble(log, lambda one: "provider" if one.instance_id == "bad" else None)
    # No trial within the test: how many there are while the good picture is on its way would say how busy the machine is.
    breaker = BREAKER | {"breaker_pause_seconds": 3600, "breaker_pause_seconds_max": 3600}
    async with running(build(make_settings(**breaker, replicate_burst=4))) as client:
        await log.publish(*(item_requested("bad", job) for job in range(1, 201) for _ in range(10)))
        await poller.end_until(lambda seen: len(poller.ended) >= 8)
        [model] = await shown(client, lambda models: bool(models and models[0]["failures"] >= 8))
        await poller.end_until(lambda seen: len(poller.ended) == len(provider.listed))
        before = len(provider.arrivals)
        await log.publish(good := item_requested("quiet", 500))
        seen = await poller.end_until(lambda seen: bool(created_of("quiet")(seen)))

    made = [one["input"]["prompt"] for one in provider.listed]
    waited = made.index(good.input["prompt"]) - before
    assert waited <= ROUNDS_MAX * TENANTS, "creations of the other shop before it"
    assert (model["state"], [one["instanceId"] for one in model["slowedTenants"]]) == ("called", ["bad"])
    assert not of(ItemFailed, [one for one in seen if one.event.instance_id == "quiet"])


async def test_a_failing_shop_is_slowed_at_that_model_alone_and_operators_see_it(
    make_settings: MakeSettings, provider: ProviderDouble, log: Log
) -> None:
    poller = PollerDouble(log, lambda one: "provider" if one.model == MODEL else None)
    breaker = BREAKER | {"breaker_pause_seconds": 3600, "breaker_pause_seconds_max": 3600}
    async with running(build(make_settings(**breaker))) as client:
        await log.publish(*(item_requested("bad", job) for job in range(1, 11) for _ in range(10)))
        await poller.end_until(lambda seen: len(poller.ended) >= 8)
        [model] = await shown(client, lambda models: bool(models and models[0]["slowedTenants"]))
        await log.publish(*(item_requested("bad", 20, model=OTHER) for _ in range(3)))
        seen = await poller.end_until(lambda seen: len([one for one in of(ItemCompleted, seen) if one.job_id == 20]) == 3)

    assert (model["model"], model["state"]) == (MODEL, "called")
    [slowed] = model["slowedTenants"]
    assert (slowed["instanceId"], slowed["failures"] >= 8, slowed["triedAgainAt"] is not None) == ("bad", True, True)
    assert not of(ItemFailed, seen)


async def test_failures_of_our_own_count_against_nobody(make_settings: MakeSettings, provider: ProviderDouble, log: Log) -> None:
    poller = PollerDouble(log, lambda one: "platform" if one.instance_id != "counted" else "provider")
    retry = RetryPolicy(attempts_max=1, backoff_seconds=())
    async with running(build(make_settings(**BREAKER))) as client:
        await log.publish(*(item_requested(f"shop-{number % 4}", number, retry=retry) for number in range(24)))
        await poller.end_until(lambda seen: len(of(ItemFailed, seen)) == 24)
        await log.publish(item_requested("counted", 100, retry=retry))
        await poller.end_until(lambda seen: len(of(ItemFailed, seen)) == 25)
        [model] = await shown(client, bool)

    assert (model["state"], model["failures"], model["slowedTenants"]) == ("called", 1, [])


async def test_a_refused_picture_shows_that_the_model_works(
    make_settings: MakeSettings, provider: ProviderDouble, log: Log
) -> None:
    poller = PollerDouble(log, lambda one: "input" if one.instance_id == "refused" else "provider")
    retry = RetryPolicy(attempts_max=1, backoff_seconds=())
    async with running(build(make_settings(**BREAKER))) as client:
        await log.publish(*(item_requested("failing", number, retry=retry) for number in range(3)))
        await poller.end_until(lambda seen: len(of(ItemFailed, seen)) == 3)
        await shown(client, lambda found: [one["failures"] for one in found] == [3])

        await log.publish(item_requested("refused", 100, retry=retry))
        await poller.end_until(lambda seen: len(of(ItemFailed, seen)) == 4)
        await shown(client, lambda found: not found)


async def shown(client: httpx.AsyncClient, condition: Callable[[list[dict[str, Any]]], bool]) -> list[dict[str, Any]]:
    """The models with failures as operators see them, once the condition holds."""
    found: list[dict[str, Any]] = []

    async def holds() -> bool:
        found[:] = (await limits(client))["models"]
        return condition(found)

    await eventually(holds)
    return found
