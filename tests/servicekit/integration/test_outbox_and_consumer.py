"""Outbox and consumer on the real parts: nothing lost, nothing twice, order per tenant, poison set aside."""

import asyncio
import json
import os
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from random import Random
from uuid import uuid4

import asyncpg
import pytest
from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, RecordsToDelete
from aiokafka.errors import KafkaError
from darkroom_contracts.credits import CreditsReserved
from darkroom_contracts.event import Event
from darkroom_contracts.jobs import JobCancelRequested, JobRequested
from darkroom_contracts.topics import dead_letter_topic
from darkroom_servicekit import consumer
from darkroom_servicekit.consumer import Handlers
from darkroom_servicekit.consumer_lag import unhandled_messages
from darkroom_servicekit.database import Transaction
from darkroom_servicekit.doctor import Thing
from darkroom_servicekit.outbox import unsent_rows
from darkroom_servicekit.runtime import Runtime
from darkroom_servicekit.stages import Received
from support.kafka import Log
from support.kit_service import all_running, jobs_in, note, publish, reaches, requested
from support.service import eventually, running

LONGER_THAN_CLIENTS_COMMIT_BY_THEMSELVES = 6.0


async def test_an_event_stands_in_the_log_as_a_cloudevent_under_its_tenants_key(
    make_runtime: Callable[[], Runtime], log: Log
) -> None:
    runtime = make_runtime()
    async with running(runtime.app):
        await publish(runtime, requested(12))
        (record,) = await log.raw("darkroom.jobs", 1)

    headers = {name: value.decode() for name, value in record.headers}
    assert record.key == b"shop-a"
    assert json.loads(record.value)["jobId"] == 12
    assert headers["ce_specversion"] == "1.0"
    assert headers["ce_type"] == "darkroom.JobRequested.v1"
    assert headers["ce_source"] == "/services/credits"
    assert headers["ce_subject"] == "jobs/12"
    assert headers["ce_correlationid"] == "12"
    assert headers["ce_sequence"].isdecimal()
    assert headers["ce_time"].endswith("Z")
    assert headers["content-type"] == "application/json"


async def test_a_rolled_back_transaction_sends_nothing_and_what_follows_is_sent(
    make_runtime: Callable[[], Runtime], log: Log
) -> None:
    runtime = make_runtime()
    async with running(runtime.app):
        with pytest.raises(RuntimeError):
            await _publish_then_fail(runtime)
        await publish(runtime, requested(2))
        events = await log.events(lambda seen: len(seen) >= 1)

    assert [received.event.correlation_id() for received in events] == ["2"]


async def _publish_then_fail(runtime: Runtime) -> None:
    async with runtime.unit_of_work.begin() as transaction:
        transaction.publish(requested(1))
        raise RuntimeError("after the event, before the commit")


async def test_two_relays_and_many_writers_lose_nothing_and_keep_each_tenants_order(
    make_runtime: Callable[[], Runtime], log: Log, database: asyncpg.Connection
) -> None:
    tenants = [f"shop-{number}" for number in range(6)]
    first, second = make_runtime(), make_runtime()

    async def write(runtime: Runtime, tenant: str, base: int) -> None:
        random = Random(base)
        for number in range(40):
            async with runtime.unit_of_work.begin() as transaction:
                # The tenant's row lock of a real use case: what follows has seen what came before.
                await transaction.execute("SELECT pg_advisory_xact_lock(hashtext(:tenant))", {"tenant": tenant})
                rows = await transaction.execute("SELECT count(*) FROM effects WHERE instance_id = :t", {"t": tenant})
                transaction.publish(requested(rows.scalar_one(), tenant))
                insert = "INSERT INTO effects (job_id, instance_id) VALUES (:n, :t)"
                await transaction.execute(insert, {"n": base + number, "t": tenant})
                await asyncio.sleep(random.random() * 0.004)  # commits late, so that sequences and commits cross

    async with all_running(first, second):
        writers = [write(runtime, tenant, 1000 * n) for n, tenant in enumerate(tenants) for runtime in (first, second)]
        await asyncio.gather(*writers)
        events = await log.events(lambda seen: len(seen) >= 480)

        async def all_are_marked() -> bool:  # a row is marked after it can be read
            return bool(await database.fetchval("SELECT count(*) FROM outbox WHERE published_at IS NULL") == 0)

        await eventually(all_are_marked)

    assert len(events) == 480
    for tenant in tenants:
        numbers = [int(r.event.correlation_id() or -1) for r in events if r.event.instance_id == tenant]
        assert numbers == list(range(80))


async def test_rows_left_by_a_dead_process_are_sent_by_another(make_runtime: Callable[[], Runtime], log: Log) -> None:
    dead = make_runtime()
    await publish(dead, requested(7))  # committed, and its relay never ran
    await dead.engine.dispose()

    async with running(make_runtime().app):
        events = await log.events(lambda seen: len(seen) >= 1)

    assert [received.event.correlation_id() for received in events] == ["7"]


async def test_what_comes_twice_has_its_effect_once(
    make_runtime: Callable[[], Runtime], log: Log, database: asyncpg.Connection
) -> None:
    events = [requested(number, f"shop-{number % 5}") for number in range(120)]
    envelopes = await log.publish(*events)
    runtime = make_runtime()
    runtime.consume(Handlers().on(JobRequested, note))
    async with running(runtime.app):
        again = list(zip(events, envelopes, strict=True))
        await log.send(again + again[:30])
        await eventually(reaches(jobs_in(database), 120))
        reserved = await log.events(lambda seen: _count(seen, CreditsReserved) >= 120)

    assert await jobs_in(database)() == list(range(120))
    assert _count(reserved, CreditsReserved) == 120
    causes = {received.envelope.causation_id for received in reserved if isinstance(received.event, CreditsReserved)}
    assert causes == {envelope.id for envelope in envelopes}


def _count(seen: Sequence[Received[Event]], kind: type[Event]) -> int:
    return sum(isinstance(received.event, kind) for received in seen)


async def test_poison_goes_to_the_dead_letters_with_its_reason_and_the_partition_goes_on(
    make_runtime: Callable[[], Runtime], log: Log, database: asyncpg.Connection
) -> None:
    async def refuse_13(transaction: Transaction, batch: Sequence[Received[JobRequested]]) -> None:
        if any(received.event.job_id == 13 for received in batch):
            raise ValueError("thirteen")
        await note(transaction, batch)

    typed = [("ce_specversion", b"1.0"), ("ce_id", b"1"), ("ce_type", b"darkroom.JobRequested.v1"), ("ce_source", b"/x")]
    await log.send_raw("darkroom.jobs", b"{no json", key=b"shop-a", headers=typed)
    await log.send_raw("darkroom.jobs", b"{}", key=b"shop-a", headers=[])
    await log.send_raw("darkroom.jobs", b"{}", key=b"shop-a", headers=[("ce_id", b"\xff\xfe")])
    await log.publish(*(requested(number) for number in range(11, 16)))
    runtime = make_runtime()
    runtime.consume(Handlers().on(JobRequested, refuse_13))
    async with running(runtime.app):
        dead = await log.raw(dead_letter_topic("credits"), 4)
        await eventually(reaches(jobs_in(database), 4))

    assert await jobs_in(database)() == [11, 12, 14, 15]
    reasons = sorted(dict(record.headers)["dl-reason"].decode() for record in dead)
    assert reasons == ["handler-error", "unreadable", "unreadable", "unreadable"]
    given_up = next(record for record in dead if dict(record.headers)["dl-reason"] == b"handler-error")
    assert json.loads(given_up.value)["jobId"] == 13
    assert dict(given_up.headers)["dl-detail"] == b"ValueError: thirteen"
    assert dict(given_up.headers)["dl-header-ce_type"] == b"darkroom.JobRequested.v1"


async def test_a_foreign_key_on_a_tenants_event_is_not_believed(
    make_runtime: Callable[[], Runtime], log: Log, database: asyncpg.Connection
) -> None:
    (envelope,) = await log.publish(requested(1))
    forged = [(name, value.encode()) for name, value in envelope.headers().items() if name != "ce_id"]
    forged.append(("ce_id", str(uuid4()).encode()))
    await log.send_raw("darkroom.jobs", requested(2).to_json(), key=b"shop-b", headers=forged)
    runtime = make_runtime()
    runtime.consume(Handlers().on(JobRequested, note))
    async with running(runtime.app):
        (dead,) = await log.raw(dead_letter_topic("credits"), 1)
        await eventually(reaches(jobs_in(database), 1))

    assert await jobs_in(database)() == [1]
    assert b"the key is not the event's instance" in dict(dead.headers)["dl-detail"]


async def test_an_outage_in_a_handler_is_waited_out_and_nothing_is_skipped(
    make_runtime: Callable[[], Runtime], log: Log, database: asyncpg.Connection
) -> None:
    failures = iter([ConnectionRefusedError("database away"), TimeoutError("slow"), None])

    async def weak(transaction: Transaction, batch: Sequence[Received[JobRequested]]) -> None:
        failure = next(failures, None)
        if failure:
            raise failure
        await note(transaction, batch)

    await log.publish(requested(1), requested(2))
    runtime = make_runtime()
    runtime.consume(Handlers().on(JobRequested, weak))
    async with running(runtime.app):
        await eventually(reaches(jobs_in(database), 2))

    assert await jobs_in(database)() == [1, 2]


async def test_events_of_other_types_are_passed_over(
    make_runtime: Callable[[], Runtime], log: Log, database: asyncpg.Connection
) -> None:
    await log.publish(JobCancelRequested(instance_id="shop-a", job_id=1), requested(2))
    runtime = make_runtime()
    runtime.consume(Handlers().on(JobRequested, note))
    async with running(runtime.app):
        await eventually(reaches(jobs_in(database), 1))

    assert await jobs_in(database)() == [2]
    assert await database.fetchval("SELECT count(*) FROM inbox") == 1


async def test_an_offset_is_committed_only_after_the_effects(
    make_runtime: Callable[[], Runtime], log: Log, database: asyncpg.Connection
) -> None:
    """A process that dies while it handles a batch must find the batch again: nothing may commit behind the handler's back."""
    begun, may_go_on = asyncio.Event(), asyncio.Event()

    async def slow(transaction: Transaction, batch: Sequence[Received[JobRequested]]) -> None:
        begun.set()
        await may_go_on.wait()
        await note(transaction, batch)

    await log.publish(requested(1))
    runtime = make_runtime()
    runtime.consume(Handlers().on(JobRequested, slow))
    async with running(runtime.app):
        await begun.wait()
        await asyncio.sleep(LONGER_THAN_CLIENTS_COMMIT_BY_THEMSELVES)
        assert await _committed(log) == 0
        may_go_on.set()
        await eventually(lambda: _has_committed(log, 1))

    assert await jobs_in(database)() == [1]


async def _has_committed(log: Log, count: int) -> bool:
    return await _committed(log) == count


async def _committed(log: Log) -> int:
    """What the group has committed on the jobs topic, over all partitions."""
    admin = AIOKafkaAdminClient(bootstrap_servers=log.bootstrap)
    await admin.start()
    try:
        offsets = await admin.list_consumer_group_offsets(f"{log.prefix}darkroom.credits")
    finally:
        await admin.close()
    return sum(offset.offset for offset in offsets.values() if offset.offset > 0)


async def test_what_lies_there_and_is_not_taken_ends_the_process_and_what_is_done_does_not(
    make_runtime: Callable[..., Runtime], monkeypatch: pytest.MonkeyPatch
) -> None:
    ended: list[int] = []
    monkeypatch.setattr(os, "_exit", ended.append)
    runtime = make_runtime(stall_seconds=0.001)
    runtime.consume(Handlers().on(JobRequested, note))
    await publish(runtime, requested(1))

    async def look_twice() -> None:
        for _ in range(2):
            await asyncio.sleep(0.01)
            await runtime.stalls.look()

    await look_twice()
    assert ended == [75]  # the relay has not run

    async with running(make_runtime().app):
        await eventually(lambda: _true_when(unsent(runtime, 0), []))
    await look_twice()
    assert ended == [75, 75]  # nothing is unsent, but the event is unhandled: a consumer that never got to join

    other = make_runtime()
    other.consume(Handlers().on(JobRequested, note))
    async with running(other.app):
        await eventually(lambda: _true_when(unhandled(runtime, 0), []))
        await eventually(lambda: _true_when(unsent(runtime, 0), []))
    await look_twice()
    assert ended == [75, 75]


async def test_messages_that_the_log_has_dropped_are_not_waited_for(
    make_runtime: Callable[..., Runtime], log: Log, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(consumer, "LAG_EVERY_SECONDS", 0.2)
    await log.publish(*(requested(number) for number in range(3)))
    runtime = make_runtime()
    runtime.consume(Handlers().on(JobRequested, note))
    assert sum(int(thing.state.split()[0]) for thing in await unhandled(runtime, 0)) == 3
    admin = AIOKafkaAdminClient(bootstrap_servers=log.bootstrap)
    await admin.start()
    try:
        (topic,) = await admin.describe_topics([f"{log.prefix}darkroom.jobs"])
        places = [TopicPartition(topic["topic"], part["partition"]) for part in topic["partitions"]]
        await admin.delete_records({place: RecordsToDelete(before_offset=-1) for place in places})
    finally:
        await admin.close()

    assert await unhandled(runtime, 0) == []
    async with running(runtime.app):

        async def measured() -> set[float]:
            return {sample.value for metric in runtime.metrics.lag.collect() for sample in metric.samples}

        runtime.metrics.lag.clear()  # measured before there were partitions
        await eventually(lambda: _true_when(measured(), {0.0}))


async def test_offsets_that_could_not_be_committed_are_committed_later(
    make_runtime: Callable[..., Runtime], log: Log, monkeypatch: pytest.MonkeyPatch
) -> None:
    commit = AIOKafkaConsumer.commit
    refused: list[dict[TopicPartition, int]] = []

    async def refuse_once(self: AIOKafkaConsumer, offsets: dict[TopicPartition, int]) -> None:
        if not refused:
            refused.append(offsets)
            raise KafkaError("not now")
        await commit(self, offsets)

    monkeypatch.setattr(AIOKafkaConsumer, "commit", refuse_once)
    runtime = make_runtime()
    runtime.consume(Handlers().on(JobRequested, note))
    async with running(runtime.app):
        await log.publish(requested(1))
        await eventually(lambda: _has_committed(log, 1))
    assert len(refused) == 1


async def unsent(runtime: Runtime, older_seconds: float) -> list[tuple[str, str | None]]:
    async with runtime.unit_of_work.read() as connection:
        return [(thing.state, thing.instance_id) for thing in await unsent_rows(connection, older_seconds)]


async def unhandled(runtime: Runtime, older_seconds: float) -> list[Thing]:
    """Of the jobs' topic, by the group that a runtime of these tests has."""
    prefix = runtime.settings.kafka_prefix
    group, topics = f"{prefix}darkroom.credits", [f"{prefix}darkroom.jobs"]
    return await unhandled_messages(runtime.settings.kafka_bootstrap_servers, group, topics, older_seconds)


async def test_the_doctor_sees_what_is_not_sent_and_what_is_not_handled(
    make_runtime: Callable[[], Runtime], database: asyncpg.Connection
) -> None:
    away = asyncio.Event()
    away.set()

    async def note_when_back(transaction: Transaction, batch: Sequence[Received[JobRequested]]) -> None:
        if away.is_set():
            raise ConnectionError("the database of the test is away")
        await note(transaction, batch)

    runtime = make_runtime()
    runtime.consume(Handlers().on(JobRequested, note_when_back))
    await publish(runtime, requested(1), requested(2, "shop-b"))

    assert await unsent(runtime, 0) == [("darkroom.jobs", "shop-a"), ("darkroom.jobs", "shop-b")]
    assert await unsent(runtime, 3600) == []
    async with running_unready(runtime):
        await eventually(lambda: _true_when(unsent(runtime, 0), []))

        async def waits() -> bool:
            return sum(int(thing.state.split()[0]) for thing in await unhandled(runtime, 0)) == 2

        await eventually(waits)
        assert await unhandled(runtime, 3600) == []
        away.clear()
        await eventually(lambda: _true_when(unhandled(runtime, 0), []))
    assert await jobs_in(database)() == [1, 2]


async def _true_when(found: Awaitable[object], expected: object) -> bool:
    return await found == expected


@asynccontextmanager
async def running_unready(runtime: Runtime) -> AsyncIterator[None]:
    """Started as a server would start it, but not waited for: it never becomes ready while something is away."""
    async with runtime.app.router.lifespan_context(runtime.app):
        yield
