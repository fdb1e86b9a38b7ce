"""What the relay cannot send is set aside: the others go on, an operator sees it and has it sent again."""

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import asyncpg
import httpx
import pytest
from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from darkroom_servicekit import outbox
from darkroom_servicekit.auth import make_jwt
from darkroom_servicekit.outbox import EventTooLarge, OutboxRow
from darkroom_servicekit.runtime import Runtime
from support.kafka import Log
from support.kit_service import JWT_SECRET, publish, requested
from support.service import eventually, running

MakeRuntime = Callable[..., Runtime]
WRITE = """
    INSERT INTO outbox (event_id, topic, key, headers, payload) VALUES ($1, $2, $3, $4, $5) RETURNING sequence
"""
TOO_LARGE = b"x" * 2_000_000


@pytest.fixture(autouse=True)
def tried_again_soon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(outbox, "TRY_AGAIN_SECONDS", (0.05, 0.05, 0.05, 0.05))
    monkeypatch.setattr(outbox, "REPORT_EVERY_SECONDS", 0.2)


async def write(database: asyncpg.Connection, topic: str, payload: bytes, *, key: str = "shop-a", headers: Any = None) -> int:
    """A row as an older version may have left it."""
    sequence: int = await database.fetchval(WRITE, uuid4(), topic, key, json.dumps(headers or {"ce_type": "t"}), payload)
    return sequence


async def state_of(database: asyncpg.Connection, sequence: int) -> str:
    row = await database.fetchrow("SELECT published_at, set_aside_at FROM outbox WHERE sequence = $1", sequence)
    return "sent" if row["published_at"] else "set aside" if row["set_aside_at"] else "waiting"


def are(database: asyncpg.Connection, expected: dict[int, str]) -> Any:
    async def as_expected() -> bool:
        return {sequence: await state_of(database, sequence) for sequence in expected} == expected

    return as_expected


@pytest.mark.parametrize("fault", ["too large", "no such topic", "headers that are no text"])
async def test_a_row_that_cannot_be_sent_is_set_aside_and_the_others_are_sent_once(
    fault: str, make_runtime: MakeRuntime, log: Log, database: asyncpg.Connection
) -> None:
    before = await write(database, "darkroom.jobs", b"before", key="shop-b")
    match fault:
        case "too large":
            bad = await write(database, "darkroom.jobs", TOO_LARGE)
        case "no such topic":
            bad = await write(database, "darkroom.of-tomorrow", b"early")
        case _:
            bad = await write(database, "darkroom.jobs", b"odd", headers={"n": 1})
    same_key = await write(database, "darkroom.jobs", b"behind, same key")
    other_key = await write(database, "darkroom.jobs", b"behind, other key", key="shop-b")
    runtime = make_runtime()
    async with running(runtime.app) as client:
        await eventually(are(database, {before: "sent", bad: "set aside", same_key: "sent", other_key: "sent"}))
        await eventually(lambda: _shows(client, "darkroom_outbox_set_aside 1.0"))

    values = [record.value for record in await log.raw("darkroom.jobs", 3)]
    assert sorted(values) == [b"before", b"behind, other key", b"behind, same key"]
    failure = await database.fetchval("SELECT failure FROM outbox WHERE sequence = $1", bad)
    assert failure


async def _shows(client: httpx.AsyncClient, line: str) -> bool:
    return line in (await client.get("/metrics")).text.splitlines()


async def test_rows_of_the_same_key_wait_until_the_refused_one_is_set_aside(
    make_runtime: MakeRuntime, log: Log, database: asyncpg.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(outbox, "TRY_AGAIN_SECONDS", (3600.0,) * 4)
    bad = await write(database, "darkroom.jobs", TOO_LARGE)
    same_key = [await write(database, "darkroom.jobs", b"behind, same key") for _ in range(3)]
    other_key = await write(database, "darkroom.jobs", b"behind, other key", key="shop-b")
    runtime = make_runtime(batch_max=50)
    async with running(runtime.app):
        await eventually(are(database, {other_key: "sent"}))
        later = await write(database, "darkroom.jobs", b"later, other key", key="shop-b")
        runtime.relay.wake()
        await eventually(are(database, {later: "sent"}))
        assert await are(database, dict.fromkeys([bad, *same_key], "waiting"))()


async def test_an_operator_sees_what_was_set_aside_and_has_it_sent_again(
    make_runtime: MakeRuntime, log: Log, database: asyncpg.Connection
) -> None:
    bad = await write(database, "darkroom.of-tomorrow", b"early")
    runtime = make_runtime()
    token = make_jwt("ops", key=JWT_SECRET, now=datetime.now(UTC), ttl=timedelta(hours=1), subject="anna", roles=("operator",))
    operator = {"Authorization": f"Bearer {token}"}
    async with running(runtime.app) as client:
        await eventually(are(database, {bad: "set aside"}))
        told = (await client.get("/api/operator/doctor?olderThan=0", headers=operator)).json()
        checks = {check["kind"]: check["found"] for check in told["checks"]}
        assert [found["id"] for found in checks["outbox-set-aside"]] == [str(bad)]
        assert checks["outbox"] == []

        await _make_topic(log, "darkroom.of-tomorrow")
        body = {"ids": [str(bad)]}
        answer = await client.post("/api/operator/doctor/repair/outbox-set-aside", json=body, headers=operator)
        assert answer.json() == {"repaired": 1}
        await eventually(are(database, {bad: "sent"}))
        await _drop_topic(log, "darkroom.of-tomorrow")


async def test_a_row_that_the_topic_itself_refuses_is_set_aside_and_its_partition_takes_the_others(
    make_runtime: MakeRuntime, log: Log, database: asyncpg.Connection
) -> None:
    await _make_topic(log, "darkroom.narrow", {"max.message.bytes": "2000"})
    before = await write(database, "darkroom.narrow", b"before", key="shop-b")
    bad = await write(database, "darkroom.narrow", b"x" * 5000)
    behind = [await write(database, "darkroom.narrow", b"behind", key=f"shop-{number}") for number in range(5)]
    async with running(make_runtime().app) as client:
        await eventually(are(database, {before: "sent", bad: "set aside"} | dict.fromkeys(behind, "sent")))
        later = await write(database, "darkroom.narrow", b"later")
        await eventually(are(database, {later: "sent"}))
        assert "darkroom_loop_restarts_total{" not in (await client.get("/metrics")).text
    await _drop_topic(log, "darkroom.narrow")


async def _make_topic(log: Log, name: str, configs: dict[str, str] | None = None) -> None:
    admin = AIOKafkaAdminClient(bootstrap_servers=log.bootstrap)
    await admin.start()
    await admin.create_topics([NewTopic(log.prefix + name, num_partitions=1, replication_factor=1, topic_configs=configs or {})])
    await admin.close()


async def _drop_topic(log: Log, name: str) -> None:
    admin = AIOKafkaAdminClient(bootstrap_servers=log.bootstrap)
    await admin.start()
    await admin.delete_topics([log.prefix + name])
    await admin.close()


async def test_an_event_that_is_too_large_is_refused_where_it_is_published(
    make_runtime: MakeRuntime, log: Log, database: asyncpg.Connection
) -> None:
    runtime = make_runtime()
    large = requested(1).model_copy(update={"product_name": "x" * outbox.ROW_BYTES_MAX})
    async with running(runtime.app):
        async with runtime.unit_of_work.begin() as transaction:
            with pytest.raises(EventTooLarge, match="JobRequested"):
                transaction.publish(large)
            transaction.publish(requested(2))
        [record] = await log.raw("darkroom.jobs", 1)
        assert json.loads(record.value)["jobId"] == 2

        with pytest.raises(EventTooLarge):
            await _publish_raw(runtime, b"x" * outbox.ROW_BYTES_MAX)


async def _publish_raw(runtime: Runtime, payload: bytes) -> None:
    async with runtime.unit_of_work.begin() as transaction:
        envelope = transaction.publish(requested(3))
        transaction.publish_raw(OutboxRow("darkroom.jobs", "shop-a", envelope, payload))


async def test_an_event_of_the_largest_size_is_sent(make_runtime: MakeRuntime, log: Log) -> None:
    runtime = make_runtime()
    empty = requested(1).model_copy(update={"product_name": ""})
    room = outbox.ROW_BYTES_MAX - len(empty.to_json()) - 1000  # more than its key and headers have
    async with running(runtime.app):
        await publish(runtime, empty.model_copy(update={"product_name": "x" * room}))
        [record] = await log.raw("darkroom.jobs", 1)

    assert len(record.value) == len(empty.to_json()) + room


async def test_what_waits_is_counted_whether_or_not_it_can_be_sent(
    make_runtime: MakeRuntime, log: Log, database: asyncpg.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(outbox, "TRY_AGAIN_SECONDS", (3600.0,) * 4)
    await write(database, "darkroom.jobs", TOO_LARGE)
    for _ in range(600):
        await write(database, "darkroom.jobs", b"behind, same key")
    async with running(make_runtime().app) as client:
        await eventually(lambda: _shows(client, "darkroom_outbox_waiting 601.0"))
