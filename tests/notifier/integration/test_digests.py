"""A flood of jobs in the database: the first messages go out, the others become one digest, and the inbox has all."""

import asyncio
from datetime import timedelta
from typing import Any

import pytest
from darkroom_contracts.envelope import wrap
from darkroom_contracts.event import Event
from darkroom_notifier.inbox.record_notifications import NotificationRecorder
from darkroom_notifier.messages.digest_rules import MessageLimits
from darkroom_notifier.messages.enqueue_messages import send_due_digests
from darkroom_notifier.people.preferences import Person
from darkroom_notifier.people.store import save_person
from darkroom_servicekit.database import UnitOfWork
from darkroom_servicekit.stages import Received
from support.service import eventually
from support.standing_clock import StandingClock
from support.told_people import job_finished

LIMITS = MessageLimits(after=3, per_hour={"email": 5, "sms": 1}, per_day={"email": 100, "sms": 1})


@pytest.fixture(autouse=True)
async def people(work: UnitOfWork) -> None:
    """An owner whose address is confirmed, and a colleague whose address is not."""
    async with work.begin() as transaction:
        for subject in ("owner", "colleague"):
            await save_person(transaction, "shop", subject, Person(email=f"{subject}@shop.example"))
        await transaction.execute("UPDATE recipients SET confirmed_email = email WHERE subject = 'owner'")


def recorder() -> NotificationRecorder:
    return NotificationRecorder({"email": lambda: None}, older=timedelta(days=1), limits=LIMITS)


def batch_of(clock: StandingClock, *jobs: int, **changes: Any) -> list[Received[Event]]:
    events: list[Event] = [job_finished("shop", job, **changes) for job in jobs]
    return [Received(event, wrap(event, source="/t", now=clock.now)) for event in events]


async def finish(work: UnitOfWork, clock: StandingClock, *jobs: int, **changes: Any) -> None:
    """The jobs end; their events come twice."""
    batch = batch_of(clock, *jobs, **changes)
    for _ in range(2):
        async with work.begin() as transaction:
            await recorder().on_events(transaction, batch)


async def messages(work: UnitOfWork) -> list[tuple[str, Any]]:
    """Kind and counts of all messages, oldest first."""
    sql = "SELECT m.kind, n.data->'counts' FROM messages m JOIN notifications n ON n.id = m.notification_id ORDER BY n.sequence"
    async with work.begin() as transaction:
        return [(kind, counts) for kind, counts in map(tuple, await transaction.execute(sql))]


async def send_digests(work: UnitOfWork) -> set[str]:
    async with work.begin() as transaction:
        return await send_due_digests(transaction, LIMITS)


async def test_a_flood_is_three_messages_and_a_digest(work: UnitOfWork, clock: StandingClock) -> None:
    await finish(work, clock, *range(33))
    await finish(work, clock, *range(33, 40), status="FAILED", items_done=0, items_failed=2)
    assert await messages(work) == [("job.done", None)] * 3
    assert await send_digests(work) == set()
    clock.move(minutes=15)
    assert await send_digests(work) == {"email"}
    assert await send_digests(work) == set()
    assert (await messages(work))[3:] == [("job.digest", {"job.done": 30, "job.failed": 7})]
    async with work.begin() as transaction:
        listed = await transaction.execute("SELECT count(*) FROM notifications WHERE listed")
        assert listed.scalar_one() == 40


async def test_a_flood_that_goes_on_gets_digests_alone_and_one_that_ended_none(work: UnitOfWork, clock: StandingClock) -> None:
    await finish(work, clock, *range(4))
    clock.move(minutes=15)
    await send_digests(work)
    clock.move(minutes=5)
    await finish(work, clock, 10)
    assert len(await messages(work)) == 4
    clock.move(minutes=15)
    await send_digests(work)
    clock.move(minutes=31)
    await finish(work, clock, 11)
    assert [kind for kind, _ in await messages(work)] == ["job.done"] * 3 + ["job.digest"] * 2 + ["job.done"]


async def test_a_digest_of_a_tenant_above_its_limit_is_put_off_and_goes_on_gathering(
    work: UnitOfWork, clock: StandingClock
) -> None:
    await finish(work, clock, *range(4))
    async with work.begin() as transaction:
        await transaction.execute(
            "INSERT INTO messages (notification_id, event_id, instance_id, recipient, channel, kind, address, locale, not_before,"
            " created_at) SELECT notification_id, gen_random_uuid(), instance_id, 'other', channel, 'credits.rejected', address,"
            " locale, not_before, created_at FROM messages LIMIT 2"
        )
    clock.move(minutes=15)
    assert await send_digests(work) == set()
    await finish(work, clock, 10)
    clock.move(minutes=50)
    assert await send_digests(work) == {"email"}
    assert (await messages(work))[-1] == ("job.digest", {"job.done": 2})


async def waits_for_a_tenant(work: UnitOfWork) -> bool:
    """Whether a transaction waits until another one has counted a tenant's messages."""
    async with work.begin() as transaction:
        sql = """
            SELECT count(*) FROM pg_locks JOIN pg_database d ON d.oid = pg_locks.database
            WHERE locktype = 'advisory' AND NOT granted AND datname = current_database()
        """
        return bool((await transaction.execute(sql)).scalar_one())


async def test_a_replica_counts_what_another_has_queued_and_not_yet_committed(work: UnitOfWork, clock: StandingClock) -> None:
    others: list[asyncio.Task[None]] = []

    async def let_another_replica_begin() -> None:
        others.append(asyncio.create_task(finish(work, clock, 10, 11)))

        async def has_got_as_far_as_it_can() -> bool:
            return others[0].done() or await waits_for_a_tenant(work)

        await eventually(has_got_as_far_as_it_can)

    async with work.begin() as transaction:
        await recorder().on_events(transaction, batch_of(clock, 1, 2, 3))  # queues them at the end of the transaction,
        transaction.before_commit(let_another_replica_begin)  # and this comes after it
    await others[0]
    assert await messages(work) == [("job.done", None)] * 3


async def test_replicas_at_the_same_moment_count_together(work: UnitOfWork, clock: StandingClock) -> None:
    await asyncio.gather(*(finish(work, clock, *range(10 * part, 10 * part + 5)) for part in range(4)))
    assert await messages(work) == [("job.done", None)] * 3
    clock.move(minutes=15)
    assert sorted(map(len, await asyncio.gather(send_digests(work), send_digests(work)))) == [0, 1]
    assert (await messages(work))[3:] == [("job.digest", {"job.done": 17})]
