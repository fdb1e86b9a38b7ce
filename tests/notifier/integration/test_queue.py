"""The queue under two senders: a lease is one's own until it ends, then another's; *sent* is a fact whoever says it."""

from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import pytest
from darkroom_contracts.envelope import wrap
from darkroom_contracts.event import Event
from darkroom_notifier.inbox.record_notifications import NotificationRecorder
from darkroom_notifier.messages.doctor import MessagesDoctor
from darkroom_notifier.messages.store import Failure, Message, claim_due, next_due, record_failures, record_sent
from darkroom_notifier.people.preferences import Person
from darkroom_notifier.people.store import save_person
from darkroom_servicekit.database import UnitOfWork, build_engine
from darkroom_servicekit.stages import Received
from support.service import migrated
from support.told_people import job_finished

LEASE_SECONDS = 60.0


@dataclass
class Clock:
    """A clock that stands until it is moved."""

    now: datetime = field(default_factory=lambda: datetime(2026, 3, 4, 5, 6, 7, tzinfo=UTC))

    def __call__(self) -> datetime:
        return self.now

    def move(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
async def work(database_url: str, clock: Clock) -> AsyncIterator[UnitOfWork]:
    engine = build_engine(await migrated("notifier", database_url), pool_size=4)
    yield UnitOfWork(engine, service="notifier", clock=clock, wake_relay=lambda: None)
    await engine.dispose()


async def queue(work: UnitOfWork, clock: Clock, jobs: int = 1) -> list[str]:
    """One message for each of some jobs; the channels that were woken."""
    woken: list[str] = []
    recorder = NotificationRecorder(
        {"email": lambda: woken.append("email"), "sms": lambda: woken.append("sms")}, older=timedelta(days=1)
    )
    async with work.begin() as transaction:
        await save_person(transaction, "shop", "owner", Person(email="anna@shop.example", phone="+4915112345678"))
        await transaction.execute("UPDATE recipients SET confirmed_email = email, confirmed_phone = phone")
    events = [job_finished("shop", number) for number in range(jobs)]
    batch: list[Received[Event]] = [Received(event, wrap(event, source="/t", now=clock.now)) for event in events]
    for _ in range(2):  # the second time nothing is new
        async with work.begin() as transaction:
            await recorder.on_events(transaction, batch)
    return woken


async def claim(work: UnitOfWork, limit: int = 10) -> list[Message]:
    async with work.begin() as transaction:
        return await claim_due(transaction, "email", vendor="sendgrid", limit=limit, lease_seconds=LEASE_SECONDS)


async def test_what_is_claimed_is_nobody_elses_until_the_lease_ends(work: UnitOfWork, clock: Clock) -> None:
    assert await queue(work, clock) == ["email"]
    (first,) = await claim(work)
    assert await claim(work) == []
    clock.move(LEASE_SECONDS + 1)
    (second,) = await claim(work)
    assert (second.id, second.attempts) == (first.id, 2)


async def test_a_sender_that_lost_its_lease_may_say_sent_but_not_again(work: UnitOfWork, clock: Clock) -> None:
    await queue(work, clock)
    (first,) = await claim(work)
    clock.move(LEASE_SECONDS + 1)
    (second,) = await claim(work)
    async with work.begin() as transaction:
        late = Failure(first, "pending", clock.now, "vendor-silent", "too late")
        assert await record_failures(transaction, [late]) == set()
        assert await record_sent(transaction, {first.id: "vendor-id"}) == {first.id}
        assert await record_sent(transaction, {second.id: "another-id"}) == set(), "it was sent already, told once"
    clock.move(LEASE_SECONDS + 1)
    assert await claim(work) == []


async def test_a_failure_waits_for_its_time_and_a_final_one_for_ever(work: UnitOfWork, clock: Clock) -> None:
    await queue(work, clock, jobs=2)
    one, other = await claim(work)
    again = clock.now + timedelta(seconds=5)
    async with work.begin() as transaction:
        failures = [Failure(one, "pending", again, "vendor-busy", "later"), Failure(other, "failed", again, "bad-address", "no")]
        assert await record_failures(transaction, failures) == {one.id, other.id}
        assert await next_due(transaction.connection, "email") == again
    assert await claim(work) == []
    clock.move(5)
    (found,) = await claim(work)
    assert found.id == one.id


async def test_claims_are_bounded_and_oldest_first(work: UnitOfWork, clock: Clock) -> None:
    await queue(work, clock, jobs=5)
    assert [len(await claim(work, limit=2)) for _ in range(4)] == [2, 2, 1, 0]


async def test_messages_that_no_sender_takes_are_shown_and_the_senders_woken(work: UnitOfWork, clock: Clock) -> None:
    await queue(work, clock, jobs=2)
    first, second = await claim(work)
    async with work.begin() as transaction:
        await record_sent(transaction, {second.id: "at-the-vendor"})
        await transaction.execute("UPDATE messages SET not_before = clock_timestamp() - interval '10 minutes'")
    woken: list[str] = []
    doctor = MessagesDoctor(work, [lambda: woken.append("email"), lambda: woken.append("sms")])
    [stuck] = await doctor.due(300)
    assert (stuck.id, stuck.state, stuck.instance_id) == (str(first.id), "email sending", "shop")
    assert await doctor.due(3600) == []
    assert await doctor.wake([stuck.id]) == 1
    assert woken == ["email", "sms"]
