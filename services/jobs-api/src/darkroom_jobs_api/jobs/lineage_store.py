"""SQL of lineages: the tries of pictures, read under a lock of the first job they come from.

Whoever makes a picture again, a shop's retry or an operator's redrive, takes this lock before reading, so each sees the other.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from darkroom_servicekit.database import Transaction
from sqlalchemy import text

from darkroom_jobs_api.jobs.lineage import Try

# `retry_of` never changes, so the first job of a lineage is known before it is locked.
FIRST_JOBS = text(
    """
    WITH RECURSIVE earlier AS (
        SELECT id AS job_id, id, retry_of FROM jobs WHERE id = ANY(CAST(:job_ids AS bigint[]))
        UNION ALL
        SELECT earlier.job_id, jobs.id, jobs.retry_of FROM earlier JOIN jobs ON jobs.id = earlier.retry_of
    )
    SELECT job_id, id AS first_job_id FROM earlier WHERE retry_of IS NULL
    """
)
LOCK = text("SELECT id FROM jobs WHERE id = ANY(CAST(:ids AS bigint[])) ORDER BY id FOR NO KEY UPDATE")
TRIES = text(
    """
    WITH RECURSIVE later AS (
        SELECT id AS first_job_id, id FROM jobs WHERE id = ANY(CAST(:ids AS bigint[]))
        UNION ALL
        SELECT later.first_job_id, jobs.id FROM later JOIN jobs ON jobs.retry_of = later.id
    )
    SELECT later.first_job_id, items.image_id, items.id AS item_id, items.job_id, jobs.retry_of, items.place, jobs.redriven,
           items.status, items.charge IS NOT DISTINCT FROM 'spend' AS spent, jobs.price_credits, items.credits_given_back
    FROM later JOIN jobs ON jobs.id = later.id JOIN items ON items.job_id = later.id
    """
)


@dataclass(frozen=True)
class Lineages:
    """The tries of every picture of some jobs."""

    first_jobs: Mapping[int, int]
    """The first job of each job's lineage."""
    tries: Mapping[tuple[int, str], list[Try]]
    """By the first job and the caller's name of the picture, which is unique within a job."""

    def of(self, job_id: int, image_id: str) -> list[Try]:
        """Return all tries of a picture of one of the jobs."""
        return self.tries[self.first_jobs[job_id], image_id]


async def lock_lineages(transaction: Transaction, job_ids: Iterable[int]) -> Lineages:
    """Lock the lineages of these jobs until the commit and read them. Jobs that do not exist are left out."""
    found = (await transaction.execute(FIRST_JOBS, {"job_ids": sorted(set(job_ids))})).all()
    first_jobs = {row.job_id: row.first_job_id for row in found}
    ids = {"ids": sorted(set(first_jobs.values()))}
    await transaction.execute(LOCK, ids)
    tries: dict[tuple[int, str], list[Try]] = {}
    for row in await transaction.execute(TRIES, ids):
        values = {name: value for name, value in row._mapping.items() if name in Try.__dataclass_fields__}
        tries.setdefault((row.first_job_id, row.image_id), []).append(Try(**values))
    return Lineages(first_jobs, tries)
