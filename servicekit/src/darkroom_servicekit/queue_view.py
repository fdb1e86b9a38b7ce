"""The fair queue as the predictor told it last, in memory: one reader of the compacted topic in every process that asks.

No group and no offsets: each process reads the topic from its beginning, which is short, and keeps the newest of each key.
Before anything has been read nothing is known, and callers say so: a place in the queue is a courtesy, not a state.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog
from aiokafka import AIOKafkaConsumer, ConsumerRecord
from darkroom_contracts.envelope import Envelope, MalformedEnvelope, header_texts, read_event
from darkroom_contracts.queue import ProviderQueue, QueueMeasured, TenantPlace, TenantQueueMeasured
from darkroom_contracts.queue_place import Place, WaitsFor, current_place, place_of, turn_of
from pydantic import ValidationError

POLL_SECONDS = 5.0
FETCH_SECONDS_MAX = 5.0
LOOK_SECONDS = 2.0
RECORDS_MAX = 1_000
SAMPLES_MAX = 65
"""Items of a job that are placed one by one; between them, in a longer job, places and times rise evenly."""

log = structlog.get_logger()


@dataclass(frozen=True)
class Foreseen:
    """Where an item stands: its place (1: the next), when it starts and when its result is there; None: no telling."""

    position: int
    starts_at: datetime | None
    finishes_at: datetime | None
    waits_for: WaitsFor


@dataclass(frozen=True)
class Outlook:
    """One tenant's view of one provider's queue: all of it as at `measured_at`, its own part as at `own_at`."""

    tenant: str
    measured_at: datetime
    queue: ProviderQueue
    own: TenantPlace
    own_at: datetime | None = None

    def usual(self) -> timedelta:
        """How long an item takes from its start to its result, lately."""
        return timedelta(seconds=self.queue.usual_seconds)

    def of_job(self, job_id: int, items: int, *, now: datetime) -> list[Foreseen]:
        """What is foreseen of a job's `items` waiting items, in their order; of a job not known yet, as the tenant's newest."""
        if items <= 0:
            return []
        samples = min(items, SAMPLES_MAX)
        indexes = sorted({round(number * (items - 1) / max(1, samples - 1)) for number in range(samples)})
        places = [self._place(job_id, index) for index in indexes]
        foreseen: list[Foreseen] = []
        for first, last, place, after in zip(indexes, [*indexes[1:], items], places, [*places[1:], places[-1]], strict=True):
            foreseen += [
                self._foreseen(_between(place, after, (index - first) / (last - first)), now) for index in range(first, last)
            ]
        return foreseen

    def of_ends(self, job_id: int, items: int, *, now: datetime) -> tuple[Foreseen, Foreseen]:
        """What is foreseen of the first and of the last of a job's waiting items."""
        assert items > 0, "nothing waits"
        first, last = (self._foreseen(self._place(job_id, index), now) for index in (0, items - 1))
        return first, last

    def _place(self, job_id: int, index: int) -> Place:
        turn = turn_of(self.own, job_id, index)
        opens_at = self.queue.opens_at
        opens_in = 0.0 if opens_at is None else max(0.0, (opens_at - self.measured_at).total_seconds())
        return place_of(self.queue, self.own, self.tenant, turn, opens_in=opens_in)

    def _foreseen(self, place: Place, now: datetime) -> Foreseen:
        starts_at = None if place.seconds is None else max(now, self.measured_at + timedelta(seconds=place.seconds))
        return Foreseen(place.ahead + 1, starts_at, None if starts_at is None else starts_at + self.usual(), place.waits_for)


class QueueView:
    """`run` for ever; `outlook` at any time."""

    def __init__(self, bootstrap_servers: str, *, prefix: str, client_id: str) -> None:
        self._bootstrap_servers = bootstrap_servers
        self._topic = prefix + QueueMeasured.topic
        self._client_id = client_id
        self._measured: QueueMeasured | None = None
        self._tenants: dict[str, TenantQueueMeasured] = {}
        self._changed = asyncio.Event()

    async def run(self) -> None:
        """Keep up with the topic until cancelled; raises when Kafka is away, to be started again by its loop."""
        consumer = AIOKafkaConsumer(
            self._topic,
            bootstrap_servers=self._bootstrap_servers.split(","),
            client_id=self._client_id,
            group_id=None,
            auto_offset_reset="earliest",
            enable_auto_commit=False,
            consumer_timeout_ms=int(LOOK_SECONDS * 1000),
            fetch_max_wait_ms=int(FETCH_SECONDS_MAX * 1000),
        )
        try:
            await consumer.start()
            while True:
                found = await consumer.getmany(timeout_ms=int(POLL_SECONDS * 1000), max_records=RECORDS_MAX)
                for records in found.values():
                    for record in records:
                        self._take(record)
                if found:
                    self._changed.set()
        finally:
            await consumer.stop()

    async def changed(self) -> None:
        """Wait until something has been read since the last call. One waiter."""
        await self._changed.wait()
        self._changed.clear()

    def outlook(self, tenant: str, provider: str) -> Outlook | None:
        """How a provider's queue looks to a tenant; None while nothing is known of it."""
        if self._measured is None:
            return None
        queue = next((one for one in self._measured.queues if one.provider == provider), None)
        if queue is None:
            return None
        known = next((one for one in self._places(tenant) if one.provider == provider), None)
        told = self._tenants.get(tenant)
        return Outlook(
            tenant, self._measured.measured_at, queue, current_place(queue, known), None if told is None else told.measured_at
        )

    def waiting_jobs(self, tenant: str) -> list[tuple[str, int, int]]:
        """(provider, job, waiting items) of the jobs that are known to wait, the first of each lane."""
        return [
            (place.provider, job_id, waiting)
            for place in self._places(tenant)
            for lane in (place.fresh, place.behind)
            for job_id, waiting in lane.jobs
        ]

    def _places(self, tenant: str) -> Sequence[TenantPlace]:
        known = self._tenants.get(tenant)
        return known.places if known else ()

    def _take(self, record: ConsumerRecord) -> None:
        """Keep what is newer than what is known of its key."""
        try:
            if not record.value:
                self._tenants.pop((record.key or b"").decode(), None)
                return
            event = read_event(Envelope.from_headers(header_texts(record.headers)), record.value)
        except (MalformedEnvelope, ValidationError, KeyError, UnicodeDecodeError) as error:
            log.error("unreadable measurement", offset=record.offset, error=str(error)[:300])
            return
        if isinstance(event, QueueMeasured):
            if self._measured is None or self._measured.measured_at <= event.measured_at:
                self._measured = event
        elif isinstance(event, TenantQueueMeasured):
            self._tenants[event.instance_id] = event


def _between(place: Place, after: Place, part: float) -> Place:
    if part == 0:
        return place
    seconds = None if place.seconds is None or after.seconds is None else place.seconds + (after.seconds - place.seconds) * part
    return Place(round(place.ahead + (after.ahead - place.ahead) * part), seconds, place.waits_for)
