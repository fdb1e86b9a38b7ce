"""What the poller measures of its table for the alert rules."""

from datetime import UTC, datetime

import asyncpg
from darkroom_poller.metrics import PollerMetrics
from darkroom_poller.watch_predictions import WatchPredictions
from darkroom_servicekit.database import UnitOfWork, build_engine
from prometheus_client import CollectorRegistry
from support.service import migrated

INSERT = (
    "INSERT INTO predictions (attempt_id, callback_token_sha256, instance_id, job_id, item_id, image_id, attempt, provider,"
    " account, model, prediction_id, expected_seconds, state, next_poll_at, overdue_at, cause_id, output_address, expires_at)"
    " VALUES (gen_random_uuid(), $1, 'shop', 1, 1, 'image', 1, 'replicate', $2, 'model', $1, 60, $3, now(), now(), 'cause',"
    " $4, now() + make_interval(secs => $5))"
)


async def test_it_measures_the_next_expiry_and_predictions_without_an_account(database_url: str) -> None:
    database = await asyncpg.connect(await migrated("poller", database_url))
    engine = build_engine(database_url, pool_size=2)
    unit_of_work = UnitOfWork(engine, service="poller", clock=lambda: datetime.now(UTC), wake_relay=lambda: None)
    watch = WatchPredictions(unit_of_work, PollerMetrics(CollectorRegistry()), {"replicate": ["main"]})
    nothing = await watch.look()

    for name, account, state, address, seconds in (
        ("1", "main", "OUTPUT_READY", "https://x.example/1", 500.0),
        ("2", "main", "OUTPUT_READY", "https://x.example/2", 3000.0),
        ("3", "main", "IN_FLIGHT", None, 1.0),
        ("4", "gone", "IN_FLIGHT", None, 1.0),
        ("5", "gone", "IN_FLIGHT", None, 1.0),
    ):
        await database.execute(INSERT, name, account, state, address, seconds)
    found = await watch.look()
    await database.close()
    await engine.dispose()

    assert (nothing.soonest_expiry_seconds, nothing.without_account) == (None, {})
    assert found.without_account == {"gone": 2}
    assert found.soonest_expiry_seconds is not None
    assert 400 < found.soonest_expiry_seconds <= 500
