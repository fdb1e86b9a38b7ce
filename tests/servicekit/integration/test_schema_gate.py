"""A service and its schema: no work before they fit, none lost when they do not, and none stopped by a newer schema."""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

import asyncpg
import httpx
import pytest
from darkroom_contracts.jobs import JobCancelRequested
from darkroom_servicekit.consumer import INBOX_V1, Handlers
from darkroom_servicekit.database import Transaction
from darkroom_servicekit.dead_letters import DEAD_LETTERS_V1
from darkroom_servicekit.outages import is_outage
from darkroom_servicekit.outbox import OUTBOX_V1, OUTBOX_V2
from darkroom_servicekit.runtime import Runtime
from darkroom_servicekit.schema import MAKE_MARKER, SchemaDoesNotFit, serve_code_from
from darkroom_servicekit.settings import ServiceSettings
from darkroom_servicekit.stages import Received
from sqlalchemy.exc import DBAPIError
from support.kafka import Log
from support.migrations import write_migrations
from support.service import eventually
from support.stack import StackAddresses

CODE, OLDER, NEWER = "0002", "0001", "0003"
OWN_LOOP_TURNS = 3


@pytest.fixture
async def database(database_url: str) -> AsyncIterator[asyncpg.Connection]:
    """A plain connection to a database with the kit's tables, as the first migration makes them."""
    connection = await asyncpg.connect(database_url)
    effects = "CREATE TABLE effects (job_id bigint)"
    version = f"CREATE TABLE alembic_version AS SELECT '{CODE}' AS version_num"
    for statement in (*OUTBOX_V1, *OUTBOX_V2, *DEAD_LETTERS_V1, *INBOX_V1, effects, version, MAKE_MARKER):
        await connection.execute(statement)
    yield connection
    await connection.close()


class Service:
    """One process that notes each event's job, and has a loop of its own that counts its turns."""

    def __init__(self, runtime: Runtime, database: asyncpg.Connection) -> None:
        self.runtime = runtime
        self.turns = 0
        self._database = database
        runtime.consume(Handlers().on(JobCancelRequested, self._note))
        runtime.loop("own", self._turn)
        runtime.app.get("/effects")(self._count)

    async def checks(self) -> dict[str, str]:
        return (await self.runtime.health.readiness()).checks

    async def set_revision(self, revision: str) -> None:
        await self._database.execute("UPDATE alembic_version SET version_num = $1", revision)

    async def effects(self, table: str = "effects") -> list[int]:
        return [row["job_id"] for row in await self._database.fetch(f"SELECT job_id FROM {table} ORDER BY job_id")]

    async def dead_letters(self) -> int:
        count: int = await self._database.fetchval("SELECT count(*) FROM outbox WHERE topic LIKE '%dead-letters'")
        return count

    async def ready(self) -> bool:
        return set((await self.checks()).values()) == {"ok"}

    async def waits_for_its_schema(self) -> bool:
        return "SchemaDoesNotFit" in (await self.checks())["consumer"]

    async def publish(self, job_id: int) -> None:
        async with self.runtime.unit_of_work.begin() as transaction:
            transaction.publish(JobCancelRequested(instance_id="shop", job_id=job_id))

    async def _note(self, transaction: Transaction, batch: Sequence[Received[JobCancelRequested]]) -> None:
        for received in batch:
            await transaction.execute("INSERT INTO effects VALUES (:job_id)", {"job_id": received.event.job_id})

    async def _turn(self) -> None:
        self.turns += 1
        await asyncio.Event().wait()

    async def _count(self) -> int:
        async with self.runtime.unit_of_work.begin() as transaction:
            return int((await transaction.execute("SELECT count(*) FROM effects")).scalar_one())


@pytest.fixture
def make_service(
    parts: StackAddresses, log: Log, database_url: str, database: asyncpg.Connection, tmp_path: Path
) -> Callable[[], Service]:
    migrations = write_migrations(tmp_path, [OLDER, CODE])

    def make() -> Service:
        settings = ServiceSettings(
            kafka_bootstrap_servers=parts.kafka,
            kafka_prefix=log.prefix,
            database_url=database_url,
            redis_url=parts.redis,
            log_level="ERROR",
        )
        return Service(Runtime("credits", "A service of the tests", settings, migrations=migrations), database)

    return make


@asynccontextmanager
async def started(service: Service) -> AsyncIterator[httpx.AsyncClient]:
    async with service.runtime.app.router.lifespan_context(service.runtime.app):
        transport = httpx.ASGITransport(service.runtime.app)
        async with httpx.AsyncClient(transport=transport, base_url="http://service") as client:
            yield client


async def test_no_work_is_done_before_the_schema_is_new_enough(
    make_service: Callable[[], Service], log: Log, database: asyncpg.Connection
) -> None:
    service = make_service()
    await service.set_revision(OLDER)
    await database.execute("ALTER TABLE effects RENAME TO not_yet_effects")
    await log.publish(JobCancelRequested(instance_id="shop", job_id=1))
    await service.publish(2)
    async with started(service) as client:

        async def kafka_is_connected() -> bool:
            return (await service.checks())["kafka"] == "ok"

        await eventually(kafka_is_connected)
        checks = await service.checks()
        assert checks["database"] == f"NotReady: schema is at revision {OLDER}, this code needs {CODE}: run the migrations"
        assert checks["consumer"] == "NotReady: no partitions assigned yet"
        assert (await client.get("/effects")).status_code == 503
        assert (service.turns, service.runtime.schema.is_open) == (0, False)
        assert await database.fetchval("SELECT count(*) FROM outbox WHERE published_at IS NOT NULL") == 0

        await database.execute("ALTER TABLE not_yet_effects RENAME TO effects")
        await service.set_revision(CODE)

        async def all_handled() -> bool:
            return await service.effects() == [1, 2]

        await eventually(all_handled)
        assert service.turns == 1
        assert await service.dead_letters() == 0


async def test_a_message_waits_while_the_schema_is_set_back_and_is_handled_afterwards(
    make_service: Callable[[], Service], log: Log, database: asyncpg.Connection
) -> None:
    service = make_service()
    async with started(service) as client:
        await eventually(service.ready)
        await service.set_revision(OLDER)
        await database.execute("ALTER TABLE effects RENAME TO not_yet_effects")
        await log.publish(JobCancelRequested(instance_id="shop", job_id=1))
        await eventually(service.waits_for_its_schema)
        answer = await client.get("/effects")
        assert (answer.status_code, answer.headers["retry-after"]) == (503, "2")

        await database.execute("ALTER TABLE not_yet_effects RENAME TO effects")
        await service.set_revision(CODE)

        async def handled() -> bool:
            return await service.effects() == [1]

        await eventually(handled)
        assert await service.dead_letters() == 0


async def test_code_goes_on_while_the_schema_is_newer(make_service: Callable[[], Service], database: asyncpg.Connection) -> None:
    service = make_service()
    async with started(service):
        await eventually(service.ready)
        await service.set_revision(NEWER)
        assert await service.ready()
    await database.execute("ALTER TABLE effects ADD COLUMN seen boolean NOT NULL DEFAULT false")
    restarted = make_service()
    async with started(restarted):
        await eventually(restarted.ready)


async def test_code_that_the_schema_serves_no_longer_does_no_work(
    make_service: Callable[[], Service], database: asyncpg.Connection
) -> None:
    await database.execute(serve_code_from(NEWER))
    service = make_service()
    await service.set_revision(NEWER)
    async with started(service):

        async def refused() -> bool:
            return "serves code from 0003 on" in (await service.checks())["database"]

        await eventually(refused)
        assert service.turns == 0


async def test_a_missing_table_of_a_schema_that_fits_is_an_error_of_ours(make_service: Callable[[], Service]) -> None:
    unit_of_work = make_service().runtime.unit_of_work
    with pytest.raises(DBAPIError) as failed:
        async with unit_of_work.begin() as transaction:
            await transaction.execute("SELECT 1 FROM no_such_table")
    assert not is_outage(failed.value)


async def test_a_missing_table_of_an_older_schema_is_an_outage(make_service: Callable[[], Service]) -> None:
    service = make_service()
    await service.set_revision(OLDER)
    with pytest.raises(SchemaDoesNotFit) as failed:
        async with service.runtime.unit_of_work.begin() as transaction:
            await transaction.execute("SELECT 1 FROM no_such_table")
    assert is_outage(failed.value)


async def test_a_statement_prepared_before_a_migration_is_worth_another_try(
    make_service: Callable[[], Service], database: asyncpg.Connection
) -> None:
    unit_of_work = make_service().runtime.unit_of_work

    async def look() -> None:
        async with unit_of_work.begin() as transaction:
            await transaction.execute("SELECT * FROM effects")

    await look()
    await database.execute("ALTER TABLE effects ADD COLUMN at timestamptz")
    with pytest.raises(DBAPIError) as failed:
        await look()
    assert is_outage(failed.value)
    await look()
