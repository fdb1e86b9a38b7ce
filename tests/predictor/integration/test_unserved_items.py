"""Items of a provider that no predictor has an adapter for: seen while they wait, and ended in words after a bound."""

from typing import Any

import asyncpg
from darkroom_contracts.predictions import ItemFailed, PredictionCreated
from darkroom_predictor.main import build
from predictor.conftest import MakeSettings
from predictor.events import item_requested
from predictor.integration.test_how_calls_end import first, of
from predictor.integration.test_limits_and_answers import headers
from predictor.provider_double import ProviderDouble
from support.kafka import Log
from support.service import eventually, running

DOOR = "/api/operator/doctor"


async def test_an_item_of_an_unknown_provider_is_shown_before_it_ends(
    make_settings: MakeSettings, provider: ProviderDouble, log: Log, predictor_database: str
) -> None:
    unserved, served = item_requested(provider="gemini"), item_requested()
    settings = make_settings(model_wait_seconds_max=3600, repair_every_seconds=0.1, heartbeat_seconds=0.1)
    async with running(build(settings)) as client:
        await log.publish(unserved, served)
        await first(log, PredictionCreated)

        async def is_measured() -> bool:
            return "darkroom_items_without_provider 1.0" in (await client.get("/metrics")).text

        await eventually(is_measured)
        answer = await client.get(DOOR, params={"olderThan": 0}, headers=headers("operator"))
        checks: dict[str, Any] = {one["kind"]: one["found"] for one in answer.json()["checks"]}
        assert [(thing["id"], thing["state"]) for thing in checks["provider"]] == [(str(unserved.item_id), "for gemini")]
        assert of(ItemFailed, log.seen()) == []

        database = await asyncpg.connect(predictor_database)
        await database.execute("UPDATE queue_items SET queued_at = queued_at - interval '2 hours' WHERE state = 'QUEUED'")
        [failed] = await first(log, ItemFailed)
        letters = await database.fetch("SELECT item_id, code, state FROM dead_letters")
        await database.close()

    assert (failed.item_id, failed.code, failed.reached_provider) == (unserved.item_id, "model-unavailable", False)
    assert [tuple(row) for row in letters] == [(unserved.item_id, "model-unavailable", "open")], "an operator can redrive it"
    assert len(provider.arrivals) == 1
