"""Reads the evidence from where it is kept: the sandbox' log, the services' databases, Kafka, the storage folder."""

import asyncio
import io
import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import fields, replace
from datetime import datetime
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import unquote, urlsplit

import asyncpg
import httpx
from aiokafka import AIOKafkaConsumer, ConsumerRecord, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient
from chaos.evidence import (
    AttemptRow,
    BalanceRow,
    EntryRow,
    Evidence,
    ItemRow,
    JobRow,
    LetterRow,
    LogEvent,
    PaidCall,
    PredictionRow,
    QueueRow,
    ReservationRow,
    SettlementRow,
)
from darkroom_cli.stack.services import SANDBOX_TOKEN
from darkroom_contracts.envelope import Envelope, header_texts
from darkroom_contracts.topics import SERVICES, TOPICS
from PIL import Image

READ_SECONDS_MAX = 240.0
"""The log holds what all tests before have written."""
AT_ONCE_MAX = 16
WINDOW_SECONDS = 60.0
MILLISECONDS = 1000
R = TypeVar("R")

JOBS = """
    SELECT id, instance_id, status, decision, price_credits AS price, items_total AS total, items_done AS done,
           items_failed AS failed, items_canceled AS canceled, items_spent AS spent, retry_of, redriven,
           cancel_requested_at IS NOT NULL AS stop_asked
    FROM jobs WHERE instance_id = ANY($1) ORDER BY id
"""
ITEMS = """
    SELECT id, job_id, instance_id, image_id, status, charge, result_key, thumbnail_key FROM items
    WHERE job_id IN (SELECT id FROM jobs WHERE instance_id = ANY($1)) ORDER BY id
"""
QUEUE = """
    SELECT item_id, instance_id, state, attempts_counted, attempts_max,
           extract(epoch FROM cancel_requested_at)::float8 AS stop_asked_at
    FROM queue_items
    WHERE instance_id = ANY($1) ORDER BY item_id
"""
ATTEMPTS = """
    SELECT a.id::text, a.item_id, a.number, a.state, extract(epoch FROM a.granted_at)::float8 AS granted_at,
           a.prediction_id, a.code
    FROM attempts a JOIN queue_items q USING (item_id) WHERE q.instance_id = ANY($1) ORDER BY a.granted_at
"""
OTHERS = "SELECT a.id::text AS id FROM attempts a JOIN queue_items q USING (item_id) WHERE q.instance_id <> ALL($1)"
LETTERS = "SELECT item_id, instance_id, state FROM dead_letters WHERE kind = 'item' AND instance_id = ANY($1)"
PREDICTIONS = "SELECT attempt_id::text, item_id, instance_id, state FROM predictions WHERE instance_id = ANY($1)"
BALANCES = "SELECT instance_id, available, held, spent FROM balances WHERE instance_id = ANY($1)"
ENTRIES = """
    SELECT e.instance_id, e.transaction_id, t.kind, t.job_id, e.account, e.amount
    FROM ledger_entries e JOIN ledger_transactions t ON t.instance_id = e.instance_id AND t.id = e.transaction_id
    WHERE e.instance_id = ANY($1)
"""
RESERVATIONS = "SELECT job_id, instance_id, state, amount, spent, released FROM reservations WHERE instance_id = ANY($1)"
SETTLEMENTS = """
    SELECT s.job_id, s.item_id, s.charge, s.amount FROM settlements s JOIN reservations r USING (job_id)
    WHERE r.instance_id = ANY($1)
"""
UNSENT = "SELECT count(*) FROM outbox WHERE published_at IS NULL"


async def collect(
    status: Mapping[str, Any],
    instances: Collection[str],
    *,
    cap: int,
    since: datetime,
) -> Evidence:
    """All that a stack, whose status document is given, keeps about these tenants; from the log what was written since then."""
    tenants, databases = list(instances), status["databases"]
    evidence = Evidence(
        cap=cap,
        window_seconds=WINDOW_SECONDS,
        instances=frozenset(instances),
        jobs=await rows(databases["jobs-api"], JobRow, JOBS, tenants),
        items=await rows(databases["jobs-api"], ItemRow, ITEMS, tenants),
        queue=await rows(databases["predictor"], QueueRow, QUEUE, tenants),
        attempts=await rows(databases["predictor"], AttemptRow, ATTEMPTS, tenants),
        letters=await rows(databases["predictor"], LetterRow, LETTERS, tenants),
        predictions=await rows(databases["poller"], PredictionRow, PREDICTIONS, tenants),
        balances=await rows(databases["credits"], BalanceRow, BALANCES, tenants),
        entries=await rows(databases["credits"], EntryRow, ENTRIES, tenants),
        reservations=await rows(databases["credits"], ReservationRow, RESERVATIONS, tenants),
        settlements=await rows(databases["credits"], SettlementRow, SETTLEMENTS, tenants),
        unsent={name: await unsent(url) for name, url in databases.items()},
        lag=await lag(status["kafka"]),
        events=await events(status["kafka"], frozenset(instances), since),
    )
    others = await attempts_of_others(databases["predictor"], tenants)
    calls = [call for call in await creations(status["sandbox"]) if call.attempt_id not in others]
    keys = [key for item in evidence.items for key in (item.result_key, item.thumbnail_key) if key]
    files = await asyncio.to_thread(examine, Path(unquote(urlsplit(status["storage"]).path)), keys)
    return replace(evidence, calls=calls, files=files)


async def rows(url: str, kind: type[R], statement: str, tenants: list[str]) -> list[R]:
    """The rows of a statement as values; its columns are named as their fields."""
    connection = await asyncpg.connect(url)
    try:
        names = [one.name for one in fields(kind)]  # type: ignore[arg-type]  # they are dataclasses
        return [kind(**{name: row[name] for name in names}) for row in await connection.fetch(statement, tenants)]
    finally:
        await connection.close()


async def attempts_of_others(url: str, tenants: list[str]) -> set[str]:
    """Attempts of tenants of no concern, whose work may still be going on."""
    connection = await asyncpg.connect(url)
    try:
        return {row["id"] for row in await connection.fetch(OTHERS, tenants)}
    finally:
        await connection.close()


async def unsent(url: str) -> int:
    """Rows of an outbox that have not been relayed."""
    connection = await asyncpg.connect(url)
    try:
        return int(await connection.fetchval(UNSENT))
    finally:
        await connection.close()


async def creations(sandbox: str) -> list[PaidCall]:
    """All creations since the sandbox was reset, with their predictions' times."""
    async with httpx.AsyncClient(base_url=sandbox, timeout=READ_SECONDS_MAX, trust_env=False) as http:
        answer = await http.get("/sandbox/calls", params={"vendor": "replicate", "kind": "create"})
        calls = [_paid_call(call) for call in answer.json()["calls"]]
        gate = asyncio.Semaphore(AT_ONCE_MAX)

        async def timed(call: PaidCall) -> PaidCall:
            if call.prediction_id is None:
                return call
            async with gate:
                path = f"/replicate/v1/predictions/{call.prediction_id}"
                found = (await http.get(path, headers={"Authorization": f"Bearer {SANDBOX_TOKEN}"})).json()
            return replace(call, began=_seconds(found["created_at"]), ended=_seconds(found.get("completed_at")))

        return list(await asyncio.gather(*map(timed, calls)))


def _paid_call(call: Mapping[str, Any]) -> PaidCall:
    webhook = call.get("webhook")
    return PaidCall(
        seq=call["seq"],
        at=call["at"],
        account=call["account"],
        status=call["status"],
        lost=bool(call.get("lost")),
        prediction_id=call["id"],
        attempt_id=urlsplit(webhook).path.rpartition("/")[2] if webhook else None,
        state=call.get("state"),
    )


def _seconds(text: str | None) -> float | None:
    return None if text is None else datetime.fromisoformat(text).timestamp()


async def events(kafka: str, instances: frozenset[str], since: datetime) -> list[LogEvent]:
    """The log since then as far as it is about these tenants, which are new; every dead letter, whoever it is about."""
    found: list[LogEvent] = []
    consumer = AIOKafkaConsumer(bootstrap_servers=kafka, enable_auto_commit=False, auto_offset_reset="earliest")
    try:
        await consumer.start()
        places = [TopicPartition(topic.name, number) for topic in TOPICS for number in range(topic.partitions)]
        consumer.assign(places)
        ends = {place: end for place, end in (await consumer.end_offsets(places)).items() if end}
        async with asyncio.timeout(READ_SECONDS_MAX):
            while any([await consumer.position(place) < end for place, end in ends.items()]):
                for batch in (await consumer.getmany(timeout_ms=500)).values():
                    found += [event for record in batch if (event := _log_event(record, instances, since)) is not None]
    finally:
        await consumer.stop()
    return found


def _log_event(record: ConsumerRecord, instances: frozenset[str], since: datetime) -> LogEvent | None:
    headers = header_texts(record.headers)
    envelope = Envelope.from_headers(headers)
    # A dead letter of a message names it by where it stood; other kinds of dead letter are an item's end, not a fault.
    gives_up = f"{headers.get('dl-reason')} of {envelope.subject}: {headers.get('dl-detail')}" if "dl-offset" in headers else None
    key = (record.key or b"").decode()
    if record.timestamp < since.timestamp() * MILLISECONDS or (gives_up is None and key not in instances):
        return None
    return LogEvent(
        topic=record.topic,
        key=key,
        id=envelope.id,
        type=envelope.type,
        sequence=envelope.sequence or 0,
        at=envelope.time,
        data={} if gives_up else json.loads(record.value or b"{}"),
        gives_up=gives_up,
    )


async def lag(kafka: str) -> dict[str, int]:
    """By consumer group of the services, the messages that it has not committed."""
    admin, consumer = AIOKafkaAdminClient(bootstrap_servers=kafka), AIOKafkaConsumer(bootstrap_servers=kafka)
    try:
        await admin.start()
        await consumer.start()
        behind = {}
        for service in SERVICES:
            committed = await admin.list_consumer_group_offsets(f"darkroom.{service}")
            ends = await consumer.end_offsets(list(committed)) if committed else {}
            behind[f"darkroom.{service}"] = sum(max(0, ends[place] - at.offset) for place, at in committed.items())
        return behind
    finally:
        await consumer.stop()
        await admin.close()


def examine(folder: Path, keys: Sequence[str]) -> dict[str, str | None]:
    """What is wrong with each stored file; None where it is a picture. A file that is not there is left out."""
    found: dict[str, str | None] = {}
    for key in dict.fromkeys(keys):
        path = folder / key
        if not path.is_file():
            continue
        try:
            with Image.open(io.BytesIO(path.read_bytes())) as image:
                image.load()
            found[key] = None
        except OSError as error:
            found[key] = f"is no picture: {error}"
    return found
