"""SQL of the doctor: jobs that stand still, items that others are waited for, and what is needed to tell or ask again."""

from collections.abc import Sequence
from typing import Any

from darkroom_servicekit.database import Transaction, UnitOfWork
from darkroom_servicekit.doctor import FOUND_MAX, Thing
from sqlalchemy import text

from darkroom_jobs_api.jobs.progress_store import OpenJob, lock_jobs

AGE = "extract(epoch FROM clock_timestamp() - {})::float8 AS age_seconds"
OLD = "{} < clock_timestamp() - make_interval(secs => :older)"
UNDECIDED = f"""
    SELECT id::text AS id, instance_id, status AS state, {AGE.format("created_at")} FROM jobs
    WHERE decision = 'WAITING' AND finished_at IS NULL AND {OLD.format("created_at")} ORDER BY id LIMIT {FOUND_MAX}
"""  # noqa: S608 - our own constants
UNASKED = f"""
    SELECT id::text AS id, instance_id,
           items_released || ' of ' || items_total || ' asked for' || coalesce(': ' || release_error, '') AS state,
           {AGE.format("updated_at")}
    FROM jobs
    WHERE finished_at IS NULL AND items_released < items_total AND (decision = 'RESERVED' OR cancel_requested_at IS NOT NULL)
      AND {OLD.format("updated_at")} ORDER BY id LIMIT {FOUND_MAX}
"""  # noqa: S608 - our own constants
# Both go from the open jobs to their items: LIMIT 1 and OFFSET 0 keep the planner from walking all items that there ever were.
UNCOUNTED = f"""
    SELECT jobs.id::text AS id, jobs.instance_id, jobs.status AS state, {AGE.format("jobs.updated_at")}
    FROM jobs CROSS JOIN LATERAL (
        SELECT count(*) AS items FROM (
            SELECT FROM items WHERE items.job_id = jobs.id AND items.status IN ('PENDING', 'RUNNING', 'PROCESSING') LIMIT 1
        ) AS open
    ) AS first
    WHERE jobs.finished_at IS NULL AND {OLD.format("jobs.updated_at")} AND first.items = 0
    ORDER BY jobs.id LIMIT {FOUND_MAX}
"""  # noqa: S608 - our own constants
OPEN_ITEMS = f"""
    SELECT item.id::text AS id, item.instance_id, item.status AS state, {AGE.format("item.updated_at")}
    FROM jobs CROSS JOIN LATERAL (
        SELECT items.id, items.instance_id, items.status, items.updated_at FROM items
        WHERE items.job_id = jobs.id AND items.place <= jobs.items_released
          AND items.status IN ('PENDING', 'RUNNING', 'PROCESSING') AND items.id > CAST(:after AS bigint)
          AND {OLD.format("items.updated_at")}
        OFFSET 0
    ) AS item
    WHERE jobs.finished_at IS NULL AND {OLD.format("jobs.created_at")}
    ORDER BY item.id LIMIT {FOUND_MAX}
"""  # noqa: S608 - our own constants
KNOWN_JOBS = f"""
    SELECT id::text AS id, instance_id, status AS state, {AGE.format("coalesce(finished_at, updated_at)")} FROM jobs
    WHERE id = ANY(CAST(:ids AS bigint[]))
"""  # noqa: S608 - our own constants
ENDED_JOBS = "SELECT id, error FROM jobs WHERE id = ANY(CAST(:ids AS bigint[])) AND finished_at IS NOT NULL ORDER BY id"
ITEMS_TO_ASK = """
    SELECT items.id, items.instance_id, items.job_id, items.image_id, items.image_url, items.prompt,
           jobs.product, jobs.options, jobs.input_template, jobs.output_terms, jobs.redriven, jobs.decision_envelope,
           jobs.created_at AS requested_at
    FROM items JOIN jobs ON jobs.id = items.job_id
    WHERE items.id = ANY(CAST(:ids AS bigint[])) AND items.status = 'PENDING' AND jobs.decision = 'RESERVED'
      AND jobs.finished_at IS NULL AND jobs.cancel_requested_at IS NULL AND items.place <= jobs.items_released
    ORDER BY items.job_id, items.place
"""


class DoctorTable:
    """What the doctor reads of jobs and items."""

    def __init__(self, unit_of_work: UnitOfWork) -> None:
        self._unit_of_work = unit_of_work

    async def undecided(self, older_seconds: float) -> list[Thing]:
        return await self._things(UNDECIDED, {"older": older_seconds})

    async def unasked(self, older_seconds: float) -> list[Thing]:
        return await self._things(UNASKED, {"older": older_seconds})

    async def uncounted(self, older_seconds: float) -> list[Thing]:
        return await self._things(UNCOUNTED, {"older": older_seconds})

    async def open_items(self, after: int, older_seconds: float) -> list[Thing]:
        return await self._things(OPEN_ITEMS, {"after": after, "older": older_seconds})

    async def jobs(self, ids: Sequence[int]) -> list[Thing]:
        return await self._things(KNOWN_JOBS, {"ids": list(ids)})

    async def _things(self, statement: str, values: dict[str, Any]) -> list[Thing]:
        async with self._unit_of_work.read() as connection:
            return [Thing.model_validate(dict(row)) for row in (await connection.execute(text(statement), values)).mappings()]


async def ended_jobs(transaction: Transaction, ids: Sequence[int]) -> list[tuple[OpenJob, str | None]]:
    """Those of the jobs that have ended, with their error."""
    errors = {row.id: row.error for row in await transaction.execute(ENDED_JOBS, {"ids": list(ids)})}
    jobs = await lock_jobs(transaction, set(errors))
    return [(jobs[job_id], error) for job_id, error in errors.items()]


async def items_to_ask_again(transaction: Transaction, ids: Sequence[int]) -> Sequence[Any]:
    """Those of the items that were asked for, have not begun, and may still be worked on; with their jobs' part."""
    return (await transaction.execute(ITEMS_TO_ASK, {"ids": list(ids)})).all()
