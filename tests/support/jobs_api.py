"""jobs-api inside a test: the service on parts of its own, shops that use it over HTTP, and the events of the other services."""

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from itertools import count as counting
from tempfile import TemporaryDirectory
from typing import Any

import asyncpg
import httpx
from darkroom_contracts.credits import Balances, CreditsRejected, CreditsReserved
from darkroom_contracts.envelope import Envelope, wrap
from darkroom_contracts.event import Event
from darkroom_contracts.items import ItemCompleted, StoredPicture
from darkroom_contracts.jobs import ItemFinished, ItemRequested, JobFinished, JobRequested
from darkroom_contracts.predictions import ItemCanceled, ItemFailed, ItemStarted, PredictionCreated
from darkroom_jobs_api.main import build
from darkroom_jobs_api.settings import JobsApiSettings
from darkroom_servicekit.auth import DEVELOPMENT_KEY, make_instance_token
from darkroom_servicekit.stages import Received
from support.kafka import Log, own_log
from support.service import eventually, migrated, running
from support.stack import StackAddresses, fresh_database, leased_redis, unique_name

JOBS = "/api/image-optimization"
ALLOWED = "127.0.0.1:9"
"""A private place that the service under test lets picture addresses name; nothing is fetched from it."""
WAIT_SECONDS = 60
"""For how long a request waits for a decision that comes: a slow machine must not be taken for one that does not."""
LONG_WAIT = f"wait={WAIT_SECONDS}"
_SEQUENCE = counting(1)
REQUESTED_TABLES = ("jobs", "items", "idempotency_keys")
TOLD_TABLES = {"outbox": "key", "balances_seen": "instance_id"}


def picture(number: int, **changes: Any) -> dict[str, Any]:
    """One good image of a request."""
    return {"imageId": f"image-{number}", "imageUrl": f"http://{ALLOWED}/{number}.jpg", "prompt": f"prompt {number}"} | changes


def request_body(count: int = 1, /, **changes: Any) -> dict[str, Any]:
    """A good request for a job."""
    return {
        "productId": "mug-12",
        "productName": "Enamel mug",
        "images": [picture(number) for number in range(1, count + 1)],
    } | changes


@dataclass(frozen=True)
class Shop:
    """A tenant with its token."""

    client: httpx.AsyncClient
    log: Log
    instance_id: str
    subject: str = "owner"

    @property
    def headers(self) -> dict[str, str]:
        token = make_instance_token(
            self.instance_id, key=DEVELOPMENT_KEY, now=datetime.now(UTC), ttl=timedelta(hours=1), subject=self.subject
        )
        return {"Authorization": f"Bearer {token}"}

    def as_person(self, subject: str) -> "Shop":
        """Another person of the same tenant."""
        return replace(self, subject=subject)

    async def get(self, path: str) -> httpx.Response:
        return await self.client.get(path, headers=self.headers)

    async def post(self, path: str, body: object, **headers: str) -> httpx.Response:
        return await self.client.post(path, json=body, headers=self.headers | headers)

    async def submit(self, body: object, *, prefer: str = "respond-async", key: str | None = None) -> httpx.Response:
        """Ask for a job; by default without waiting for its credits."""
        headers = {"Prefer": prefer} | ({"Idempotency-Key": key} if key else {})
        return await self.client.post(JOBS, json=body, headers=self.headers | headers)

    async def detail(self, job_id: int) -> dict[str, Any]:
        answer = await self.get(f"{JOBS}/jobs/{job_id}")
        assert answer.status_code == 200, answer.text
        found: dict[str, Any] = answer.json()
        return found

    async def requested(self, jobs: int = 1) -> list[tuple[JobRequested, Envelope]]:
        """The tenant's JobRequested events, as soon as there are this many."""
        return await self._of(JobRequested, jobs)

    async def items_requested(self, items: int) -> list[ItemRequested]:
        return [event for event, _ in await self._of(ItemRequested, items)]

    async def items_finished(self, items: int) -> list[ItemFinished]:
        return [event for event, _ in await self._of(ItemFinished, items)]

    async def jobs_finished(self, jobs: int = 1) -> list[JobFinished]:
        return [event for event, _ in await self._of(JobFinished, jobs)]

    async def _of(self, kind: type[Any], number: int) -> list[tuple[Any, Envelope]]:
        seen = await self.log.events(
            lambda events: sum(isinstance(one.event, kind) for one in events) >= number, instance_id=self.instance_id
        )
        return [(one.event, one.envelope) for one in seen if isinstance(one.event, kind)]

    async def say(self, *events: Event) -> None:
        """Put events of other services into the log, each with a later sequence than all before."""
        await self.log.send([(event, _enveloped(event, next(_SEQUENCE))) for event in events])

    async def reserve(self, job_id: int, *, amount: int = 15, available: int = 100, held: int = 15) -> None:
        """What credits says when it holds a job's price."""
        balances = Balances(available=available, held=held, spent=0)
        await self.say(CreditsReserved(instance_id=self.instance_id, job_id=job_id, amount=amount, balances=balances))

    async def reject(self, job_id: int, *, needed: int, available: int, renews_at: datetime | None = None) -> None:
        """What credits says when there are too few."""
        balances = Balances(available=available, held=30, spent=0)
        await self.say(
            CreditsRejected(instance_id=self.instance_id, job_id=job_id, needed=needed, balances=balances, renews_at=renews_at)
        )

    async def running_job(self, images: int) -> tuple[int, list[ItemRequested]]:
        """A job whose credits are held and whose items have been asked for."""
        answer = await self.submit(request_body(images))
        assert answer.status_code == 202, answer.text
        job_id = answer.json()["job"]["id"]
        await self.reserve(job_id, amount=15 * images)
        await self.log.events(lambda events: len(_items_of(job_id, events)) >= images, instance_id=self.instance_id)
        return job_id, _items_of(job_id, self.log.seen(self.instance_id))

    async def predictions_were_handled(self) -> None:
        """Wait until the service has taken all that was said on the topic of predictions.

        A tenant's messages keep their order within a topic, not between two: so the last word is one on that topic.
        """
        job_id, [item] = await self.running_job(1)
        await self.say(started(item))

        async def begun() -> bool:
            return bool((await self.detail(job_id))["job"]["status"] == "RUNNING")

        await eventually(begun)


def _items_of(job_id: int, events: Sequence[Received[Event]]) -> list[ItemRequested]:
    return [one.event for one in events if isinstance(one.event, ItemRequested) and one.event.job_id == job_id]


def _enveloped(event: Event, sequence: int) -> Envelope:
    return replace(wrap(event, source="/tests", now=datetime.now(UTC)), sequence=sequence)


def started(item: ItemRequested) -> ItemStarted:
    return ItemStarted(instance_id=item.instance_id, job_id=item.job_id, item_id=item.item_id, image_id=item.image_id, attempt=1)


def created(item: ItemRequested) -> PredictionCreated:
    return PredictionCreated(
        instance_id=item.instance_id,
        job_id=item.job_id,
        item_id=item.item_id,
        image_id=item.image_id,
        attempt=1,
        attempt_id="0199f3a0-0000-7000-8000-000000000000",
        callback_token_sha256="0" * 64,
        provider="replicate",
        account="replicate-1",
        model=item.model,
        prediction_id=f"prediction-{item.item_id}",
        expected_seconds=10,
        cancel_after_seconds=120,
        webhook_expected=True,
        created_at=datetime.now(UTC),
    )


def completed(item: ItemRequested) -> ItemCompleted:
    stored = StoredPicture(
        key=f"results/{item.item_id}.jpg",
        thumbnail_key=f"thumbnails/{item.item_id}.webp",
        width=100,
        height=80,
        size_bytes=5000,
        format="jpg",
        sha256="0" * 64,
    )
    return ItemCompleted(
        instance_id=item.instance_id,
        job_id=item.job_id,
        item_id=item.item_id,
        image_id=item.image_id,
        attempt=1,
        attempt_id="0199f3a0-0000-7000-8000-000000000000",
        prediction_id=f"prediction-{item.item_id}",
        result=stored,
    )


def failed(item: ItemRequested, *, reached_provider: bool = True) -> ItemFailed:
    return ItemFailed(
        instance_id=item.instance_id,
        job_id=item.job_id,
        item_id=item.item_id,
        image_id=item.image_id,
        attempt=1,
        code="moderation",
        message="The studio refused this picture: it was flagged as sensitive.",
        reached_provider=reached_provider,
    )


def canceled(item: ItemRequested, *, reached_provider: bool) -> ItemCanceled:
    return ItemCanceled(
        instance_id=item.instance_id,
        job_id=item.job_id,
        item_id=item.item_id,
        image_id=item.image_id,
        reached_provider=reached_provider,
    )


@dataclass(frozen=True)
class JobsApi:
    """The running service, and its database to look into."""

    client: httpx.AsyncClient
    log: Log
    database: asyncpg.Pool
    settings: JobsApiSettings

    def shop(self, hint: str = "shop") -> Shop:
        """A tenant that nobody else uses."""
        return Shop(self.client, self.log, unique_name(hint))

    @asynccontextmanager
    async def second_replica(self) -> AsyncIterator["JobsApi"]:
        """Another process' worth of the same service, on the same parts."""
        async with running(build(self.settings)) as client:
            yield replace(self, client=client)

    async def row(self, statement: str, *values: object) -> Mapping[str, Any]:
        found: Mapping[str, Any] = await self.database.fetchrow(statement, *values)
        return found

    async def rows(self, statement: str, *values: object) -> Sequence[Mapping[str, Any]]:
        found: Sequence[Mapping[str, Any]] = await self.database.fetch(statement, *values)
        return found

    async def counts(self, shop: Shop) -> dict[str, int]:
        """How many rows everything has that a shop's request may change.

        What events change on their own is counted for the shop alone: those of an earlier test may still be on their way.
        """
        requested = {name: await self.database.fetchval(f"SELECT count(*) FROM {name}") for name in REQUESTED_TABLES}
        told = {
            table: await self.database.fetchval(f"SELECT count(*) FROM {table} WHERE {tenant} = $1", shop.instance_id)
            for table, tenant in TOLD_TABLES.items()
        }
        return requested | told


@asynccontextmanager
async def running_jobs_api(parts: StackAddresses, **settings: Any) -> AsyncIterator[JobsApi]:
    """The service on a log, a database and a Redis of its own."""
    async with (
        fresh_database(parts, "jobs_api") as database_url,
        leased_redis(parts) as redis_url,
        own_log(parts) as log,
        AsyncExitStack() as rest,
    ):
        folder = rest.enter_context(TemporaryDirectory())
        await migrated("jobs-api", database_url)
        given = {
            "kafka_bootstrap_servers": parts.kafka,
            "kafka_prefix": log.prefix,
            "database_url": database_url,
            "redis_url": redis_url,
            "public_url": "https://darkroom.localhost",
            "media_url": None,
            "wix_app_secret": DEVELOPMENT_KEY,
            "jwt_secret": DEVELOPMENT_KEY,
            "fetch_allow": ALLOWED,
            "requests_per_minute": 100_000,
            "store_base_url": None,
            "storage_url": f"file://{folder}",
            "log_level": "WARNING",
        }
        chosen = JobsApiSettings(**(given | settings))
        app = build(chosen)
        async with asyncpg.create_pool(database_url, min_size=1, max_size=2) as database, running(app) as client:
            yield JobsApi(client, log, database, chosen)
