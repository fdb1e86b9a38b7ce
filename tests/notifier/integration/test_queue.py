"""The queue under two senders: a lease is one's own until it ends, then another's; *sent* is a fact whoever says it."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

from darkroom_contracts.envelope import wrap
from darkroom_contracts.event import Event
from darkroom_notifier.channels.door import Blames, SendFailed
from darkroom_notifier.inbox.record_notifications import NotificationRecorder
from darkroom_notifier.messages.accounts import paused_accounts
from darkroom_notifier.messages.claim import TENANTS_WALKED_MAX, WALK, Queue, claim_due, extend_lease, next_due
from darkroom_notifier.messages.digest_rules import MessageLimits
from darkroom_notifier.messages.doctor import MessagesDoctor
from darkroom_notifier.messages.expire import expire_messages
from darkroom_notifier.messages.record_outcomes import Outcome, record_outcomes
from darkroom_notifier.messages.store import Failure, Message, record_failures, record_sent
from darkroom_notifier.people.preferences import Person
from darkroom_notifier.people.store import save_person
from darkroom_servicekit.database import UnitOfWork
from darkroom_servicekit.stages import Received
from sqlalchemy import text
from support.standing_clock import StandingClock
from support.told_people import job_finished

LEASE_SECONDS = 60.0
NO_DIGESTS = MessageLimits(after=1_000)
QUEUE = Queue(channel="email", vendor="sendgrid", account="sendgrid")


async def queue(work: UnitOfWork, clock: StandingClock, jobs: int = 1, *, tenant: str = "shop") -> list[str]:
    """One message for each of some jobs; the channels that were woken."""
    woken: list[str] = []
    wakes = {"email": lambda: woken.append("email"), "sms": lambda: woken.append("sms")}
    recorder = NotificationRecorder(wakes, older=timedelta(days=1), limits=NO_DIGESTS)
    async with work.begin() as transaction:
        await save_person(transaction, tenant, "owner", Person(email="anna@shop.example", phone="+4915112345678"))
        await transaction.execute("UPDATE recipients SET confirmed_email = email, confirmed_phone = phone")
    events = [job_finished(tenant, number) for number in range(jobs)]
    batch: list[Received[Event]] = [Received(event, wrap(event, source="/t", now=clock.now)) for event in events]
    for _ in range(2):  # the second time nothing is new
        async with work.begin() as transaction:
            await recorder.on_events(transaction, batch)
    return woken


async def claim(work: UnitOfWork, limit: int = 10) -> list[Message]:
    async with work.begin() as transaction:
        return await claim_due(transaction, QUEUE, limit=limit, lease_seconds=LEASE_SECONDS)


async def test_what_is_claimed_is_nobody_elses_until_the_lease_ends(work: UnitOfWork, clock: StandingClock) -> None:
    assert await queue(work, clock) == ["email"]
    (first,) = await claim(work)
    assert await claim(work) == []
    clock.move(seconds=LEASE_SECONDS + 1)
    (second,) = await claim(work)
    assert (second.id, second.attempts) == (first.id, 2)


async def test_a_sender_that_lost_its_lease_may_say_sent_but_not_again(work: UnitOfWork, clock: StandingClock) -> None:
    await queue(work, clock)
    (first,) = await claim(work)
    clock.move(seconds=LEASE_SECONDS + 1)
    (second,) = await claim(work)
    async with work.begin() as transaction:
        late = Failure(first, "pending", clock.now, "vendor-silent", "too late")
        assert await record_failures(transaction, [late]) == set()
        assert await record_sent(transaction, {first.id: "vendor-id"}) == {first.id}
        assert await record_sent(transaction, {second.id: "another-id"}) == set(), "it was sent already, told once"
    clock.move(seconds=LEASE_SECONDS + 1)
    assert await claim(work) == []


async def test_a_failure_waits_for_its_time_and_a_final_one_for_ever(work: UnitOfWork, clock: StandingClock) -> None:
    await queue(work, clock, jobs=2)
    one, other = await claim(work)
    again = clock.now + timedelta(seconds=5)
    async with work.begin() as transaction:
        failures = [Failure(one, "pending", again, "vendor-busy", "later"), Failure(other, "failed", again, "bad-address", "no")]
        assert await record_failures(transaction, failures) == {one.id, other.id}
        assert await next_due(transaction.connection, QUEUE) == (again, False)
    assert await claim(work) == []
    clock.move(seconds=5)
    (found,) = await claim(work)
    assert found.id == one.id


async def test_claims_are_bounded_and_oldest_first(work: UnitOfWork, clock: StandingClock) -> None:
    await queue(work, clock, jobs=5)
    assert [len(await claim(work, limit=2)) for _ in range(4)] == [2, 2, 1, 0]


async def test_messages_that_no_sender_takes_are_shown_and_the_senders_woken(work: UnitOfWork, clock: StandingClock) -> None:
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


async def fail(work: UnitOfWork, messages: list[Message], *, blames: Blames = "account") -> None:
    async with work.begin() as transaction:
        failure = SendFailed("vendor-error", "sendgrid answered 500", again="soon", blames=blames)
        await record_outcomes(transaction, QUEUE, [Outcome(one, failure=failure) for one in messages])


async def test_one_tenants_backlog_delays_no_other_tenants_first_message(work: UnitOfWork, clock: StandingClock) -> None:
    await queue(work, clock, jobs=30, tenant="big")
    clock.move(seconds=1)
    for tenant in ("a-late", "z-late"):
        await queue(work, clock, tenant=tenant)
    order = [one.instance_id for _ in range(3) for one in await claim(work, limit=1)]
    assert set(order) == {"a-late", "big", "z-late"}, "each tenant has one turn in three"
    assert len({one.id for _ in range(20) for one in await claim(work, limit=2)}) == 29


async def test_an_account_is_paused_after_several_messages_and_tried_by_one(work: UnitOfWork, clock: StandingClock) -> None:
    await queue(work, clock, jobs=20)
    await fail(work, await claim(work, limit=5))
    assert await claim(work) == []
    async with work.read() as connection:
        (paused,) = await paused_accounts(connection)
    assert (paused.account, paused.error_code, paused.waiting) == ("sendgrid", "vendor-error", 20)
    clock.move(seconds=11)
    (trial,) = await claim(work)
    assert await claim(work) == [], "one trial at a time"
    await fail(work, [trial])
    clock.move(seconds=9)
    assert await claim(work) == [], "the second trial waits longer"
    clock.move(seconds=12)
    (trial,) = await claim(work)
    async with work.begin() as transaction:
        untried = "SELECT count(*) FROM messages WHERE channel = 'email' AND attempts = 0"
        assert (await transaction.execute(text(untried))).scalar_one() >= 13, "no attempts are burnt while the account is paused"
        await record_outcomes(transaction, QUEUE, [Outcome(trial, provider_id="at-the-vendor")])
    assert len(await claim(work)) == 10


async def test_one_message_that_always_fails_pauses_nothing(work: UnitOfWork, clock: StandingClock) -> None:
    await queue(work, clock)
    for _ in range(8):
        await fail(work, await claim(work))
        clock.move(seconds=1000)
    assert len(await claim(work)) == 1


async def test_one_tenants_addresses_pause_no_account(work: UnitOfWork, clock: StandingClock) -> None:
    await queue(work, clock, jobs=20)
    await fail(work, await claim(work, limit=10), blames="tenant")
    assert len(await claim(work)) == 10


async def test_a_message_older_than_its_age_is_given_up_without_being_sent(work: UnitOfWork, clock: StandingClock) -> None:
    await queue(work, clock, jobs=2)
    async with work.begin() as transaction:
        await transaction.execute(
            "UPDATE messages SET age_from = timestamptz '2026-03-01 05:06:06Z' WHERE id IN (SELECT id FROM messages LIMIT 1)"
        )
        (old,) = await expire_messages(transaction, QUEUE, timedelta(hours=72))
    (young,) = await claim(work)
    assert young.id != old.id
    async with work.read() as connection:
        row = (await connection.execute(text("SELECT state, error_code, attempts FROM messages WHERE state = 'failed'"))).one()
    assert tuple(row) == ("failed", "too-old", 0)


async def test_a_lease_is_extended_only_by_the_sender_that_has_it(work: UnitOfWork, clock: StandingClock) -> None:
    await queue(work, clock)
    (first,) = await claim(work)
    clock.move(seconds=LEASE_SECONDS - 1)
    async with work.begin() as transaction:
        assert await extend_lease(transaction, first, lease_seconds=LEASE_SECONDS)
    clock.move(seconds=LEASE_SECONDS - 1)
    assert await claim(work) == []
    clock.move(seconds=2)
    (second,) = await claim(work)
    async with work.begin() as transaction:
        assert not await extend_lease(transaction, first, lease_seconds=LEASE_SECONDS)
        assert await extend_lease(transaction, second, lease_seconds=LEASE_SECONDS)


MANY = """
    WITH n AS (
        INSERT INTO notifications (id, event_id, instance_id, kind, data, created_at)
        SELECT gen_random_uuid(), gen_random_uuid(), 'shop-' || (g % 50), 'job.done', '{}', now() FROM generate_series(1, 10000) g
        RETURNING id, event_id, instance_id
    )
    INSERT INTO messages (notification_id, event_id, instance_id, recipient, channel, kind, address, locale, not_before)
    SELECT id, event_id, instance_id, 'owner', 'email', 'job.done', 'anna@shop.example', 'en', timestamptz '2026-01-01' FROM n
"""


async def test_a_claim_reads_a_few_rows_of_a_long_queue(work: UnitOfWork, clock: StandingClock) -> None:
    async with work.begin() as transaction:
        await transaction.execute(MANY)
    async with work.read() as connection:
        await connection.execute(text("ANALYZE messages"))
        about = {"channel": "email", "now": clock.now, "limit": 10, "tenants_max": TENANTS_WALKED_MAX, "after": ""}
        explain = text(f"EXPLAIN (ANALYZE, FORMAT JSON) {WALK.text}")
        (plan,) = (await connection.execute(explain, about)).scalar_one()
    nodes = list(nodes_of(plan["Plan"]))
    scans = [node for node in nodes if node.get("Relation Name") == "messages"]
    assert {node.get("Index Name") for node in scans} == {"messages_due_of_tenant"}, "another way through the queue"
    assert sum(node["Actual Rows"] * node["Actual Loops"] for node in scans) <= 200


def nodes_of(node: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield node
    for child in node.get("Plans", []):
        yield from nodes_of(child)
