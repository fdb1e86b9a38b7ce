"""Whose items are given up after a model, or a tenant at a model, has failed for too long."""

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime

import asyncpg
import pytest
from darkroom_contracts.jobs import ItemRequested
from darkroom_predictor.fair_queue import FairQueue, Hints
from darkroom_predictor.give_up_models import GiveUpModels
from darkroom_predictor.limiter_controls import BreakerBounds, LimiterControls, ModelFigures, SlowedTenant
from darkroom_servicekit.database import UnitOfWork, build_engine
from predictor.events import MODEL, item_requested
from predictor.integration.test_cancel import filed
from predictor.integration.test_limits_and_answers import OTHER

HOUR = 3600.0
BROKEN = ModelFigures(
    provider="double",
    model=MODEL,
    mark="0",
    failures=20,
    open_seconds=HOUR,
    trial_in_seconds=9,
    refused=False,
    slots=None,
    live=0,
    slowed=(),
)
SLOWED = SlowedTenant(tenant="bad", failures=50, slowed_seconds=HOUR, trial_in_seconds=9)


class Known(LimiterControls):
    """Breakers as a test says."""

    def __init__(self, models: Sequence[ModelFigures], tried: Sequence[str]) -> None:
        queue = FairQueue("redis://127.0.0.1:1", "replicate", window_seconds=60, grant_seconds_max=1)
        super().__init__(queue, BreakerBounds(failures=8, tenants=3, pause_seconds=5, pause_seconds_max=30))
        self._models = list(models)
        self._tried = list(tried)

    async def models(self) -> list[ModelFigures]:
        return self._models

    async def tried_tenants(self, model: str) -> list[str]:
        return self._tried


@pytest.fixture
async def unit_of_work(predictor_database: str) -> AsyncIterator[UnitOfWork]:
    engine = build_engine(predictor_database, pool_size=2)
    yield UnitOfWork(engine, service="predictor", clock=lambda: datetime.now(UTC), wake_relay=lambda: None)
    await engine.dispose()


@pytest.fixture
async def items(unit_of_work: UnitOfWork, predictor_database: str) -> list[ItemRequested]:
    """An item of a failing shop, one of a quiet shop, one of the failing shop for another model; they have waited for an hour."""
    events = [item_requested("bad", 1), item_requested("quiet", 2), item_requested("bad", 3, model=OTHER)]
    await filed(unit_of_work, events)
    connection = await asyncpg.connect(predictor_database)
    await connection.execute("UPDATE queue_items SET queued_at = queued_at - interval '1 hour'")
    await connection.close()
    return events


@pytest.mark.parametrize(
    ("model", "tried", "ended"),
    [
        pytest.param(BROKEN, ["bad"], {1: "model-unavailable"}, id="only tenants that have had a trial"),
        pytest.param(replace(BROKEN, refused=True), [], {1: "model-unavailable", 2: "model-unavailable"}, id="refused for all"),
        pytest.param(replace(BROKEN, open_seconds=HOUR - 1), ["bad"], {}, id="not for long enough"),
        pytest.param(replace(BROKEN, open_seconds=None, slowed=(SLOWED,)), [], {1: "too-many-failures"}, id="a slowed tenant"),
        pytest.param(
            replace(BROKEN, open_seconds=None, slowed=(replace(SLOWED, slowed_seconds=HOUR - 1),)),
            [],
            {},
            id="slowed since just now",
        ),
    ],
)
async def test_only_items_of_those_who_failed_are_given_up(
    unit_of_work: UnitOfWork,
    predictor_database: str,
    items: list[ItemRequested],
    model: ModelFigures,
    tried: list[str],
    ended: dict[int, str],
) -> None:
    told: list[Mapping[str, Hints]] = []
    give_up = GiveUpModels(unit_of_work, "replicate", Known([model], tried), tell=told.append, wait_seconds_max=HOUR)

    count = await give_up()

    connection = await asyncpg.connect(predictor_database)
    rows = await connection.fetch("SELECT job_id, code FROM dead_letters WHERE kind = 'item'")
    left = await connection.fetch("SELECT job_id FROM queue_items WHERE state = 'QUEUED'")
    await connection.close()
    assert {row["job_id"]: row["code"] for row in rows} == ended
    assert {row["job_id"] for row in left} == {1, 2, 3} - ended.keys()
    assert count == len(ended)
    assert {place.job_id for hints in told for place in hints["replicate"].removed} == ended.keys()
