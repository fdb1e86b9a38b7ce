"""What a consumer cannot handle is set aside, whatever is wrong with it and however much of it there is."""

import asyncio
import hashlib
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

import asyncpg
import pytest
from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient
from darkroom_contracts.jobs import JobRequested
from darkroom_contracts.predictions import MessagesDropped, MessagesRedriven
from darkroom_contracts.topics import dead_letter_topic
from darkroom_servicekit import database as kit_database
from darkroom_servicekit import isolation
from darkroom_servicekit.consumer import Handlers
from darkroom_servicekit.database import Transaction
from darkroom_servicekit.runtime import Runtime
from darkroom_servicekit.stages import Received
from support.kafka import Log
from support.kit_service import jobs_in, note, reaches, requested
from support.service import eventually, running

MakeRuntime = Callable[..., Runtime]
DEAD = dead_letter_topic("credits")
NO_EVENT = {
    "no headers at all": (b"shop-a", []),
    "a NUL in a header": (b"shop-a", [("x", b"\x00")]),
    "a NUL in a header's name": (b"shop-a", [("x\x00y", b"1")]),
    "a NUL in the key": (b"shop\x00a", []),
    "a binary key": (b"\x00\x00\x00\x00\x07\x02", []),
    "a key that is no text": (b"\xff\xfe\xed\xa0\x80", []),
    "no key": (None, []),
    "a binary header": (b"shop-a", [("traceparent", b"\xff\x00\xfe")]),
    "the same header twice": (b"shop-a", [("ce_id", b"\x001"), ("ce_id", b"\x002")]),
    "an id that is none": (
        b"shop-a",
        [("ce_specversion", b"1.0"), ("ce_id", b"none"), ("ce_type", b"darkroom.JobRequested.v1"), ("ce_source", b"/x")],
    ),
}


async def letters_in(database: asyncpg.Connection) -> list[asyncpg.Record]:
    return list(await database.fetch("SELECT * FROM own_dead_letters ORDER BY topic, partition, record_offset"))


def texts(headers: Sequence[tuple[str, bytes]]) -> dict[str, str]:
    return {name: value.decode() for name, value in headers}


@pytest.mark.parametrize("what", NO_EVENT)
async def test_a_foreign_message_of_any_bytes_is_one_dead_letter_and_the_next_message_is_handled(
    what: str, make_runtime: MakeRuntime, log: Log, database: asyncpg.Connection
) -> None:
    key, headers = NO_EVENT[what]
    value = b"{}\x00\xff"
    await log.send_raw("darkroom.jobs", value, key=key, headers=headers)
    await log.publish(*(requested(number, f"shop-{number}") for number in range(6)))
    runtime = make_runtime()
    runtime.consume(Handlers().on(JobRequested, note))
    async with running(runtime.app):
        await eventually(reaches(jobs_in(database), 6))
        [announced] = await log.raw(DEAD, 1)

    [letter] = await letters_in(database)
    assert (letter["key"], letter["value"], letter["reason"]) == (key, value, "unreadable")
    filed = list(zip(letter["header_names"], letter["header_values"], strict=True))
    assert filed == [(name.encode(), content) for name, content in headers]
    assert announced.value == value
    about = texts(announced.headers)
    assert about["dl-id"] == str(letter["id"])
    assert about["dl-value-sha256"] == hashlib.sha256(value).hexdigest()


@pytest.mark.parametrize("compressed", [False, True])
async def test_a_header_name_that_is_no_text_is_one_dead_letter_and_the_partition_goes_on(
    compressed: bool, make_runtime: MakeRuntime, log: Log, database: asyncpg.Connection
) -> None:
    runtime = make_runtime()
    for partition in range(3):
        await log.send_with_header_name("darkroom.jobs", b"\xff\xfename", partition=partition, compressed=compressed)
    await log.publish(*(requested(number, f"shop-{number}") for number in range(6)))
    runtime.consume(Handlers().on(JobRequested, note))
    async with running(runtime.app):
        await eventually(reaches(jobs_in(database), 6))
        announced = await log.raw(DEAD, 9)

    letters = await letters_in(database)
    assert [letter["record_offset"] for letter in letters] == [0, 1, 2] * 3
    assert [letter["header_names"] for letter in letters] == [[b"x-before"], [b"\xff\xfename"], [b"x-after"]] * 3
    assert {(letter["key"], letter["value"], letter["reason"]) for letter in letters} == {(b"shop-a", b"{}", "unreadable")}
    assert sum("not UTF-8" in letter["detail"] for letter in letters) == 3
    assert sum("dl-header-\ufffd\ufffdname" in texts(record.headers) for record in announced) == 3


async def test_a_message_near_the_size_limit_is_announced_in_part_and_kept_whole(
    make_runtime: MakeRuntime, log: Log, database: asyncpg.Connection
) -> None:
    value = b"x" * 1_047_900
    await log.send_raw("darkroom.jobs", value, key=b"shop-a", headers=[("ce_type", b"darkroom.JobRequested.v1")])
    await log.publish(requested(1))
    runtime = make_runtime()
    runtime.consume(Handlers().on(JobRequested, note))
    async with running(runtime.app):
        await eventually(reaches(jobs_in(database), 1))
        [announced] = await log.raw(DEAD, 1)
        await log.raw("darkroom.credits", 1)  # what the service tells afterwards is sent

    [letter] = await letters_in(database)
    assert letter["value"] == value
    about = texts(announced.headers)
    assert len(announced.value) == 65_536
    assert (about["dl-value-bytes"], about["dl-value-sha256"]) == ("1047900", hashlib.sha256(value).hexdigest())


async def test_hundreds_of_failing_messages_are_given_up_once_each_and_those_between_and_behind_are_handled(
    make_runtime: MakeRuntime, log: Log, database: asyncpg.Connection
) -> None:
    async def refuse_most(transaction: Transaction, batch: Sequence[Received[JobRequested]]) -> None:
        if any(received.event.job_id % 10 for received in batch):
            raise ValueError("nine of ten")
        await note(transaction, batch)

    await log.publish(*(requested(number) for number in range(301)))
    runtime = make_runtime(batch_max=500)
    runtime.consume(Handlers().on(JobRequested, refuse_most))
    async with running(runtime.app):
        await eventually(reaches(jobs_in(database), 31))
        await log.raw(DEAD, 270)

    assert await jobs_in(database)() == list(range(0, 301, 10))
    letters = await letters_in(database)
    assert len(letters) == 270
    assert {letter["reason"] for letter in letters} == {"handler-error"}
    assert len(await log.raw(DEAD, 270)) == 270


async def test_a_failing_message_is_found_by_halves(make_runtime: MakeRuntime, log: Log, database: asyncpg.Connection) -> None:
    sizes: list[int] = []

    async def refuse_100(transaction: Transaction, batch: Sequence[Received[JobRequested]]) -> None:
        sizes.append(len(batch))
        if any(received.event.job_id == 100 for received in batch):
            raise ValueError("one hundred")
        await note(transaction, batch)

    await log.publish(*(requested(number) for number in range(256)))
    runtime = make_runtime(batch_max=500)
    runtime.consume(Handlers().on(JobRequested, refuse_100))
    async with running(runtime.app):
        await eventually(reaches(jobs_in(database), 255))
        await log.raw(DEAD, 1)

    # Of one batch of 256: eight halvings, each with a half that is handled, and three tries of the message alone.
    assert len(sizes) <= 40


async def test_what_is_settled_of_a_batch_is_committed_while_the_rest_goes_on(
    make_runtime: MakeRuntime, log: Log, database: asyncpg.Connection
) -> None:
    may_end = asyncio.Event()

    async def slow_at_the_end(transaction: Transaction, batch: Sequence[Received[JobRequested]]) -> None:
        jobs = {received.event.job_id for received in batch}
        if 0 in jobs:
            raise ValueError("none")
        if 15 in jobs:
            await may_end.wait()
        await note(transaction, batch)

    await log.publish(*(requested(number) for number in range(16)))
    runtime = make_runtime()
    runtime.consume(Handlers().on(JobRequested, slow_at_the_end))
    async with running(runtime.app):
        await eventually(_has_committed(log, 8))
        assert not await reaches(jobs_in(database), 15)()
        may_end.set()
        await eventually(reaches(jobs_in(database), 15))


async def test_a_batch_that_is_read_again_files_and_announces_nothing_twice(
    make_runtime: MakeRuntime, log: Log, database: asyncpg.Connection
) -> None:
    async def refuse_7(transaction: Transaction, batch: Sequence[Received[JobRequested]]) -> None:
        if any(received.event.job_id == 7 for received in batch):
            raise ValueError("seven")
        await note(transaction, batch)

    await log.send_raw("darkroom.jobs", b"no event", key=b"shop-a", headers=[])
    await log.publish(requested(7), requested(8))
    for behind in (9, 10):
        await log.publish(requested(behind))
        runtime = make_runtime()
        runtime.consume(Handlers().on(JobRequested, refuse_7))
        async with running(runtime.app):
            await eventually(reaches(jobs_in(database), behind - 7))
            await eventually(_has_committed(log, behind - 5))
        await _forget_offsets(log)

    assert len(await letters_in(database)) == 2
    assert await database.fetchval("SELECT count(*) FROM outbox WHERE topic = $1", DEAD) == 2


def _has_committed(log: Log, count: int) -> Callable[[], Awaitable[bool]]:
    """Whether the group has committed at least so many messages of the jobs topic, over all partitions."""

    async def has_committed() -> bool:
        admin = AIOKafkaAdminClient(bootstrap_servers=log.bootstrap)
        await admin.start()
        try:
            committed = await admin.list_consumer_group_offsets(f"{log.prefix}darkroom.credits")
        finally:
            await admin.close()
        offsets: list[int] = [found.offset for place, found in committed.items() if place.topic.endswith("darkroom.jobs")]
        return sum(offset for offset in offsets if offset > 0) >= count

    return has_committed


async def _forget_offsets(log: Log) -> None:
    """Set the group back to the beginning, as a moved cluster does."""
    consumer = AIOKafkaConsumer(
        bootstrap_servers=log.bootstrap, group_id=f"{log.prefix}darkroom.credits", enable_auto_commit=False
    )
    await consumer.start()
    places = [TopicPartition(f"{log.prefix}darkroom.jobs", number) for number in range(3)]
    consumer.assign(places)
    await consumer.commit(dict.fromkeys(places, 0))
    await consumer.stop()


async def test_a_newer_version_of_a_handled_event_is_set_aside_and_an_unknown_type_is_counted(
    make_runtime: MakeRuntime, log: Log, database: asyncpg.Connection
) -> None:
    def headers(type_name: str) -> list[tuple[str, bytes]]:
        return [
            ("ce_specversion", b"1.0"),
            ("ce_id", b"0190a6f0-0000-7000-8000-000000000001"),
            ("ce_type", type_name.encode()),
            ("ce_source", b"/x"),
        ]

    for type_name in ("darkroom.JobRequested.v2", "darkroom.JobFinished.v2", "darkroom.NeverHeardOf.v1", "com.example.thing"):
        await log.send_raw("darkroom.jobs", b'{"instanceId": "shop-a"}', key=b"shop-a", headers=headers(type_name))
    await log.publish(requested(1))
    runtime = make_runtime()
    runtime.consume(Handlers().on(JobRequested, note))
    counted = {
        f'darkroom_events_unknown_total{{topic="{log.prefix}darkroom.jobs"}} 2.0',
        'darkroom_dead_letters_total{reason="unknown-version"} 1.0',
    }
    async with running(runtime.app) as client:
        await eventually(reaches(jobs_in(database), 1))

        async def all_counted() -> bool:  # after the commit, and the others may lie in a partition of their own
            return counted <= set((await client.get("/metrics")).text.splitlines())

        await eventually(all_counted)

    [letter] = await letters_in(database)
    assert letter["reason"] == "unknown-version"
    assert b"darkroom.JobRequested.v2" in letter["header_values"]


TOO_SLOW = "SELECT pg_sleep(30)"


@pytest.mark.parametrize("fault", ["statement", "file"])
async def test_what_only_looks_like_an_outage_is_found_and_set_aside(
    fault: str, make_runtime: MakeRuntime, log: Log, database: asyncpg.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def fail_at_13(transaction: Transaction, batch: Sequence[Received[JobRequested]]) -> None:
        if any(received.event.job_id == 13 for received in batch):
            if fault == "file":
                raise FileNotFoundError("/no/such/template")
            await transaction.execute(TOO_SLOW)
        await note(transaction, batch)

    monkeypatch.setattr(kit_database, "STATEMENT_SECONDS_MAX", 1.0)
    monkeypatch.setattr(isolation, "PART_STATEMENT_SECONDS_MAX", 0.5)
    await log.publish(*(requested(number) for number in range(40)))
    runtime = make_runtime()
    runtime.consume(Handlers().on(JobRequested, fail_at_13))
    async with running(runtime.app):
        await eventually(reaches(jobs_in(database), 39))
        await log.raw(DEAD, 1)

    [letter] = await letters_in(database)
    assert letter["reason"] == "handler-error"
    assert ("FileNotFoundError" if fault == "file" else "statement timeout") in letter["detail"]


async def test_a_redriven_message_is_handled_by_its_service_alone_and_one_that_fails_again_is_announced_again(
    make_runtime: MakeRuntime, log: Log, database: asyncpg.Connection
) -> None:
    broken = {1, 2}

    async def refuse_broken(transaction: Transaction, batch: Sequence[Received[JobRequested]]) -> None:
        if any(received.event.job_id in broken for received in batch):
            raise ValueError("broken")
        await note(transaction, batch)

    await log.publish(requested(1), requested(2))
    runtime = make_runtime()
    runtime.consume(Handlers().on(JobRequested, refuse_broken))
    async with running(runtime.app):
        announced = await log.raw(DEAD, 2)
        ids = tuple(texts(record.headers)["dl-id"] for record in announced)
        broken.discard(1)
        await log.publish(MessagesRedriven(instance_id="shop-a", redrive_id="r", service="predictor", dead_letter_ids=ids))
        await log.publish(MessagesRedriven(instance_id="shop-a", redrive_id="r", service="credits", dead_letter_ids=ids))
        announced = await log.raw(DEAD, 3)
        await eventually(reaches(jobs_in(database), 1))

    [letter] = await letters_in(database)
    again = texts(announced[2].headers)
    assert again["dl-id"] == str(letter["id"]) == ids[1]
    assert (again["dl-attempts"], letter["attempts"]) == ("4", 4)
    assert await jobs_in(database)() == [1]
    assert len(await log.raw("darkroom.jobs", 2)) == 2  # nothing was written to the topic again


async def test_a_message_kept_whole_is_redriven_from_the_whole(
    make_runtime: MakeRuntime, log: Log, database: asyncpg.Connection
) -> None:
    away: dict[str, Any] = {"refuse": True}
    names: list[int] = []

    async def refuse_at_first(transaction: Transaction, batch: Sequence[Received[JobRequested]]) -> None:
        if away["refuse"]:
            raise ValueError("not yet")
        names.extend(len(received.event.product_name) for received in batch)
        await note(transaction, batch)

    await log.publish(requested(1).model_copy(update={"product_name": "ä" * 450_000}))
    runtime = make_runtime()
    runtime.consume(Handlers().on(JobRequested, refuse_at_first))
    async with running(runtime.app):
        [announced] = await log.raw(DEAD, 1)
        away["refuse"] = False
        ids = (texts(announced.headers)["dl-id"],)
        await log.publish(MessagesRedriven(instance_id="shop-a", redrive_id="r", service="credits", dead_letter_ids=ids))
        await eventually(reaches(jobs_in(database), 1))

    assert names == [450_000]
    assert await letters_in(database) == []


KEPT_SINCE = """
    INSERT INTO own_dead_letters (id, topic, partition, record_offset, record_time, header_names, header_values, reason, detail,
        attempts, filed_at)
    SELECT gen_random_uuid(), $2, 0, number, at, '{}', '{}', 'unreadable', '', 1, at
    FROM (SELECT clock_timestamp() - CAST($1::text AS interval) AS at) AS old, generate_series(1, 250) AS number
"""


async def test_messages_that_were_kept_for_long_are_deleted_by_their_service(
    make_runtime: MakeRuntime, log: Log, database: asyncpg.Connection
) -> None:
    """A day after the list has dropped them: here for those that the list has never heard of."""
    await database.execute(KEPT_SINCE, "92 days", "old")
    await database.execute(KEPT_SINCE, "90 days", "young")
    runtime = make_runtime()
    runtime.consume(Handlers().on(JobRequested, note))

    async def only_the_young_are_left() -> bool:
        return bool(await database.fetchval("SELECT count(*) = 250 FROM own_dead_letters"))

    async with running(runtime.app):
        await eventually(only_the_young_are_left)
    assert {letter["topic"] for letter in await letters_in(database)} == {"young"}


async def test_a_service_drops_its_own_messages_alone(make_runtime: MakeRuntime, log: Log, database: asyncpg.Connection) -> None:
    await log.send_raw("darkroom.jobs", b"no event", key=b"shop-a", headers=[])
    await log.send_raw("darkroom.jobs", b"no event", key=b"shop-a", headers=[])
    runtime = make_runtime()
    runtime.consume(Handlers().on(JobRequested, note))
    async with running(runtime.app):
        announced = await log.raw(DEAD, 2)
        first, second = (texts(record.headers)["dl-id"] for record in announced)
        await log.publish(MessagesDropped(instance_id="shop-a", service="predictor", dead_letter_ids=(first,)))
        await log.publish(MessagesDropped(instance_id="shop-a", service="credits", dead_letter_ids=(second,)))

        async def one_is_left() -> bool:
            return len(await letters_in(database)) == 1

        await eventually(one_is_left)
    assert [str(letter["id"]) for letter in await letters_in(database)] == [first]
