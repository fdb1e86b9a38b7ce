"""What 50,000 predictions in flight cost one poller: `PYTHONPATH=tests python -m load.polling`.

The poller is a process of its own, on the tests' parts; the rows are written straight into its database. Twice: while nothing is
due, because webhooks are expected, and with everything due at once, so that only the budget of look-ups holds it back.
"""

import argparse
import asyncio
import os
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from itertools import pairwise
from pathlib import Path

import asyncpg
import httpx
import psutil
from support.kafka import own_log
from support.poller_world import poller_settings
from support.ports import free_port
from support.provider_double import ProviderDouble, provider_double
from support.service import eventually, migrated
from support.stack import ensure_parts, fresh_database, leased_redis

BUDGET_PER_MINUTE = 1500
WATCH_SECONDS = 30.0
ROWS = """
    INSERT INTO predictions (
        attempt_id, callback_token_sha256, instance_id, job_id, item_id, image_id, attempt, provider, account, model,
        prediction_id, expected_seconds, state, next_poll_at, overdue_at, cause_id
    )
    SELECT gen_random_uuid(), md5(n::text) || md5((n + 1)::text), 'shop-' || n % 200, n / 20, n, 'image', 1, 'replicate',
        'replicate-1', 'google/nano-banana', 'p' || n, 60, 'IN_FLIGHT',
        clock_timestamp() + interval '1 hour' + n * interval '1 millisecond', clock_timestamp() + interval '1 day', 'cause'
    FROM generate_series(1, $1::integer) AS n
"""
ALL_DUE = "UPDATE predictions SET next_poll_at = clock_timestamp() - random() * interval '1 minute'"


class Watched:
    """The poller's process, and what it asked the provider for."""

    def __init__(self, process: psutil.Process, database_url: str) -> None:
        self.process = process
        self.database_url = database_url
        self.asked_at: list[float] = []

    async def over(self, seconds: float) -> None:
        """Print what it takes in so long."""
        before, asked, sessions = self._cpu(), len(self.asked_at), await self._statements()
        started = time.monotonic()
        await asyncio.sleep(seconds)
        passed = time.monotonic() - started
        cpu = (self._cpu() - before) / passed * 100
        rate = (len(self.asked_at) - asked) * 60 / passed
        transactions = (await self._statements() - sessions) / passed
        memory = self.process.memory_full_info().pss / 1e6
        print(
            f"  poller {cpu:.1f} % of a core, {memory:.0f} MB (PSS), {self.process.num_threads()} threads; "
            f"{transactions:.1f} transactions/s; {rate:,.0f} look-ups a minute"
        )

    def most_in(self, seconds: float) -> int:
        """The most look-ups in any such window."""
        times, first, most = self.asked_at, 0, 0
        for place, at in enumerate(times):
            while at - times[first] >= seconds:
                first += 1
            most = max(most, place - first + 1)
        return most

    def _cpu(self) -> float:
        times = self.process.cpu_times()
        return times.user + times.system

    async def _statements(self) -> int:
        connection = await asyncpg.connect(self.database_url)
        try:
            found = await connection.fetchval("SELECT xact_commit FROM pg_stat_database WHERE datname = current_database()")
        finally:
            await connection.close()
        return int(found)


@asynccontextmanager
async def watched_poller(double: ProviderDouble, environ: dict[str, str], database_url: str) -> AsyncIterator[Watched]:
    """A ready poller process."""
    process = await asyncio.create_subprocess_exec(sys.executable, "-m", "darkroom_poller", env=environ)
    watched = Watched(psutil.Process(process.pid), database_url)
    double.before_answer = lambda path: watched.asked_at.append(time.monotonic()) if "/predictions/" in path else None

    async def ready() -> bool:
        assert process.returncode is None, "the poller ended"
        async with httpx.AsyncClient() as client:
            try:
                answer = await client.get(f"http://127.0.0.1:{environ['DARKROOM_HTTP_PORT']}/readyz")
            except httpx.TransportError:
                return False
        return answer.status_code == 200

    try:
        await eventually(ready, seconds=120)
        yield watched
    finally:
        process.terminate()
        await process.wait()


async def measure(double: ProviderDouble, environ: dict[str, str], database_url: str, rows: int, seconds: float) -> None:
    connection = await asyncpg.connect(database_url)
    try:
        for count in (0, rows):
            await connection.execute(ROWS, count)
            await connection.execute("ANALYZE predictions")
            async with watched_poller(double, environ, database_url) as watched:
                await asyncio.sleep(seconds / 3)
                print(f"\n{count:,} in flight, nothing due")
                await watched.over(seconds)
                if not count:
                    continue
                await connection.execute(ALL_DUE)
                print(f"\n{count:,} in flight, all of them due (budget: {BUDGET_PER_MINUTE:,} a minute)")
                await watched.over(seconds)
                gap = max((later - sooner for sooner, later in pairwise(watched.asked_at)), default=0.0)
                print(f"  most in any 20 s: {watched.most_in(20)}; longest silence {gap:.2f} s")
    finally:
        await connection.close()


async def run(rows: int, seconds: float) -> None:
    with ensure_parts() as parts, tempfile.TemporaryDirectory() as storage:
        async with (
            own_log(parts) as log,
            fresh_database(parts, "poller") as database_url,
            leased_redis(parts) as redis_url,
            provider_double() as double,
        ):
            await migrated("poller", database_url)
            for number in range(1, rows + 1):
                double.end(f"p{number}", status="processing", output=None)
            settings = poller_settings(
                log, database_url, redis_url, double, Path(storage), polls_per_minute=BUDGET_PER_MINUTE, http_port=free_port()
            )
            own = {f"DARKROOM_{name.upper()}": str(value) for name, value in settings.model_dump(exclude_unset=True).items()}
            plain = {name: value for name, value in os.environ.items() if not name.startswith("DARKROOM_")}
            await measure(double, plain | own, database_url, rows, seconds)


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=50_000)
    parser.add_argument("--seconds", type=float, default=WATCH_SECONDS)
    told = parser.parse_args(arguments)
    asyncio.run(run(told.rows, told.seconds))


if __name__ == "__main__":
    main()
