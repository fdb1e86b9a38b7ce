"""An attempt that has ended stays ended: news that come late or twice change neither it nor its item, and tell nothing."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from time import monotonic
from uuid import uuid4

import pytest
from darkroom_contracts.envelope import wrap
from darkroom_predictor.attempt_store import mark_done
from darkroom_predictor.claim_turns import ClaimTurns
from darkroom_predictor.fail_attempts import FailAttempts, Failure
from darkroom_predictor.fair_queue import Grant, Place, Turns
from darkroom_predictor.items import Then
from darkroom_predictor.queue_store import QueueTable, end_items, insert_items
from darkroom_servicekit.database import UnitOfWork, build_engine
from darkroom_servicekit.stages import Received
from predictor.events import item_requested
from sqlalchemy import text

STATES = "SELECT (SELECT state FROM attempts), (SELECT state FROM queue_items), (SELECT count(*) FROM outbox)"


@pytest.fixture
async def unit_of_work(predictor_database: str) -> AsyncIterator[UnitOfWork]:
    engine = build_engine(predictor_database, pool_size=3)
    yield UnitOfWork(engine, service="predictor", clock=lambda: datetime.now(UTC), wake_relay=lambda: None)
    await engine.dispose()


async def done_attempt(unit_of_work: UnitOfWork) -> str:
    """The id of an attempt whose result is stored."""
    event, attempt_id = item_requested(), str(uuid4())
    async with unit_of_work.begin() as transaction:
        await insert_items(transaction, [Received(event, wrap(event, source="/tests", now=datetime.now(UTC)))])
    epoch = await QueueTable(unit_of_work, "replicate").next_epoch()
    place = Place(event.instance_id, event.job_id, event.item_id)
    grant = Grant(place, "replicate-1", attempt_id, 1, monotonic())
    await ClaimTurns(unit_of_work, "replicate", owner="one:1", lease_seconds=10)(Turns([grant], 0.0, epoch))
    async with unit_of_work.begin() as transaction:
        await mark_done(transaction, [attempt_id])
        await end_items(transaction, [event.item_id])
    return attempt_id


async def test_a_failure_told_after_the_end_changes_nothing(unit_of_work: UnitOfWork) -> None:
    attempt_id = await done_attempt(unit_of_work)
    late = Failure(attempt_id=attempt_id, code="provider-error", message="late", then=Then.RETRY)

    async with unit_of_work.begin() as transaction:
        hints = await FailAttempts(lambda: 0.5)(transaction, [late])

    assert hints == {}
    async with unit_of_work.read() as connection:
        row = (await connection.execute(text(STATES))).one()
    assert tuple(row) == ("DONE", "ENDED", 1), "the one event is ItemStarted"
