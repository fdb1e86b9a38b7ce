"""What is asked all day reads the open jobs alone, however many have ended: the planner's choice, not a time."""

from collections.abc import AsyncIterator
from typing import Any

import pytest
from darkroom_jobs_api.jobs.doctor_store import OPEN_ITEMS, UNCOUNTED
from darkroom_jobs_api.jobs.lineage_store import FIRST_JOBS, TRIES
from darkroom_jobs_api.jobs.store import LIST_OPEN
from darkroom_servicekit.database import build_engine
from sqlalchemy import TextClause, text
from sqlalchemy.ext.asyncio import AsyncConnection
from support.jobs_api import JobsApi

ENDED_JOBS = 100_000
OPEN_JOBS = 20
FILL = f"""
    WITH made AS (
        INSERT INTO jobs (instance_id, subject, product, product_id, product_name, options, price_version, price_credits,
                          failed_items_refunded, status, items_total, items_done, items_released, created_at, updated_at,
                          finished_at)
        SELECT 'large', 's', 'optimize', 'p', 'n', '{{}}', 1, 15, false, CASE WHEN open THEN 'RUNNING' ELSE 'DONE' END, 1,
               CASE WHEN open THEN 0 ELSE 1 END, 1, now(), now(), CASE WHEN open THEN NULL ELSE now() END
        FROM (SELECT number % {ENDED_JOBS // OPEN_JOBS} = 0 AS open FROM generate_series(1, {ENDED_JOBS}) AS number) AS job
        RETURNING id, finished_at
    )
    INSERT INTO items (job_id, instance_id, place, image_id, image_url, prompt, status, charge, result_key, thumbnail_key,
                       created_at, updated_at)
    SELECT id, 'large', 1, 'i', 'u', 'p', CASE WHEN finished_at IS NULL THEN 'RUNNING' ELSE 'DONE' END,
           CASE WHEN finished_at IS NOT NULL THEN 'spend' END, 'r', 't', now(), now() FROM made
"""
SOME_TRIED_AGAIN = """
    UPDATE jobs SET retry_of = id - 1
    WHERE instance_id = 'large' AND id % 20 = 0 AND EXISTS (SELECT FROM jobs AS before WHERE before.id = jobs.id - 1)
"""
QUESTIONS: list[tuple[str, str, dict[str, Any]]] = [
    (
        "a shop's open jobs",
        str(LIST_OPEN),
        {"instance_id": "large", "before": 2**62, "statuses": ["PENDING", "RUNNING"], "rows_max": 21},
    ),
    ("the doctor's open items", OPEN_ITEMS, {"after": 0, "older": 0.0}),
    ("the doctor's uncounted jobs", UNCOUNTED, {"older": 0.0}),
]


@pytest.fixture(scope="module")
async def many_jobs(jobs_api: JobsApi) -> AsyncIterator[AsyncConnection]:
    """A transaction, never committed, in which a shop has very many jobs that have ended."""
    engine = build_engine(jobs_api.settings.database_url, pool_size=1)
    async with engine.connect() as connection:
        await connection.execute(text(FILL))
        await connection.execute(text(SOME_TRIED_AGAIN))
        for table in ("jobs", "items"):
            await connection.execute(text(f"ANALYZE {table}"))
        yield connection
        await connection.rollback()
    await engine.dispose()


def scans(plan: dict[str, Any]) -> dict[str, str]:
    """Each table that a plan reads, and by which index."""
    own = {plan["Relation Name"]: plan.get("Index Name", plan["Node Type"])} if "Relation Name" in plan else {}
    for part in plan.get("Plans", ()):
        if "Index Name" in part and "Relation Name" not in part:  # the index under a bitmap scan of this table
            own = dict.fromkeys(own, part["Index Name"])
        own |= {table: index for table, index in scans(part).items() if table not in own}
    return own


@pytest.mark.parametrize(("what", "statement", "values"), QUESTIONS, ids=[question[0] for question in QUESTIONS])
async def test_open_jobs_are_found_by_their_index(
    many_jobs: AsyncConnection, what: str, statement: str, values: dict[str, Any]
) -> None:
    [[plan]] = (await many_jobs.execute(text(f"EXPLAIN (FORMAT JSON) {statement}"), values)).scalars()
    read = scans(plan["Plan"])
    assert read["jobs"] == "jobs_open", f"{what}: {read}"
    assert read.get("items", "items_job_id_place_key") == "items_job_id_place_key", f"{what}: {read}"


@pytest.mark.parametrize(
    ("statement", "values"), [(FIRST_JOBS, {"job_ids": [1, 2, 3]}), (TRIES, {"ids": [1, 2, 3]})], ids=["first jobs", "tries"]
)
async def test_the_tries_of_a_picture_are_found_by_their_keys(
    many_jobs: AsyncConnection, statement: TextClause, values: dict[str, Any]
) -> None:
    plan = "\n".join((await many_jobs.execute(text(f"EXPLAIN {statement}"), values)).scalars())
    assert "Seq Scan" not in plan, plan
