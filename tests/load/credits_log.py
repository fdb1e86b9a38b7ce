"""How many reservations and settlements a second credits takes out of Kafka, and what a hot tenant does to the others.

`python -m load.credits_log` from `tests/`. A process of credits of its own reads `darkroom.jobs` and tells on `darkroom.credits`,
over twelve partitions. A backlog is written while that process is stopped; from then on, until the last of its
events has been sent, is the time. The parts are the tests' own (fsync off) unless the environment names others.

A tenant shares its partition with others, and a partition is read in order: behind a backlog these wait, all others should not.
"""

import argparse
import asyncio
import os
import signal
import sys
import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass

import asyncpg
import httpx
import psutil
from aiokafka import AIOKafkaConsumer
from darkroom_contracts.envelope import Envelope, header_texts, read_event
from darkroom_contracts.event import Event
from darkroom_contracts.topics import EVENT_PARTITIONS
from darkroom_servicekit.auth import DEVELOPMENT_KEY
from darkroom_servicekit.story import partition_of
from load.bench import percentiles
from support.credit_books import credit_books
from support.credit_events import item_finished, job_finished, requested
from support.kafka import Log, own_log
from support.ports import free_port
from support.service import eventually, migrated
from support.stack import StackAddresses, ensure_parts, fresh_database, leased_redis

PRICE, ITEMS = 15, 10
READY_SECONDS_MAX, DONE_SECONDS_MAX, STOP_SECONDS_MAX = 60.0, 300.0, 20.0
LOOK_SECONDS = 0.05
PUBLISH_AT_ONCE = 2000
PROBES, PROBE_SECONDS = 150, 0.1
HOT_BACKLOG = 12_000

DONE = """
    SELECT (SELECT count(*) FROM reservations) + (SELECT count(*) FROM settlements)
        + (SELECT count(*) FROM reservations WHERE state = 'CLOSED') AS taken,
        (SELECT count(*) FROM outbox WHERE published_at IS NULL) AS unsent
"""


@dataclass(frozen=True)
class Running:
    """A process of credits, its log and its database."""

    process: psutil.Process
    log: Log
    database: asyncpg.Connection

    async def taken(self) -> int | None:
        """How many events have been entered; None while any of their own is unsent."""
        row = await self.database.fetchrow(DONE)
        return None if row["unsent"] else int(row["taken"])


@asynccontextmanager
async def credits_running(parts: StackAddresses, shops: Sequence[str]) -> AsyncIterator[Running]:
    """Credits with plenty of them in every shop."""
    async with (
        own_log(parts, partitions=EVENT_PARTITIONS) as log,
        fresh_database(parts, "rate") as url,
        leased_redis(parts) as redis,
    ):
        await migrated("credits", url)
        async with credit_books(url) as books:
            for shop in shops:
                await books.grant(shop, 1_000_000_000)
        port = free_port()
        own = {
            "DARKROOM_HTTP_PORT": str(port),
            "DARKROOM_KAFKA_BOOTSTRAP_SERVERS": parts.kafka,
            "DARKROOM_KAFKA_PREFIX": log.prefix,
            "DARKROOM_DATABASE_URL": url,
            "DARKROOM_REDIS_URL": redis,
            "DARKROOM_WIX_APP_SECRET": DEVELOPMENT_KEY,
            "DARKROOM_JWT_SECRET": DEVELOPMENT_KEY,
            "DARKROOM_LOG_LEVEL": "WARNING",
        }
        environ = {name: value for name, value in os.environ.items() if not name.startswith("DARKROOM_")} | own
        process = await asyncio.create_subprocess_exec(sys.executable, "-m", "darkroom_credits", env=environ)
        database = await asyncpg.connect(url)
        try:
            await eventually(lambda: ready(port), seconds=READY_SECONDS_MAX)
            yield Running(psutil.Process(process.pid), log, database)
        finally:
            await database.close()
            if process.returncode is None:
                process.send_signal(signal.SIGCONT)
                process.send_signal(signal.SIGTERM)
            async with asyncio.timeout(STOP_SECONDS_MAX):
                await process.wait()


async def ready(port: int) -> bool:
    async with httpx.AsyncClient(trust_env=False) as client:
        try:
            return (await client.get(f"http://127.0.0.1:{port}/readyz")).status_code == 200
        except httpx.TransportError:
            return False


async def publish(log: Log, events: Sequence[Event]) -> None:
    for start in range(0, len(events), PUBLISH_AT_ONCE):
        await log.publish(*events[start : start + PUBLISH_AT_ONCE])


async def measure(running: Running, name: str, events: Sequence[Event]) -> None:
    """Write the events while credits is stopped, let it go on, and print the rate until all of it is entered and told."""
    before = await until(running, lambda taken: taken is not None)
    running.process.suspend()
    await publish(running.log, events)
    cpu = sum(running.process.cpu_times()[:2])
    started = time.perf_counter()
    running.process.resume()
    await until(running, lambda taken: taken is not None and taken >= before + len(events))
    seconds = time.perf_counter() - started
    cpu = sum(running.process.cpu_times()[:2]) - cpu
    each = 1000 * cpu / len(events)
    print(f"{name:<62} {len(events) / seconds:>8,.0f}/s  {each:.3f} ms CPU of credits each", flush=True)


async def until(running: Running, done: Callable[[int | None], bool]) -> int:
    deadline = time.monotonic() + DONE_SECONDS_MAX
    while True:
        taken = await running.taken()
        if done(taken):
            return taken or 0
        assert time.monotonic() < deadline, f"only {taken} taken"
        await asyncio.sleep(LOOK_SECONDS)


async def whole_story(running: Running, of: str, owners: Sequence[str], *, first_job: int) -> None:
    """Jobs of ten items, kind by kind; each item is of another job than the one before it."""
    jobs = list(enumerate(owners, first_job))
    await measure(running, f"reservations, {of}", [requested(job, instance_id=shop, items=ITEMS) for job, shop in jobs])
    items = [item_finished(job, item, instance_id=shop) for item in range(ITEMS) for job, shop in jobs]
    await measure(running, f"settlements, {of}", items)
    await measure(running, f"ends, {of}", [job_finished(job, ITEMS, instance_id=shop, items=ITEMS) for job, shop in jobs])


async def beside(running: Running, shops: Sequence[str], *, first_job: int) -> list[tuple[str, float]]:
    """Shop and milliseconds from a request's sending to its decision's arrival, one request after the other, a shop each."""
    asked: dict[int, float] = {}
    came: dict[int, float] = {}
    topic = f"{running.log.prefix}darkroom.credits"
    consumer = AIOKafkaConsumer(topic, bootstrap_servers=running.log.bootstrap, auto_offset_reset="latest")
    await consumer.start()
    await consumer.seek_to_end()

    async def listen() -> None:
        async for record in consumer:
            envelope = Envelope.from_headers(header_texts(record.headers))
            job = getattr(read_event(envelope, record.value), "job_id", None)
            if job in asked:
                came.setdefault(job, time.perf_counter())

    listening = asyncio.create_task(listen())
    try:
        for job in range(first_job, first_job + PROBES):
            asked[job] = time.perf_counter()
            await running.log.publish(requested(job, instance_id=shops[job % len(shops)]))
            await asyncio.sleep(PROBE_SECONDS)

        async def all_came() -> bool:
            return len(came) == PROBES

        await eventually(all_came, seconds=DONE_SECONDS_MAX)
    finally:
        listening.cancel()
        await asyncio.gather(listening, return_exceptions=True)
        await consumer.stop()
    return [(shops[job % len(shops)], (came[job] - asked[job]) * 1000) for job in asked]


async def run(jobs: int, tenants: int, *, rates: bool) -> None:
    """Rates over many tenants and over one; then the others' decisions while one tenant has a backlog."""
    shops = [f"shop-{number:03}" for number in range(tenants)]
    print(f"load average before: {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores")
    with ensure_parts() as parts:
        async with credits_running(parts, [*shops, "hot"]) as running:
            await whole_story(running, "warming up", [shops[job % tenants] for job in range(200)], first_job=1)
            if rates:
                many = [shops[job % tenants] for job in range(jobs)]
                await whole_story(running, f"{tenants} tenants", many, first_job=1_000_000)
                await whole_story(running, "one hot tenant", ["hot"] * jobs, first_job=2_000_000)
            quiet = await beside(running, shops, first_job=3_000_000)
            print(f"decision, nobody else at work, ms               {percentiles([ms for _, ms in quiet])}")
            backlog = jobs_of_hot(HOT_BACKLOG)
            running.process.suspend()
            await publish(running.log, backlog)
            running.process.resume()
            busy = await beside(running, shops, first_job=5_000_000)
            for where, shared in (("other partitions", False), ("its own partition", True)):
                found = [ms for shop, ms in busy if shares_partition(shop) == shared]
                if found:
                    print(f"decision, {HOT_BACKLOG:,} of one tenant waiting, {where:<18} {percentiles(found)}")


def shares_partition(shop: str) -> bool:
    return partition_of(shop, EVENT_PARTITIONS) == partition_of("hot", EVENT_PARTITIONS)


def jobs_of_hot(events: int) -> list[Event]:
    """Requests, items and ends of one tenant's jobs in turn: the costliest order there is."""
    found: list[Event] = []
    for job in range(4_000_000, 4_000_000 + events // 3):
        end = job_finished(job, items_spent=1, instance_id="hot")
        found += [requested(job, instance_id="hot"), item_finished(job, 1, instance_id="hot"), end]
    return found


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--jobs", type=int, default=2000)
    parser.add_argument("--only-hot", action="store_true", help="only what a hot tenant does to the others")
    parser.add_argument("--tenants", type=int, default=30)
    arguments = parser.parse_args()
    asyncio.run(run(arguments.jobs, arguments.tenants, rates=not arguments.only_hot))
