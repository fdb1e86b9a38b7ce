"""Two real services: whatever a partition and an outbox hold, what stands behind it goes on, and everything can be redriven."""

import json
import os
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import asyncpg
import httpx
import pytest
from darkroom_contracts.credits import CreditsRejected
from darkroom_contracts.envelope import wrap
from darkroom_contracts.event import Event
from darkroom_contracts.predictions import PredictionCreated
from darkroom_credits.main import build as build_credits
from darkroom_predictor.main import build as build_predictor
from darkroom_servicekit.auth import make_jwt
from predictor.conftest import MakeSettings
from predictor.events import item_requested
from support.credit_events import requested
from support.credit_service import settings_for
from support.kafka import Log, own_log
from support.service import eventually, migrated, running
from support.stack import StackAddresses, fresh_database

SECRET = "a-secret-of-this-test-that-is-long-enough"
LETTERS = "/api/operator/dead-letters"
MINUTE = 60.0
BROKEN = """
    ALTER TABLE outbox ADD CONSTRAINT broken CHECK (topic <> 'darkroom.credits' OR (headers->>'ce_correlationid')::bigint >= 1000)
"""
INLINE = "INSERT INTO outbox (event_id, topic, key, headers, payload) VALUES ($1, 'darkroom.predictions', 'shop', $2, $3)"
OF_CREDITS = {"unreadable": 303, "handler-error": 300, "unknown-version": 1}
OF_PREDICTOR = {"unreadable": 303}


@pytest.fixture
async def log(parts: StackAddresses) -> AsyncIterator[Log]:
    """Topics of one partition: everything stands before the good event."""
    async with own_log(parts, partitions=1) as own:
        yield own


async def fill_partition(log: Log) -> None:
    """All that can be wrong with messages, then a good one."""
    for number in range(300):
        await log.send_raw("darkroom.jobs", b"{malformed %d" % number, key=b"shop", headers=[("ce_id", b"?")])
    await log.publish(*(requested(number) for number in range(1, 301)))
    await log.send_raw("darkroom.jobs", b"{}", key=b"shop", headers=[("x", b"\x00")])
    await log.send_raw("darkroom.jobs", b"{}", key=b"\x00\x00\x07", headers=[])
    await log.send_raw("darkroom.jobs", b"x" * 1_047_900, key=b"shop", headers=[("ce_type", b"darkroom.JobRequested.v1")])
    future = requested(999)
    envelope = replace(wrap(future, source="/services/jobs-api", now=datetime.now(UTC)), type="darkroom.JobRequested.v2")
    await log.send([(future, envelope)])
    await log.publish(requested(1000), item_requested(instance_id="shop", job_id=1000))


async def told(database: asyncpg.Connection, event: type[Event]) -> list[int]:
    """The jobs of which a service has sent such an event."""
    question = """
        SELECT (headers->>'ce_correlationid')::bigint AS job FROM outbox
        WHERE headers->>'ce_type' = $1 AND published_at IS NOT NULL ORDER BY job
    """
    return [row["job"] for row in await database.fetch(question, event.type_name())]


async def by_reason(database: asyncpg.Connection, service: str, state: str = "open") -> dict[str, int]:
    rows = await database.fetch("SELECT code FROM dead_letters WHERE service = $1 AND state = $2", service, state)
    return dict(Counter(row["code"] for row in rows))


async def test_whatever_is_wrong_what_is_behind_it_goes_on_and_everything_can_be_redriven(
    parts: StackAddresses,
    log: Log,
    make_settings: MakeSettings,
    predictor_database: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    ended: list[int] = []
    monkeypatch.setattr(os, "_exit", ended.append)
    async with AsyncExitStack() as stack:
        url = await migrated("credits", await stack.enter_async_context(fresh_database(parts, "credits")))
        books, letters = await asyncpg.connect(url), await asyncpg.connect(predictor_database)
        stack.push_async_callback(books.close)
        stack.push_async_callback(letters.close)
        await books.execute(BROKEN)
        await letters.execute(INLINE, uuid4(), json.dumps({"ce_type": "t"}), b"x" * 2_000_000)
        await fill_partition(log)

        predictor = await stack.enter_async_context(running(build_predictor(make_settings())))
        credits = await stack.enter_async_context(running(build_credits(settings_for(parts, log, url))))

        async def good_ones_done() -> bool:
            return (await told(books, CreditsRejected), await told(letters, PredictionCreated)) == ([1000], [1000])

        await eventually(good_ones_done, seconds=MINUTE)

        async def all_filed() -> bool:
            found = (await by_reason(letters, "credits"), await by_reason(letters, "predictor"))
            return found == (OF_CREDITS, OF_PREDICTOR)

        await eventually(all_filed, seconds=MINUTE)
        assert await books.fetchval("SELECT count(*) FROM own_dead_letters") == sum(OF_CREDITS.values())
        await eventually(lambda: _is(letters, "SELECT count(*) = 1 FROM outbox WHERE set_aside_at IS NOT NULL"), seconds=MINUTE)

        await books.execute("ALTER TABLE outbox DROP CONSTRAINT broken")
        assert await redrive(predictor, service="credits") == sum(OF_CREDITS.values())

        async def settled() -> bool:
            still = {"unreadable": 303, "unknown-version": 1}
            opened, done = await by_reason(letters, "credits"), await by_reason(letters, "credits", "redriven")
            decided = await told(books, CreditsRejected)
            return (opened, done, decided) == (still, {"handler-error": 300}, [*range(1, 301), 1000])

        await eventually(settled, seconds=MINUTE)
        assert await books.fetchval("SELECT min(attempts) FROM own_dead_letters") == 2
        for service in (predictor, credits):
            metrics = (await service.get("/metrics")).text
            assert "darkroom_loop_restarts_total{" not in metrics
    assert ended == []


async def _is(database: asyncpg.Connection, question: str) -> bool:
    return bool(await database.fetchval(question))


async def redrive(client: httpx.AsyncClient, **wanted: Any) -> int:
    """How many letters a redrive took."""
    token = make_jwt("ops", key=SECRET, now=datetime.now(UTC), ttl=timedelta(hours=1), subject="anna", roles=("operator",))
    headers = {"Authorization": f"Bearer {token}"}
    answer = await client.post(f"{LETTERS}/redrive", json={"filter": wanted}, headers=headers)
    matched: int = answer.json()["matched"]
    return matched
