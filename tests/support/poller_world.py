"""A running poller with all around it: event log, database, provider double, storage; and the words to speak of it in tests."""

import json
import uuid
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import asyncpg
import httpx
from darkroom_contracts.event import Event
from darkroom_contracts.items import ItemCompleted, PredictionFailed
from darkroom_contracts.predictions import PredictionCreated
from darkroom_poller.main import build
from darkroom_poller.settings import PollerSettings
from darkroom_servicekit.auth import token_digest
from darkroom_servicekit.stages import Received
from support.kafka import Log, own_log
from support.pictures import picture
from support.provider_double import ProviderDouble, provider_double
from support.service import eventually, migrated, running
from support.stack import StackAddresses, fresh_database, leased_redis

MEDIA_SECRET = "a-media-secret-for-tests"


@dataclass
class Attempt:
    """An attempt as the predictor made it."""

    number: int
    instance_id: str
    attempt_id: str = field(default_factory=lambda: str(uuid.uuid4()))
    token: str = field(default_factory=lambda: uuid.uuid4().hex)

    @property
    def prediction_id(self) -> str:
        return f"p{self.number}x{self.attempt_id[:8]}"

    def created(self, **fields: Any) -> PredictionCreated:
        """The event that tells of it."""
        plain: dict[str, Any] = {
            "instance_id": self.instance_id,
            "job_id": 7,
            "item_id": self.number,
            "image_id": f"image-{self.number}",
            "attempt": 1,
            "attempt_id": self.attempt_id,
            "callback_token_sha256": token_digest(self.token),
            "provider": "replicate",
            "account": "replicate-1",
            "model": "google/nano-banana",
            "prediction_id": self.prediction_id,
            "expected_seconds": 60.0,
            "cancel_after_seconds": 300,
            "webhook_expected": True,
            "created_at": datetime.now(UTC),
        }
        return PredictionCreated(**(plain | fields))


@dataclass
class World:
    """Everything at hand."""

    log: Log
    double: ProviderDouble
    client: httpx.AsyncClient
    database_url: str
    storage: Path
    settings: PollerSettings
    instance_id: str = "shop-1"
    _count: int = 0

    def attempt(self, **options: Any) -> Attempt:
        """A new attempt whose prediction the provider knows as processing."""
        self._count += 1
        made = Attempt(self._count, self.instance_id, **options)
        self.double.end(made.prediction_id, status="processing", output=None)
        return made

    async def file(self, attempt: Attempt, **fields: Any) -> None:
        """Publish PredictionCreated and wait until it has been filed."""
        await self.log.publish(attempt.created(**fields), source="/services/predictor")
        await eventually(lambda: self._is_filed(attempt))

    def succeed(self, attempt: Attempt, data: bytes | None = None, **fields: Any) -> dict[str, Any]:
        """The provider finishes with this picture; the prediction's object."""
        self.double.files[attempt.prediction_id] = picture(seed=attempt.number) if data is None else data
        return self.double.end(attempt.prediction_id, **fields)

    async def webhook(self, attempt: Attempt, prediction: dict[str, Any], **how: Any) -> httpx.Response:
        """Deliver a webhook as the provider would; `how` changes the token, the body sent or the headers."""
        body = json.dumps(prediction).encode()
        headers = how.get("headers") or self.double.signed(body, **how.get("signing", {}))
        address = f"/webhooks/replicate/{how.get('attempt_id', attempt.attempt_id)}"
        return await self.client.post(
            address, params={"token": how.get("token", attempt.token)}, content=how.get("body", body), headers=headers
        )

    async def end(self, attempt: Attempt) -> Received[Event]:
        """The attempt's end; fails when there are two."""
        (received,) = await self.ends([attempt])
        return received

    async def event(self, attempt: Attempt) -> Event:
        """The event that tells of the attempt's end."""
        return (await self.end(attempt)).event

    async def ends(self, attempts: Sequence[Attempt], *, count: int | None = None) -> list[Received[Event]]:
        """The ends of these attempts, once there are `count` (by default one each), in the order of the log."""
        ids = {attempt.attempt_id for attempt in attempts}

        def ended(seen: Sequence[Received[Event]]) -> list[Received[Event]]:
            return [
                one for one in seen if isinstance(one.event, ItemCompleted | PredictionFailed) and one.event.attempt_id in ids
            ]

        wanted = len(ids) if count is None else count
        return ended(await self.log.events(lambda seen: len(ended(seen)) >= wanted))

    async def row(self, attempt: Attempt) -> dict[str, Any]:
        """The attempt's row; empty when there is none."""
        return await self.query_one("SELECT * FROM predictions WHERE attempt_id = $1", uuid.UUID(attempt.attempt_id))

    async def query_one(self, sql: str, *arguments: Any) -> dict[str, Any]:
        connection = await asyncpg.connect(self.database_url)
        try:
            found = await connection.fetchrow(sql, *arguments)
        finally:
            await connection.close()
        return dict(found) if found else {}

    async def metric(self, line: str) -> float:
        """The value of one line of /metrics."""
        text = (await self.client.get("/metrics")).text
        return next((float(one.rsplit(" ", 1)[1]) for one in text.splitlines() if one.startswith(line)), 0.0)

    async def _is_filed(self, attempt: Attempt) -> bool:
        return bool(await self.row(attempt))


def poller_settings(
    log: Log, database_url: str, redis_url: str, double: ProviderDouble, storage: Path, **settings: Any
) -> PollerSettings:
    """Settings of a poller in these surroundings."""
    plain: dict[str, Any] = {
        "kafka_bootstrap_servers": log.bootstrap,
        "kafka_prefix": log.prefix,
        "database_url": database_url,
        "redis_url": redis_url,
        "storage_url": f"file://{storage}",
        "media_secret": MEDIA_SECRET,
        "replicate_base_url": double.url,
        "replicate_api_tokens": "replicate-1=r8_test_0001",
        "fetch_allow": double.place,
        "replica": "poller-under-test",
        "image_workers": 1,
        "log_level": "WARNING",
    }
    return PollerSettings(**(plain | settings))


@asynccontextmanager
async def poller_world(
    log: Log, database_url: str, redis_url: str, double: ProviderDouble, storage: Path, **settings: Any
) -> AsyncIterator[World]:
    """A poller in these surroundings, ready, for as long as the context lasts."""
    made = poller_settings(log, await migrated("poller", database_url), redis_url, double, storage, **settings)
    async with running(build(made)) as client:
        yield World(log, double, client, database_url, storage, made)


@asynccontextmanager
async def shared_world(parts: StackAddresses, storage: Path, **settings: Any) -> AsyncIterator[World]:
    """A poller with surroundings of its own, for all tests of a module that leave it as they found it."""
    async with (
        own_log(parts) as log,
        fresh_database(parts, "poller") as database_url,
        leased_redis(parts) as redis_url,
        provider_double() as double,
        poller_world(log, database_url, redis_url, double, storage, **settings) as world,
    ):
        yield world
