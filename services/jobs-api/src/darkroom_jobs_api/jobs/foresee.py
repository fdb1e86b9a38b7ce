"""What is foreseen of a tenant's jobs and pictures: places, starts and ends, by the last measurement of the queue.

Asked with every answer and stored nowhere; where nothing is known yet, nothing is said.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from darkroom_contracts.queue_place import WaitsFor
from darkroom_servicekit.queue_view import Foreseen, Outlook, QueueView
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from darkroom_jobs_api.jobs.job import Item, Job

OPEN = ("PENDING", "RUNNING")
AT_THE_STUDIO = ("RUNNING", "PROCESSING")
WAITING = text(
    """
    SELECT jobs.id, catalogue_products.provider,
           (SELECT count(*) FROM items WHERE items.job_id = jobs.id AND items.status = 'PENDING') AS waiting,
           (SELECT max(items.updated_at) FROM items
            WHERE items.job_id = jobs.id AND items.status IN ('RUNNING', 'PROCESSING')) AS begun_at
    FROM jobs JOIN catalogue_products ON catalogue_products.name = jobs.product
    WHERE jobs.id = ANY(CAST(:ids AS bigint[])) AND jobs.instance_id = :instance_id
    """
)


@dataclass(frozen=True)
class JobForeseen:
    """Of a job: its next picture's place, and when its last result is there."""

    position: int | None = None
    finishes_at: datetime | None = None


@dataclass(frozen=True)
class ItemForeseen:
    """Of a picture: its place while it waits, when it starts, and what it waits for."""

    position: int | None = None
    starts_at: datetime | None = None
    waits_for: WaitsFor | None = None


NOTHING_OF_JOB, NOTHING_OF_ITEM = JobForeseen(), ItemForeseen()


@dataclass(frozen=True)
class _Waiting:
    provider: str
    items: int
    begun_at: datetime | None


async def foresee_jobs(
    connection: AsyncConnection, view: QueueView, instance_id: str, jobs: Sequence[Job], *, now: datetime
) -> Mapping[int, JobForeseen]:
    """What is foreseen of the open ones of these jobs whose credits are held."""
    foreseen: dict[int, JobForeseen] = {}
    for job_id, waiting in (await _waiting(connection, instance_id, jobs)).items():
        outlook = view.outlook(instance_id, waiting.provider)
        if outlook is None:
            continue
        if waiting.items:
            first, last = outlook.of_ends(job_id, waiting.items, now=now)
            foreseen[job_id] = JobForeseen(first.position, last.finishes_at)
        elif waiting.begun_at is not None:
            foreseen[job_id] = JobForeseen(None, _ends_at(waiting.begun_at, outlook, now))
    return foreseen


async def foresee_items(
    connection: AsyncConnection, view: QueueView, instance_id: str, job: Job, items: Sequence[Item], *, now: datetime
) -> tuple[JobForeseen, Mapping[int, ItemForeseen]]:
    """What is foreseen of a job and of each of its pictures that has not ended."""
    at_the_studio = {item.id: ItemForeseen(waits_for="studio") for item in items if item.status in AT_THE_STUDIO}
    found = await _waiting(connection, instance_id, [job])
    outlook = view.outlook(instance_id, found[job.id].provider) if job.id in found else None
    if outlook is None:
        return NOTHING_OF_JOB, at_the_studio
    pending = [item.id for item in items if item.status == "PENDING"]
    places = outlook.of_job(job.id, len(pending), now=now)
    ends = [_ends_at(item.updated_at, outlook, now) for item in items if item.status in AT_THE_STUDIO]
    ends += [place.finishes_at for place in places if place.finishes_at is not None]
    known = all(place.finishes_at is not None for place in places)
    foreseen = JobForeseen(places[0].position if places else None, max(ends) if ends and known else None)
    waiting = {item_id: _item(place) for item_id, place in zip(pending, places, strict=True)}
    return foreseen, at_the_studio | waiting


def _item(place: Foreseen) -> ItemForeseen:
    return ItemForeseen(place.position, place.starts_at, place.waits_for)


def _ends_at(begun_at: datetime, outlook: Outlook, now: datetime) -> datetime:
    return max(now, begun_at + outlook.usual())


async def _waiting(connection: AsyncConnection, instance_id: str, jobs: Sequence[Job]) -> dict[int, _Waiting]:
    ids = [job.id for job in jobs if job.status in OPEN and job.decision == "RESERVED"]
    if not ids:
        return {}
    rows = await connection.execute(WAITING, {"ids": ids, "instance_id": instance_id})
    return {row.id: _Waiting(row.provider, row.waiting, row.begun_at) for row in rows}
