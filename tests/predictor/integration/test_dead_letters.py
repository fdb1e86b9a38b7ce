"""What was given up: filed once with its history, listed for operators alone, redriven, throttled, cancelled, dropped."""

import asyncio
import json
from collections.abc import AsyncIterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import asyncpg
import httpx
import pytest
from darkroom_contracts.event import Event
from darkroom_contracts.predictions import DeadLettersRedriven, ItemFailed, ItemGivenUp
from darkroom_predictor.main import build
from darkroom_servicekit.auth import make_jwt
from darkroom_servicekit.stages import Received
from predictor.conftest import MakeSettings
from predictor.events import item_requested
from predictor.provider_double import ProviderDouble, refusing
from support.kafka import Log
from support.service import eventually, running

SECRET = "a-secret-of-this-test-that-is-long-enough"
LETTERS = "/api/operator/dead-letters"


def signed(role: str | None) -> dict[str, str]:
    roles = (role,) if role else ()
    token = make_jwt("ops", key=SECRET, now=datetime.now(UTC), ttl=timedelta(hours=1), subject="anna", roles=roles)
    return {"Authorization": f"Bearer {token}"}


OPERATOR = signed("operator")


@pytest.fixture
async def database(predictor_database: str) -> AsyncIterator[asyncpg.Connection]:
    connection = await asyncpg.connect(predictor_database)
    yield connection
    await connection.close()


async def listed(client: httpx.AsyncClient, **query: Any) -> list[dict[str, Any]]:
    answer = await client.get(LETTERS, params=query, headers=OPERATOR)
    assert answer.status_code == 200, answer.text
    letters: list[dict[str, Any]] = answer.json()["deadLetters"]
    return letters


async def wait_for_letters(client: httpx.AsyncClient, count: int, **query: Any) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []

    async def enough() -> bool:
        found[:] = await listed(client, **query)
        return len(found) >= count

    await eventually(enough)
    assert len(found) == count
    return found


def redriven_in(seen: Sequence[Received[Event]]) -> list[DeadLettersRedriven]:
    return [one.event for one in seen if isinstance(one.event, DeadLettersRedriven)]


async def test_items_out_of_attempts_are_listed_with_their_history_and_redriven_job_by_job(
    make_settings: MakeSettings, provider: ProviderDouble, log: Log
) -> None:
    provider.answer = refusing(503, detail="upstream is away")
    first, second, other = item_requested(), item_requested(), item_requested(instance_id="shop-2", job_id=2)
    refused = item_requested(instance_id="shop-3", job_id=3)

    async with running(build(make_settings(unknown_settle_seconds=0.1))) as client:
        await log.publish(first, second, other)
        await wait_for_letters(client, 3)
        provider.answer = refusing(422, title="Input validation failed", detail="- input.prompt: is required")
        await log.publish(refused)
        await log.events(lambda seen: sum(isinstance(one.event, ItemFailed) for one in seen) == 4)
        # What was refused for what it is, is no dead letter: nothing would be gained by trying again.
        letters = await listed(client)
        assert {letter["itemId"] for letter in letters} == {first.item_id, second.item_id, other.item_id}
        one = next(letter for letter in letters if letter["itemId"] == first.item_id)
        assert (one["kind"], one["service"], one["state"], one["attempts"]) == ("item", "predictor", "open", 3)
        assert one["code"] == "provider-error"

        whole = (await client.get(f"{LETTERS}/{one['id']}", headers=OPERATOR)).json()
        assert [(attempt["number"], attempt["code"]) for attempt in whole["history"]] == [
            (number, "provider-error") for number in (1, 2, 3)
        ]
        assert {letter["instanceId"] for letter in await listed(client, instanceId="shop-2")} == {"shop-2"}
        assert (await client.get(LETTERS, headers=signed(None))).status_code == 403
        assert (await client.get(LETTERS)).status_code == 401

        body: dict[str, Any] = {"filter": {"code": "provider-error"}}
        dry = await client.post(f"{LETTERS}/redrive", json=body | {"dryRun": True}, headers=OPERATOR)
        assert (dry.status_code, dry.json()["matched"]) == (202, 3)
        key = OPERATOR | {"Idempotency-Key": "once"}
        answers = [await client.post(f"{LETTERS}/redrive", json=body, headers=key) for _ in range(2)]
        assert {(answer.status_code, answer.json()["matched"]) for answer in answers} == {(202, 3)}
        assert len({answer.json()["redriveId"] for answer in answers}) == 1

        events = redriven_in(await log.events(lambda seen: len(redriven_in(seen)) >= 2))
        assert sorted((event.instance_id, event.job_id, event.item_ids) for event in events) == [
            ("shop-1", 1, (first.item_id, second.item_id)),
            ("shop-2", 2, (other.item_id,)),
        ]
        assert {event.redriven_by for event in events} == {"ops/anna"}
        await wait_for_letters(client, 3, state="redriven")
        redrives = (await client.get(f"{LETTERS}/redrives", headers=OPERATOR)).json()["redrives"]
        assert [(one["state"], one["matched"], one["redriven"]) for one in redrives] == [("done", 3, 3)]
        later = await client.post(f"{LETTERS}/redrive", json=body, headers=OPERATOR)
        assert later.json()["matched"] == 0

    given_up = await log.raw("darkroom.predictor.dead-letters", 3)
    assert {ItemGivenUp.model_validate_json(record.value).item_id for record in given_up} == {
        first.item_id,
        second.item_id,
        other.item_id,
    }


async def test_a_dead_message_is_handled_again_by_the_service_that_failed_and_nobody_else_hears_of_it(
    make_settings: MakeSettings, provider: ProviderDouble, log: Log, database: asyncpg.Connection
) -> None:
    async with running(build(make_settings())) as client:
        await database.execute("ALTER TABLE queue_items ADD CONSTRAINT broken CHECK (job_id <> 8)")
        item = item_requested(job_id=8)
        [envelope] = await log.publish(item)
        [letter] = await wait_for_letters(client, 1)
        assert (letter["kind"], letter["service"], letter["code"]) == ("message", "predictor", "handler-error")
        assert (letter["jobId"], letter["itemId"], letter["attempts"]) == (8, item.item_id, 3)
        whole = (await client.get(f"{LETTERS}/{letter['id']}", headers=OPERATOR)).json()
        assert (whole["topic"], whole["headers"]["ce_id"]) == ("darkroom.jobs", envelope.id)
        assert '"jobId":8' in whole["data"]

        await database.execute("ALTER TABLE queue_items DROP CONSTRAINT broken")
        answer = await client.post(f"{LETTERS}/redrive", json={"ids": [letter["id"]]}, headers=OPERATOR)
        assert answer.json()["matched"] == 1
        await eventually(lambda: asyncio.sleep(0, len(provider.arrivals) == 1))
        [event] = redriven_in(await log.events(lambda seen: bool(redriven_in(seen))))
        assert (event.instance_id, event.job_id, event.dead_letter_ids) == ("shop-1", None, (letter["id"],))

    assert len(await log.raw("darkroom.jobs", 1)) == 1


async def test_a_redriven_message_that_fails_again_is_open_again(
    make_settings: MakeSettings, provider: ProviderDouble, log: Log, database: asyncpg.Connection
) -> None:
    async with running(build(make_settings())) as client:
        await database.execute("ALTER TABLE queue_items ADD CONSTRAINT broken CHECK (job_id <> 8)")
        await log.publish(item_requested(job_id=8))
        [letter] = await wait_for_letters(client, 1)
        await client.post(f"{LETTERS}/redrive", json={"ids": [letter["id"]]}, headers=OPERATOR)
        await log.events(lambda seen: bool(redriven_in(seen)))
        [again] = await wait_for_letters(client, 1, state="open")

    assert (again["id"], again["attempts"], again["redriveId"]) == (letter["id"], 4, None)


async def test_a_dropped_message_is_dropped_by_the_service_that_kept_it(
    make_settings: MakeSettings, provider: ProviderDouble, log: Log, database: asyncpg.Connection
) -> None:
    async with running(build(make_settings())) as client:
        await database.execute("ALTER TABLE queue_items ADD CONSTRAINT broken CHECK (job_id <> 8)")
        await log.publish(item_requested(job_id=8))
        [letter] = await wait_for_letters(client, 1)
        assert await _is(database, "SELECT count(*) = 1 FROM own_dead_letters")
        drop = await client.post(f"{LETTERS}/{letter['id']}/drop", json={"reason": "too late"}, headers=OPERATOR)
        assert drop.json()["state"] == "dropped"
        await eventually(lambda: _is(database, "SELECT count(*) = 0 FROM own_dead_letters"))


OLD_MESSAGE = """
    INSERT INTO dead_letters (id, kind, service, instance_id, code, message, attempts, topic, headers, data, kept_by_service,
        happened_at, created_at, state)
    SELECT $1, 'message', 'predictor', 'shop-1', 'unreadable', '', 1, 'darkroom.jobs', '[]', '', true, at, at, 'open'
    FROM (SELECT clock_timestamp() - CAST($2::text AS interval) AS at) AS old
"""
KEPT_MESSAGE = """
    INSERT INTO own_dead_letters (id, topic, partition, record_offset, record_time, header_names, header_values, reason, detail,
        attempts, filed_at)
    SELECT $1, 'darkroom.jobs', 0, 0, at, '{}', '{}', 'unreadable', '', 1, at
    FROM (SELECT clock_timestamp() - CAST($2::text AS interval) AS at) AS old
"""


async def test_messages_are_dropped_when_they_have_been_kept_for_long_in_the_list_and_at_their_service(
    make_settings: MakeSettings, provider: ProviderDouble, log: Log, database: asyncpg.Connection
) -> None:
    old, young = uuid4(), uuid4()
    for letter_id, age in ((old, "8 days"), (young, "6 days")):
        await database.execute(OLD_MESSAGE, letter_id, age)
        await database.execute(KEPT_MESSAGE, letter_id, age)
    async with running(build(make_settings(dead_letters_keep_days=7))) as client:
        [dropped] = await wait_for_letters(client, 1, state="dropped")
        assert (dropped["id"], dropped["droppedBy"]) == (str(old), "retention")
        assert dropped["dropReason"] == "nobody decided on it within 7 days"
        await eventually(lambda: _is(database, "SELECT count(*) = 1 FROM own_dead_letters"))
        assert await database.fetchval("SELECT id FROM own_dead_letters") == young
        assert [letter["id"] for letter in await listed(client, state="open")] == [str(young)]


async def test_a_message_filed_by_an_older_version_goes_to_its_topic_again_as_it_was(
    make_settings: MakeSettings, provider: ProviderDouble, log: Log, database: asyncpg.Connection
) -> None:
    [envelope] = await log.publish(item_requested(job_id=8))
    [first] = await log.raw("darkroom.jobs", 1)
    headers = [(name, value.decode()) for name, value in first.headers]
    await database.execute(
        "INSERT INTO dead_letters (id, kind, service, instance_id, code, message, attempts, topic, headers, data, happened_at)"
        " VALUES (gen_random_uuid(), 'message', 'credits', 'shop-1', 'handler-error', '', 3, 'darkroom.jobs', $1, $2,"
        " clock_timestamp())",
        json.dumps(headers),
        first.value,
    )
    async with running(build(make_settings())) as client:
        answer = await client.post(f"{LETTERS}/redrive", json={"filter": {"service": "credits"}}, headers=OPERATOR)
        assert answer.json()["matched"] == 1
        first, second = await log.raw("darkroom.jobs", 2)

    assert (first.key, first.value) == (second.key, second.value)
    assert dict(second.headers)["ce_id"].decode() == envelope.id
    # Those that the relay gives every message come to it; none of its own is lost or changed.
    assert dict(first.headers).items() <= dict(second.headers).items()


async def test_a_throttled_redrive_is_cancelled_and_the_rest_is_open_again_and_dropped_with_a_reason(
    make_settings: MakeSettings, provider: ProviderDouble, log: Log, database: asyncpg.Connection
) -> None:
    provider.answer = refusing(503, detail="upstream is away")
    async with running(build(make_settings(unknown_settle_seconds=0.1))) as client:
        await log.publish(*(item_requested(job_id=job) for job in (1, 2, 3)))
        await wait_for_letters(client, 3)
        body = {"filter": {}, "perMinute": 1}
        redrive_id = (await client.post(f"{LETTERS}/redrive", json=body, headers=OPERATOR)).json()["redriveId"]
        await wait_for_letters(client, 1, state="redriven")
        waiting = await listed(client, state="redriving")
        assert len(waiting) == 2
        drop = await client.post(f"{LETTERS}/{waiting[0]['id']}/drop", json={"reason": "too late"}, headers=OPERATOR)
        assert drop.status_code == 409

        for status in (200, 409):
            canceled = await client.post(f"{LETTERS}/redrives/{redrive_id}/cancel", headers=OPERATOR)
            assert canceled.status_code == status, canceled.text
        assert len(await listed(client, state="open")) == 2
        drop = await client.post(f"{LETTERS}/{waiting[0]['id']}/drop", json={"reason": "too late"}, headers=OPERATOR)
        assert (drop.status_code, drop.json()["state"], drop.json()["dropReason"]) == (200, "dropped", "too late")
        assert (await client.post(f"{LETTERS}/redrive", json={}, headers=OPERATOR)).status_code == 400

        # Older than its readers' memory: they would take it for news, so it stays.
        await database.execute(
            "INSERT INTO dead_letters (id, kind, service, instance_id, code, message, attempts, topic, headers, data,"
            " happened_at)"
            " VALUES (gen_random_uuid(), 'message', 'credits', 'shop-1', 'handler-error', '', 3, 'darkroom.jobs', '[]', '',"
            " clock_timestamp() - interval '40 days')"
        )
        old = await client.post(f"{LETTERS}/redrive", json={"filter": {"service": "credits"}}, headers=OPERATOR)
        assert (old.json()["matched"], old.json()["leftOut"]) == (0, 1)
        metrics = (await client.get("/metrics")).text
        assert 'darkroom_dead_letters_open{kind="item",service="predictor"}' in metrics


async def _is(database: asyncpg.Connection, question: str) -> bool:
    return bool(await database.fetchval(question))
