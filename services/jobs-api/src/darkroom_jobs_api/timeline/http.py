"""`GET /api/operator/jobs/{id}/timeline`: every event of a job, of any tenant, in causal order."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from typing import Annotated, Any

from aiokafka.errors import KafkaError
from darkroom_servicekit.auth import Principal
from darkroom_servicekit.database import UnitOfWork
from darkroom_servicekit.http import Body
from darkroom_servicekit.operators import only_operators
from darkroom_servicekit.problems import Problem, ProblemBody
from darkroom_servicekit.story import Story, StoryEvent, Wanted, read_story
from fastapi import APIRouter, Depends, Query, Response
from sqlalchemy import text

from darkroom_jobs_api.answers import UtcTime, json_answer, problems
from darkroom_jobs_api.jobs.http import no_such_job
from darkroom_jobs_api.jobs.paging import read_id

EVENTS_DEFAULT, EVENTS_MAX = 1000, 10_000
AFTER_THE_END = timedelta(hours=1)
"""What is told of a job after its end (messages sent, credits cleared) comes within this."""
READERS_MAX = 2
"""Stories that one replica reads at once; each is a consumer of its own."""
RETRY_AFTER_SECONDS = 5

JOB = text("SELECT instance_id, created_at, finished_at FROM jobs WHERE id = :job_id")


class StoryEventBody(Body):
    """One event. `data`: what it says, without what is large."""

    id: str
    type: str
    at: UtcTime
    causation_id: str | None
    source: str
    subject: str
    instance_id: str
    data: dict[str, Any]


class TimelineBody(Body):
    """A job's story, causes first; `cut` when it was longer than could be read."""

    instance_id: str
    events: list[StoryEventBody]
    cut: bool


class Timelines:
    """Reads stories, a few at a time."""

    def __init__(self, unit_of_work: UnitOfWork, bootstrap_servers: str, *, prefix: str) -> None:
        self._unit_of_work = unit_of_work
        self._bootstrap_servers = bootstrap_servers
        self._prefix = prefix
        self._reading = asyncio.Semaphore(READERS_MAX)

    async def __call__(self, job_id: int, *, events_max: int) -> TimelineBody | None:
        """None when there is no such job. Raises KafkaError, TimeoutError when the log does not answer."""
        async with self._unit_of_work.read() as connection:
            row = (await connection.execute(JOB, {"job_id": job_id})).one_or_none()
        if row is None:
            return None
        ended: datetime | None = row.finished_at
        wanted = Wanted(
            instance_id=row.instance_id,
            job_id=job_id,
            since=row.created_at,
            until=None if ended is None else ended + AFTER_THE_END,
            events_max=events_max,
        )
        async with self._reading:
            return _body(row.instance_id, await read_story(self._bootstrap_servers, wanted, prefix=self._prefix))


def timeline_routes(timelines: Timelines, principal: Callable[..., Awaitable[Principal]]) -> APIRouter:
    """The story of any tenant's job."""
    router = APIRouter(prefix="/api/operator/jobs", tags=["operator"])
    operator = Depends(only_operators(principal))
    refusals = problems(400, 401, 404, 429, 503) | {403: {"model": ProblemBody, "description": "This needs the role `operator`"}}

    @router.get("/{job_id}/timeline", response_model=TimelineBody, responses=refusals)
    async def timeline(
        job_id: str,
        limit: Annotated[int, Query(ge=1, le=EVENTS_MAX, description="events at most")] = EVENTS_DEFAULT,
        _operator: Principal = operator,
    ) -> Response:
        """Every event of a job in causal order, from the log itself."""
        number = read_id(job_id)
        try:
            found = None if number is None else await timelines(number, events_max=limit)
        except (KafkaError, TimeoutError, OSError) as error:
            retry = {"Retry-After": str(RETRY_AFTER_SECONDS)}
            raise Problem(503, "The event log does not answer", "Try again in a moment.", headers=retry) from error
        if found is None:
            raise no_such_job()
        return json_answer(found)

    return router


def _body(instance_id: str, story: Story) -> TimelineBody:
    return TimelineBody(instance_id=instance_id, events=[_event(event) for event in story.events], cut=story.cut)


def _event(event: StoryEvent) -> StoryEventBody:
    shown = {name: getattr(event, name) for name in StoryEventBody.model_fields}
    return StoryEventBody(**shown)
