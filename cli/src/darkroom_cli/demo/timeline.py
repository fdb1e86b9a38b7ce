"""The way of one item through the services, read back from Kafka as any auditor could."""

from dataclasses import dataclass
from datetime import datetime

from darkroom_servicekit.story import StoryEvent, Wanted, read_story

EVENTS_MAX = 50_000


@dataclass(frozen=True)
class Step:
    """One event of the story: when it was told, by which service."""

    at: datetime
    event: str
    service: str
    subject: str


async def steps_of_job(bootstrap: str, *, job_id: int, instance_id: str, since: datetime) -> list[Step]:
    """The job's events since a time, causes first, from the event topics up to their present ends."""
    wanted = Wanted(instance_id=instance_id, job_id=job_id, since=since, events_max=EVENTS_MAX)
    return [_step(event) for event in (await read_story(bootstrap, wanted)).events]


def _step(event: StoryEvent) -> Step:
    return Step(event.at, event.type.split(".")[1], event.source.rsplit("/", 1)[-1], event.subject)


def way_of_item(steps: list[Step], *, job_id: int, item_id: int) -> list[Step]:
    """The steps of one item, and those of its job as a whole that it went through."""
    item, job = f"jobs/{job_id}/items/{item_id}", f"jobs/{job_id}"
    of_job = {"JobRequested", "CreditsReserved", "JobFinished"}
    return [step for step in steps if step.subject == item or (step.subject == job and step.event in of_job)]
