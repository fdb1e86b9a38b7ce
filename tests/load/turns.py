"""What a fair turn costs in Redis: `PYTHONPATH=tests python -m load.turns` on a Redis of its own, with its append-only file.

Times are the script's own, as Redis' slow log tells them; grants a second are what clients saw. Compare one run's figures only.
"""

import argparse
import asyncio
import itertools
import shutil
import statistics
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from subprocess import DEVNULL, Popen
from typing import Any

from darkroom_cli.stack.redis import program
from darkroom_predictor.fair_queue import FairQueue, Hints, Place, mark_of
from darkroom_predictor.limiter_controls import BreakerBounds, Kind, LimiterControls, ModelNews
from darkroom_predictor.limits import AccountLimits
from darkroom_predictor.queue_look import QueueLooker
from darkroom_predictor.terms import Terms
from redis.asyncio import Redis

CALLS = 3_000
GRANTS = 20_000
BATCH = 50
CLIENTS = 3
MODELS = tuple(mark_of(f"studio/model-{number}") for number in range(5))
ACCOUNT = AccountLimits(account="replicate-1", cap=10**9, burst=10**9, slots=10**9)
REAL = AccountLimits(account="replicate-1", cap=450, burst=10, slots=600)
PROMISE = (
    "promises: a decision's p99 at most 2 ms with 10,000 tenants; at least 2,000 grants a second in one Redis; no script over"
    " 5 ms at 50,000 waiting jobs of one picture; at most 150 B for a waiting picture"
)
DEEP = 50_000
"""Jobs of one picture that one tenant has waiting where removals are measured."""
REMOVED = 500


@dataclass(frozen=True)
class Size:
    """A queue to be measured."""

    tenants: int
    items: int
    per_job: int = 20


SIZES = (
    Size(10, 1_000),
    Size(10, 1_000_000),
    Size(10_000, 1_000_000),
    Size(10, 1_000_000, 1),
    Size(10_000, 1_000_000, 1),
    Size(100, 10_000, 1),
    Size(1, DEEP, 1),
)


@contextmanager
def own_redis() -> Iterator[str]:
    """A Redis process with the stack's own way of keeping data; the address of its socket."""
    folder = Path(tempfile.mkdtemp(prefix="darkroom-turns-"))
    socket = folder / "redis.sock"
    options = {"port": 0, "unixsocket": socket, "dir": folder, "appendonly": "yes", "save": "", "loglevel": "warning"}
    arguments = [str(value) for name, option in options.items() for value in (f"--{name}", option)]
    process = Popen([str(program()), *arguments], stdout=DEVNULL)
    try:
        while not socket.exists():
            if process.poll() is not None:
                raise SystemExit("Redis does not start")
            time.sleep(0.05)
        yield f"unix://{socket}"
    finally:
        process.terminate()
        process.wait(timeout=60)
        shutil.rmtree(folder)


@dataclass(frozen=True, kw_only=True)
class Times:
    """Of each call by the clock, and of Redis' CPU on the average, which says more on a busy machine."""

    milliseconds: Sequence[float]
    cpu_milliseconds: float


class Measured:
    """One queue in Redis, filled to a size."""

    def __init__(self, redis: Redis, url: str, epoch: int) -> None:
        self.redis = redis
        self.epoch = epoch
        self.queue = self.client(url)
        self.names = itertools.count()

    @staticmethod
    def client(url: str) -> FairQueue:
        return FairQueue(url, "load", window_seconds=60, grant_seconds_max=1)

    async def fill(self, size: Size) -> float:
        """File everything, tenant by tenant in turn; seconds that it took."""
        await self.queue.set_accounts(self.epoch, [ACCOUNT])
        # Every second tenant has a weight, every tenth a cap of its own that costs and never binds.
        terms = [
            Terms(instance_id=f"shop-{one}", own_weight=2.0, own_cap=None if one % 10 else 10**6, revision=1)
            for one in range(0, size.tenants, 2)
        ]
        await self.queue.set_tenants(self.epoch, terms)
        await self.queue.open(self.epoch)
        self.queue.enter(self.epoch)
        started = time.perf_counter()
        for start in range(0, size.items, 10_000):
            numbers = range(start, min(size.items, start + 10_000))
            await self.queue.file(self.epoch, [(self.place(number, size), 0.0) for number in numbers])
        return time.perf_counter() - started

    async def filing(self, size: Size) -> tuple[float, "Times"]:
        """Fill the queue; the seconds that it took, and what each script took that filed some of the items."""
        await self.redis.slowlog_reset()
        await self.redis.config_set("slowlog-log-slower-than", 0)
        before = await self.cpu_seconds()
        seconds = await self.fill(size)
        cpu = await self.cpu_seconds() - before
        times = await self.script_times("file")
        await self.redis.slowlog_reset()
        return seconds, Times(milliseconds=times, cpu_milliseconds=1000 * cpu / len(times))

    def place(self, number: int, size: Size) -> Place:
        tenant, own = number % size.tenants, number // size.tenants
        job = (own // size.per_job) * size.tenants + tenant
        return Place(f"shop-{tenant}", job, number, False, MODELS[job % len(MODELS)])

    async def decisions(self, places: int, calls: int = CALLS) -> "Times":
        """What the script took in each of so many calls."""
        await self.redis.slowlog_reset()
        await self.redis.config_set("slowlog-log-slower-than", 0)
        held: list[tuple[str, str]] = []
        before = await self.cpu_seconds()
        for _ in range(calls):
            turns = await self.queue.take(self.attempts(places), [ACCOUNT.account])
            held += [(ACCOUNT.account, grant.attempt_id) for grant in turns.grants]
        cpu = await self.cpu_seconds() - before
        times = await self.script_times("take")
        await self.queue.tell(Hints(released=held))
        return Times(milliseconds=times, cpu_milliseconds=1000 * cpu / calls)

    async def removals(self, places: Sequence[Place]) -> "Times":
        """What each script took that removes some of these places."""
        await self.redis.slowlog_reset()
        await self.redis.config_set("slowlog-log-slower-than", 0)
        before = await self.cpu_seconds()
        await self.queue.tell(Hints(removed=list(places)))
        cpu = await self.cpu_seconds() - before
        times = await self.script_times("remove")
        return Times(milliseconds=times, cpu_milliseconds=1000 * cpu / len(times))

    async def looks(self, url: str) -> "Times":
        """What each script took that looks at all tenants."""
        await self.redis.slowlog_reset()
        await self.redis.config_set("slowlog-log-slower-than", 0)
        async with Redis.from_url(url, socket_timeout=60) as client:
            looker, seen = QueueLooker(client, self.queue), 0
            before = await self.cpu_seconds()
            while found := (await looker.look(self.epoch, after=seen, told={})).tenants:
                seen = found[-1].change
            cpu = await self.cpu_seconds() - before
        await self.redis.config_set("slowlog-log-slower-than", -1)
        entries: Any = await self.redis.slowlog_get(10**6)
        times = [entry["duration"] / 1000 for entry in entries if entry["command"].startswith(b"EVALSHA")]
        return Times(milliseconds=times, cpu_milliseconds=1000 * cpu / len(times))

    async def cpu_seconds(self) -> float:
        found: Any = await self.redis.info("cpu")
        return float(found["used_cpu_user"]) + float(found["used_cpu_sys"])

    async def script_times(self, operation: str) -> list[float]:
        await self.redis.config_set("slowlog-log-slower-than", -1)
        entries: Any = await self.redis.slowlog_get(10**6)
        word = f" {operation} ".encode()
        return [entry["duration"] / 1000 for entry in entries if word in entry["command"][:400]]

    async def rate(self, url: str, places: int, grants: int = GRANTS) -> tuple[float, float]:
        """Grants and their releases a second, with several clients at once: by the clock, and for each second of Redis' CPU."""
        queues = [self.client(url) for _ in range(CLIENTS)]
        for queue in queues:
            queue.enter(self.epoch)

        async def ask(queue: FairQueue) -> None:
            for _ in range(grants // places // CLIENTS):
                turns = await queue.take(self.attempts(places), [ACCOUNT.account])
                await queue.tell(Hints(released=[(ACCOUNT.account, grant.attempt_id) for grant in turns.grants]))

        started, cpu = time.perf_counter(), await self.cpu_seconds()
        await asyncio.gather(*(ask(queue) for queue in queues))
        seconds, cpu = time.perf_counter() - started, await self.cpu_seconds() - cpu
        for queue in queues:
            await queue.close()
        return grants / seconds, grants / cpu

    def attempts(self, places: int) -> list[str]:
        return [f"0193b3a0-0000-7000-8000-{next(self.names):012x}" for _ in range(places)]

    async def megabytes(self) -> float:
        found: Any = await self.redis.info("memory")
        return int(found["used_memory"]) / 1e6


async def measure(redis: Redis, url: str, size: Size, epoch: int) -> None:
    """Print the table of one size."""
    await redis.flushall(asynchronous=True)
    measured = Measured(redis, url, epoch)
    seconds, filing = await measured.filing(size)
    memory = await measured.megabytes()
    print(f"\n{size.tenants:,} tenants, {size.items:,} items waiting, {size.per_job} a job")
    rate, each = size.items / seconds, memory * 1e6 / size.items
    print(f"{'filed':<44}{rate:>10,.0f} items/s; {memory:,.0f} MB of Redis, {each:,.0f} B an item")
    show("a hundred are filed", filing)
    show("a decision (one turn)", await measured.decisions(1, calls=min(CALLS, size.items // 3)))
    if size.items < 10**5:
        await measure_small(measured, url, size)
        await measured.queue.close()
        return
    show(f"a batch of {BATCH} turns", await measured.decisions(BATCH, calls=CALLS // 10))
    await measured.queue.set_accounts(epoch, [REAL])
    show("the answer: not now, the window is full", await measured.decisions(1, calls=CALLS // 10))
    await measured.queue.set_accounts(epoch, [ACCOUNT])
    for places in (1, BATCH):
        rate, by_cpu = await measured.rate(url, places)
        name = f"{CLIENTS} clients, {places} turns a call"
        print(f"{name:<44}{rate:>10,.0f} grants/s; {by_cpu:,.0f} for a second of Redis' CPU")
    await broken_model(measured)
    await measured.queue.close()


async def measure_small(measured: Measured, url: str, size: Size) -> None:
    """A look at all tenants, and removals from the tail and from the head of one tenant's jobs."""
    show("a look at the queue", await measured.looks(url))
    if size.items == DEEP:
        newest = [measured.place(number, size) for number in reversed(range(DEEP - REMOVED, DEEP))]
        show(f"the {REMOVED} newest are removed", await measured.removals(newest))
        oldest = [measured.place(number, size) for number in range(CALLS, CALLS + REMOVED)]
        show(f"the {REMOVED} oldest are removed", await measured.removals(oldest))
        rest = [measured.place(number, size) for number in reversed(range(DEEP - REMOVED))]
        show("all others are removed", await measured.removals(rest))
        show("a decision after that", await measured.decisions(1, calls=10))


async def broken_model(measured: Measured) -> None:
    """A fifth of everything is of a model that breaks: its jobs are held aside, and put back when it mends."""
    controls = LimiterControls(measured.queue, BreakerBounds(failures=1, tenants=1, pause_seconds=600, pause_seconds_max=600))
    await controls.hear([ModelNews(model="studio/model-0", tenant="shop", kind=Kind.CREATE, failures=1)])
    show("a decision while a fifth is held aside", await measured.decisions(1, calls=CALLS // 3))
    await controls.hear([ModelNews(model="studio/model-0", tenant="shop", kind=Kind.CREATE, failures=0)])
    show("a decision while it is put back", await measured.decisions(1, calls=CALLS // 10))


def show(name: str, times: Times) -> None:
    ordered = sorted(times.milliseconds)
    p99, worst = ordered[int(len(ordered) * 0.99)], ordered[-1]
    clock = f"p50 {statistics.median(ordered):.3f} ms, p99 {p99:.3f} ms, max {worst:.3f} ms"
    print(f"{name:<44}{clock}; CPU {times.cpu_milliseconds:.3f} ms (n={len(ordered)})")


async def run(sizes: Sequence[Size]) -> None:
    with own_redis() as url:
        async with Redis.from_url(url, socket_timeout=60) as redis:
            await redis.config_set("slowlog-log-slower-than", -1)
            await redis.config_set("slowlog-max-len", 10**6)
            print(PROMISE)
            for epoch, size in enumerate(sizes, start=1):
                await measure(redis, url, size, epoch)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--tenants", type=int, help="only this size")
    parser.add_argument("--items", type=int, default=1_000_000)
    parser.add_argument("--per-job", type=int, default=20)
    told = parser.parse_args()
    asyncio.run(run([Size(told.tenants, told.items, told.per_job)] if told.tenants else SIZES))
