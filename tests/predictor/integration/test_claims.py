"""The right to call is a fact of the table: one live attempt per item, under the current epoch alone."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from time import monotonic
from uuid import uuid4

import pytest
from darkroom_contracts.envelope import wrap
from darkroom_predictor.claim_turns import ClaimTurns
from darkroom_predictor.fair_queue import Grant, LimiterClosed, Place, Turns
from darkroom_predictor.queue_store import QueueTable, insert_items
from darkroom_servicekit.database import UnitOfWork, build_engine
from darkroom_servicekit.stages import Received
from predictor.events import item_requested
from sqlalchemy import text


@pytest.fixture
async def unit_of_work(predictor_database: str) -> AsyncIterator[UnitOfWork]:
    engine = build_engine(predictor_database, pool_size=3)
    yield UnitOfWork(engine, service="predictor", clock=lambda: datetime.now(UTC), wake_relay=lambda: None)
    await engine.dispose()


async def filed(unit_of_work: UnitOfWork) -> Place:
    event = item_requested()
    envelope = wrap(event, source="/tests", now=datetime.now(UTC))
    async with unit_of_work.begin() as transaction:
        assert await insert_items(transaction, [Received(event, envelope)]) == {event.item_id}
    async with unit_of_work.begin() as transaction:
        assert await insert_items(transaction, [Received(event, envelope)]) == set()
    return Place(event.instance_id, event.job_id, event.item_id)


def turns(place: Place, epoch: int) -> Turns:
    return Turns([Grant(place, "replicate-1", str(uuid4()), 1, monotonic())], 0.0, epoch)


async def attempts(unit_of_work: UnitOfWork) -> list[tuple[int, str]]:
    async with unit_of_work.read() as connection:
        rows = await connection.execute(text("SELECT number, state FROM attempts ORDER BY number"))
        return [(row.number, row.state) for row in rows]


async def test_an_item_is_claimed_once_whoever_was_granted_it(unit_of_work: UnitOfWork) -> None:
    claim = ClaimTurns(unit_of_work, "replicate", owner="one:1", lease_seconds=10)
    epoch = await QueueTable(unit_of_work, "replicate").next_epoch()
    place = await filed(unit_of_work)

    [call] = await claim(turns(place, epoch))

    assert await claim(turns(place, epoch)) == []
    assert await attempts(unit_of_work) == [(1, "CALLING")]
    assert len(call.callback_token) >= 43, "256 bits in base64"


async def test_a_grant_of_a_limiter_that_was_rebuilt_since_cannot_become_an_attempt(unit_of_work: UnitOfWork) -> None:
    claim = ClaimTurns(unit_of_work, "replicate", owner="one:1", lease_seconds=10)
    table = QueueTable(unit_of_work, "replicate")
    old = await table.next_epoch()
    place = await filed(unit_of_work)
    await table.next_epoch()

    with pytest.raises(LimiterClosed):
        await claim(turns(place, old))

    assert await attempts(unit_of_work) == []


async def test_the_token_itself_is_nowhere_in_the_table(unit_of_work: UnitOfWork) -> None:
    claim = ClaimTurns(unit_of_work, "replicate", owner="one:1", lease_seconds=10)
    epoch = await QueueTable(unit_of_work, "replicate").next_epoch()
    [call] = await claim(turns(await filed(unit_of_work), epoch))

    async with unit_of_work.read() as connection:
        written = (await connection.execute(text("SELECT attempts::text || outbox::text FROM attempts, outbox"))).scalars()

    assert not any(call.callback_token in row for row in written)
