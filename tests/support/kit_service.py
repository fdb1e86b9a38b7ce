"""A small service of the kit's tests: its tables, its one event, a handler with an effect that repeats would show."""

from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path

import asyncpg
from darkroom_contracts.credits import Balances, CreditsReserved
from darkroom_contracts.event import Event
from darkroom_contracts.jobs import JobRequested
from darkroom_servicekit.consumer import INBOX_V1
from darkroom_servicekit.database import Transaction
from darkroom_servicekit.dead_letters import DEAD_LETTERS_V1
from darkroom_servicekit.outbox import OUTBOX_V1, OUTBOX_V2
from darkroom_servicekit.runtime import Runtime
from darkroom_servicekit.settings import ServiceSettings
from darkroom_servicekit.stages import Received
from support.kafka import Log
from support.migrations import write_migrations
from support.service import running
from support.stack import StackAddresses

JWT_SECRET = "a-secret-of-the-kits-tests-that-is-long-enough"
EFFECTS = "CREATE TABLE effects (job_id bigint, instance_id text, at timestamptz DEFAULT clock_timestamp())"
REVISION = "CREATE TABLE alembic_version AS SELECT '0001' AS version_num"
SCHEMA = (*OUTBOX_V1, *OUTBOX_V2, *INBOX_V1, *DEAD_LETTERS_V1, EFFECTS, REVISION)


async def make_schema(database_url: str) -> str:
    """Give an empty database outbox, inbox, dead letters and a table of effects."""
    connection = await asyncpg.connect(database_url)
    for statement in SCHEMA:
        await connection.execute(statement)
    await connection.close()
    return database_url


def runtime_on(
    parts: StackAddresses, log: Log, database_url: str, *, home: Path, stall_seconds: float = 60.0, batch_max: int = 50
) -> Runtime:
    """One more process of the service; its migrations are written to `home`."""
    migrations = write_migrations(home, ["0001"])
    settings = ServiceSettings(
        kafka_bootstrap_servers=parts.kafka,
        kafka_prefix=log.prefix,
        database_url=database_url,
        redis_url=parts.redis,
        log_level="ERROR",
        jwt_secret=JWT_SECRET,
        consumer_batch_max=batch_max,
        consumer_stall_seconds=stall_seconds,
    )
    return Runtime("credits", "A service of the tests", settings, migrations=migrations)


def requested(job_id: int, instance_id: str = "shop-a") -> JobRequested:
    return JobRequested(
        instance_id=instance_id,
        job_id=job_id,
        product="optimize",
        product_id="p-1",
        product_name="Mug",
        price_version=1,
        price_credits=15,
        items_total=10,
        requested_at=datetime(2026, 5, 4, tzinfo=UTC),
    )


async def publish(runtime: Runtime, *events: Event) -> None:
    async with runtime.unit_of_work.begin() as transaction:
        for event in events:
            transaction.publish(event)


async def note(transaction: Transaction, batch: Sequence[Received[JobRequested]]) -> None:
    """A handler with an effect that repeats would show, and an event of its own."""
    rows = [{"job_id": received.event.job_id, "instance_id": received.event.instance_id} for received in batch]
    await transaction.execute("INSERT INTO effects (job_id, instance_id) VALUES (:job_id, :instance_id)", rows)
    for received in batch:
        balances = Balances(available=0, held=150, spent=0)
        event = CreditsReserved(
            instance_id=received.event.instance_id, job_id=received.event.job_id, amount=150, balances=balances
        )
        transaction.publish(event, cause=received.envelope)


def jobs_in(database: asyncpg.Connection) -> Callable[[], Awaitable[list[int]]]:
    async def jobs() -> list[int]:
        return [row["job_id"] for row in await database.fetch("SELECT job_id FROM effects ORDER BY job_id")]

    return jobs


@asynccontextmanager
async def all_running(*runtimes: Runtime) -> AsyncIterator[None]:
    async with AsyncExitStack() as stack:
        for runtime in runtimes:
            await stack.enter_async_context(running(runtime.app))
        yield


def reaches(jobs: Callable[[], Awaitable[list[int]]], count: int) -> Callable[[], Awaitable[bool]]:
    """Whether so many jobs have had their effect."""

    async def reached() -> bool:
        return len(await jobs()) >= count

    return reached
