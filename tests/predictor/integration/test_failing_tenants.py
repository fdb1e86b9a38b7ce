"""One shop's failing pictures slow that shop alone, through the running service and a provider over HTTP."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from darkroom_contracts.event import Event
from darkroom_contracts.items import ItemCompleted, PredictionFailed, StoredPicture
from darkroom_contracts.predictions import ItemFailed, PredictionCreated
from darkroom_predictor.main import build
from darkroom_servicekit.stages import Received
from predictor.conftest import MakeSettings
from predictor.events import item_requested
from predictor.integration.test_how_calls_end import of
from predictor.provider_double import ProviderDouble
from support.kafka import Log
from support.service import running

ROUNDS_MAX = 3
TENANTS = 2
BREAKER = {"breaker_failures": 8, "breaker_pause_seconds": 0.2, "breaker_pause_seconds_max": 0.4}
Seen = Sequence[Received[Event]]


@dataclass
class PollerDouble:
    """Ends each prediction as soon as PredictionCreated tells of it: well, or as `failure` says for its tenant."""

    log: Log
    failure: Callable[[PredictionCreated], str | None]
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
        if (code := self.failure(one)) is None:
            picture = StoredPicture(key="k", thumbnail_key="t", width=1, height=1, size_bytes=1, format="jpg", sha256="0" * 64)
            return ItemCompleted(**ids, result=picture)
        return PredictionFailed(**ids, code=code, message="The studio could not read it.", retryable=True)


def created_of(tenant: str) -> Callable[[Seen], list[PredictionCreated]]:
    return lambda seen: [one for one in of(PredictionCreated, seen) if one.instance_id == tenant]


async def test_behind_200_jobs_of_bad_pictures_of_another_shop_a_good_picture_waits_three_rounds_at_most(
    make_settings: MakeSettings, provider: ProviderDouble, log: Log
) -> None:
    poller = PollerDouble(log, lambda one: "provider-error" if one.instance_id == "bad" else None)
    async with running(build(make_settings(**BREAKER, replicate_burst=4))):
        await log.publish(*(item_requested("bad", job) for job in range(1, 201) for _ in range(10)))
        # Until its predictions have failed often enough, and some trials have failed since.
        await poller.end_until(lambda seen: len(poller.ended) >= 30)
        before = len(provider.arrivals)
        await log.publish(good := item_requested("quiet", 500))
        seen = await poller.end_until(lambda seen: bool(created_of("quiet")(seen)))

    made = [one["input"]["prompt"] for one in provider.listed]
    waited = made.index(good.input["prompt"]) - before
    assert waited <= ROUNDS_MAX * TENANTS, "creations of the other shop before it"
    assert not of(ItemFailed, [one for one in seen if one.event.instance_id == "quiet"])
