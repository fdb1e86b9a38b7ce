"""credits while its database is older than its code: events wait, none becomes a dead letter."""

import asyncpg
from darkroom_contracts.credits import CreditsReserved
from darkroom_contracts.event import Event
from darkroom_servicekit.stages import Received
from support.credit_events import requested
from support.credit_service import Credits
from support.kafka import Log
from support.service import eventually


def reservations(events: list[Received[Event]]) -> list[int]:
    return [one.event.job_id for one in events if isinstance(one.event, CreditsReserved)]


async def test_a_requested_job_waits_while_the_schema_is_older_and_is_decided_afterwards(
    credits: Credits, log: Log, owner_url: str
) -> None:
    assert (await credits.grant("shop", amount=100, reason="welcome")).status_code == 201
    owner = await asyncpg.connect(owner_url)
    newest = await owner.fetchval("SELECT version_num FROM alembic_version")
    await owner.execute("UPDATE alembic_version SET version_num = '0001'")
    await owner.execute("ALTER TABLE reservations RENAME TO not_yet_reservations")
    await log.publish(requested(1))

    async def waits() -> bool:
        readiness = await credits.client.get("/readyz")
        return readiness.status_code == 503 and "SchemaDoesNotFit" in readiness.text

    await eventually(waits)
    await owner.execute("ALTER TABLE not_yet_reservations RENAME TO reservations")
    await owner.execute("UPDATE alembic_version SET version_num = $1", newest)
    await log.events(lambda events: reservations(events) == [1], instance_id="shop")
    assert await owner.fetchval("SELECT count(*) FROM outbox WHERE topic LIKE '%dead-letters'") == 0
    await owner.close()
