"""An event and its change are one: neither a commit that fails nor a send that fails parts them."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any, cast

import pytest
from darkroom_contracts.jobs import JobCancelRequested
from darkroom_servicekit.database import UnitOfWork, build_engine
from darkroom_servicekit.metrics import KitMetrics
from darkroom_servicekit.outbox import OUTBOX_V1, OUTBOX_V2, OutboxRelay
from faststream.kafka import KafkaBroker
from prometheus_client import CollectorRegistry
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

CHECKED_AT_THE_COMMIT = "CREATE TABLE places (place int UNIQUE DEFERRABLE INITIALLY DEFERRED)"
EVENT = JobCancelRequested(instance_id="shop-a", job_id=7)


@pytest.fixture
async def unit_of_work(database_url: str) -> AsyncIterator[UnitOfWork]:
    engine = build_engine(database_url, pool_size=3)
    uow = UnitOfWork(engine, service="credits", clock=lambda: datetime.now(UTC), wake_relay=lambda: None)
    async with uow.begin() as transaction:
        for statement in (*OUTBOX_V1, *OUTBOX_V2, CHECKED_AT_THE_COMMIT):
            await transaction.execute(statement)
    yield uow
    await engine.dispose()


async def unsent(unit_of_work: UnitOfWork) -> list[bool]:
    """For each row of the outbox, whether it is still to be sent."""
    async with unit_of_work.read() as connection:
        rows = await connection.execute(text("SELECT published_at IS NULL FROM outbox ORDER BY sequence"))
        return list(rows.scalars())


async def test_a_commit_that_is_refused_leaves_no_event(unit_of_work: UnitOfWork) -> None:
    async def two_in_one_place() -> None:
        async with unit_of_work.begin() as transaction:
            await transaction.execute("INSERT INTO places VALUES (1), (1)")
            transaction.publish(EVENT)

    with pytest.raises(IntegrityError):
        await two_in_one_place()

    assert await unsent(unit_of_work) == []


class DeadKafka:
    """A broker that takes nothing."""

    def __init__(self) -> None:
        self.config = self.admin_client = self

    async def describe_topics(self, _topics: list[str]) -> None:
        raise ConnectionError("nobody there")

    async def publish(self, *_message: Any, **_options: Any) -> None:  # Any: the relay's own business
        raise ConnectionError("nobody there")


async def test_what_could_not_be_sent_stays_to_be_sent(unit_of_work: UnitOfWork) -> None:
    async with unit_of_work.begin() as transaction:
        transaction.publish(EVENT)
    metrics = KitMetrics(CollectorRegistry())
    broker = cast(KafkaBroker, DeadKafka())
    relay = OutboxRelay(unit_of_work.engine, broker, metrics, prefix="", batch_max=10)

    with pytest.raises(ConnectionError):
        await relay.run()

    assert await unsent(unit_of_work) == [True]
