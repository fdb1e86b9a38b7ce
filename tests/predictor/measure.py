"""What the predictor costs, on this machine: `python -m predictor.measure` with `tests` on the path. Not a test.

The script at many tenants (by Redis' own count of its time), a whole run with the cap lifted against a provider that answers at
once, and the way from ItemRequested to the provider on an idle stack.
"""

import argparse
import asyncio
import os
import statistics
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import psutil
from darkroom_predictor.fair_queue import FairQueue, Place
from darkroom_predictor.limits import AccountLimits
from predictor.events import item_requested
from predictor.provider_double import ProviderDouble, provider_double
from redis.asyncio import Redis
from support.kafka import Log, own_log
from support.service import eventually, migrated
from support.stack import StackAddresses, ensure_parts, fresh_database, leased_redis

LIFTED = 10_000_000


def say(line: str) -> None:
    sys.stdout.write(line + "\n")


async def measure_script(parts: StackAddresses, *, tenants: int, items: int) -> None:
    """µs of Redis' time for each grant, 50 in a batch, and for single ones."""
    async with leased_redis(parts) as url, Redis.from_url(url) as redis:
        queue = FairQueue(url, "bench", window_seconds=60, grant_seconds_max=1)
        await queue.set_accounts(1, [AccountLimits(account="a", cap=LIFTED, burst=LIFTED, slots=LIFTED)])
        await queue.open(1)
        queue.enter(1)
        began = time.perf_counter()
        for start in range(0, items, 10_000):
            filed = [(Place(f"tenant-{n % tenants}", n % tenants * 3 + n % 3, n), 0.0) for n in range(start, start + 10_000)]
            await queue.file(1, filed)
        filing = time.perf_counter() - began
        for places in (1, 50):
            await redis.config_resetstat()
            times = []
            for batch in range(200):
                names = [f"{places}-{batch}-{n}" for n in range(places)]
                asked = time.perf_counter()
                turns = await queue.take(names, ["a"])
                times.append(time.perf_counter() - asked)
                assert len(turns.grants) == places
            spent = (await redis.info("commandstats"))["cmdstat_evalsha"]
            per_grant = spent["usec"] / spent["calls"] / places
            say(
                f"script, {tenants} tenants, {items} items, batches of {places}: {per_grant:.1f} µs of Redis per grant;"
                f" a call p50 {statistics.median(times) * 1e3:.2f} ms, p99 {statistics.quantiles(times, n=100)[-1] * 1e3:.2f} ms"
            )
        say(f"  filing: {filing / items * 1e6:.1f} µs an item")
        await queue.close()


@asynccontextmanager
async def predictor(parts: StackAddresses, log: Log, provider: str, **settings: object) -> AsyncIterator[psutil.Process]:
    """A predictor process on parts of its own."""
    async with fresh_database(parts, "bench") as url, leased_redis(parts) as redis_url:
        environ = {
            "KAFKA_BOOTSTRAP_SERVERS": log.bootstrap,
            "KAFKA_PREFIX": log.prefix,
            "DATABASE_URL": await migrated("predictor", url),
            "REDIS_URL": redis_url,
            "REPLICATE_BASE_URL": provider,
            "REPLICATE_API_TOKENS": "r8_bench",
            "PUBLIC_URL": "http://127.0.0.1:1",
            "HTTP_PORT": "0",
            **{name.upper(): str(value) for name, value in settings.items()},
        }
        outside = {f"DARKROOM_{name}": value for name, value in environ.items()}
        process = await asyncio.create_subprocess_exec(sys.executable, "-m", "darkroom_predictor", env={**os.environ, **outside})
        try:
            yield psutil.Process(process.pid)
        finally:
            process.kill()
            await process.wait()


async def measure_latency(parts: StackAddresses, log: Log, double: ProviderDouble, count: int) -> None:
    async with predictor(parts, log, double.address) as process:
        await log.publish(item_requested())
        await eventually(lambda: asyncio.sleep(0, bool(double.arrivals)), seconds=30)
        times = []
        for number in range(count):
            before = len(double.arrivals)
            await asyncio.sleep(0.15)
            began = time.monotonic()
            await log.publish(item_requested(instance_id=f"shop-{number % 7}", job_id=number + 10))
            await eventually(lambda: asyncio.sleep(0, len(double.arrivals) > before))  # noqa: B023
            times.append(double.arrivals[-1].at - began)
        quantiles = statistics.quantiles(times, n=100)
        say(f"ItemRequested → arrival, idle: p50 {quantiles[49] * 1e3:.1f} ms, p99 {quantiles[98] * 1e3:.1f} ms ({count} items)")
        cpu, began = sum(process.cpu_times()[:2]), time.monotonic()
        await asyncio.sleep(10)
        idle = (sum(process.cpu_times()[:2]) - cpu) / (time.monotonic() - began)
        say(f"idle: {idle * 100:.2f} % of a core, {process.memory_info().rss / 1e6:.0f} MB")


async def measure_speed(parts: StackAddresses, log: Log, double: ProviderDouble, items: int) -> None:
    settings = {"replicate_cap_per_minute": LIFTED, "replicate_burst": 1000, "replicate_concurrency": LIFTED}
    async with predictor(parts, log, double.address, **settings) as process:
        await log.publish(item_requested())
        await eventually(lambda: asyncio.sleep(0, bool(double.arrivals)), seconds=30)
        cpu, began = sum(process.cpu_times()[:2]), time.monotonic()
        for start in range(0, items, 500):
            await log.publish(*(item_requested(instance_id=f"shop-{n % 30}", job_id=n % 30) for n in range(start, start + 500)))
        await eventually(lambda: asyncio.sleep(0.1, len(double.arrivals) > items), seconds=120)
        took = time.monotonic() - began
        await asyncio.sleep(1)
        spent = sum(process.cpu_times()[:2]) - cpu
        say(f"speed: {items / took:.0f} items/s; predictor {spent / items * 1e3:.2f} ms of CPU an item")


async def main(arguments: argparse.Namespace) -> None:
    with ensure_parts() as parts:
        for tenants, items in ((30, 100_000), (10_000, 100_000)):
            await measure_script(parts, tenants=tenants, items=items)
        async with own_log(parts) as log, provider_double() as double:
            await measure_latency(parts, log, double, arguments.latencies)
        async with own_log(parts) as log, provider_double() as double:
            await measure_speed(parts, log, double, arguments.items)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--items", type=int, default=3000)
    parser.add_argument("--latencies", type=int, default=100)
    asyncio.run(main(parser.parse_args()))
