"""Old rows of the predictor are deleted soon after its start, in bounded batches; young rows and open strays stay."""

from collections.abc import AsyncIterator

import asyncpg
import pytest
from darkroom_predictor.main import build
from darkroom_servicekit import housekeeping
from predictor.conftest import MakeSettings
from support.service import eventually, running

OLD_ROWS = 25_000
STRAYS = """
    INSERT INTO stray_predictions (provider, prediction_id, account, attempt_id, instance_id, found_by, found_at, cancel_at)
    SELECT 'replicate', $2 || n, 'gone', gen_random_uuid(), 'shop', 'list',
           clock_timestamp() - make_interval(days => $3), $4::timestamptz
    FROM generate_series(1, $1::int) AS n
"""
REFUSALS = """
    INSERT INTO model_refusals (provider, model, field, instance_id, refused_at)
    SELECT 'replicate', 'model', $2, 'shop-' || n, clock_timestamp() - make_interval(secs => $3)
    FROM generate_series(1, $1::int) AS n
"""
COUNT_DELETED = """
    CREATE TABLE deleted (source text, rows bigint);
    CREATE FUNCTION count_deleted() RETURNS trigger LANGUAGE plpgsql AS
        $$ BEGIN INSERT INTO deleted SELECT TG_TABLE_NAME, count(*) FROM gone; RETURN NULL; END $$;
    CREATE TRIGGER counted AFTER DELETE ON stray_predictions
        REFERENCING OLD TABLE AS gone FOR EACH STATEMENT EXECUTE FUNCTION count_deleted();
    CREATE TRIGGER counted AFTER DELETE ON model_refusals
        REFERENCING OLD TABLE AS gone FOR EACH STATEMENT EXECUTE FUNCTION count_deleted();
"""


@pytest.fixture
async def database(predictor_database: str) -> AsyncIterator[asyncpg.Connection]:
    connection = await asyncpg.connect(predictor_database)
    yield connection
    await connection.close()


@pytest.fixture
async def deletions(database: asyncpg.Connection) -> None:
    """The table `deleted` gets a row for each statement that deletes."""
    await database.execute(COUNT_DELETED)


@pytest.mark.usefixtures("deletions")
async def test_old_strays_and_refusals_are_deleted_in_bounded_batches_soon_after_the_start(
    make_settings: MakeSettings, database: asyncpg.Connection
) -> None:
    now = await database.fetchval("SELECT clock_timestamp()")
    await database.execute(STRAYS, OLD_ROWS, "old-", 31, None)
    await database.execute(STRAYS, 2, "young-", 29, None)
    await database.execute(STRAYS, 1, "not-cancelled-", 31, now)
    await database.execute(REFUSALS, OLD_ROWS, "old", 601.0)
    await database.execute(REFUSALS, 3, "young", 0.0)
    async with running(build(make_settings())):

        async def only_the_young_are_left() -> bool:
            left = [await database.fetchval(f"SELECT count(*) FROM {table}") for table in ("stray_predictions", "model_refusals")]
            return left == [3, 3]

        await eventually(only_the_young_are_left)
    largest = await database.fetch("SELECT source, max(rows) AS rows FROM deleted GROUP BY source ORDER BY source")
    assert [tuple(row) for row in largest] == [
        ("model_refusals", housekeeping.BATCH_ROWS),
        ("stray_predictions", housekeeping.BATCH_ROWS),
    ]
    ids = await database.fetch("SELECT prediction_id FROM stray_predictions ORDER BY 1")
    assert [row["prediction_id"] for row in ids] == ["not-cancelled-1", "young-1", "young-2"]
