"""How soon the decision on a job's credits is with the waiting POST: `python -m load.credits_decision` from `tests/`.

A whole stack on a home of its own, idle but for one job at a time. Of each job: how long the POST took as its caller sees it;
from the request to the decision (each when its transaction wrote its event, just before the commit); and from the decision until
its answer was with the caller, which is what is promised: p99 at most 20 ms. One clock.
"""

import argparse
import asyncio
import os
import time
from collections.abc import Sequence
from dataclasses import dataclass

import asyncpg
from darkroom_cli.settings import TREE
from darkroom_contracts.credits import CreditsRejected, CreditsReserved
from darkroom_contracts.jobs import JobRequested
from load.bench import LIFTED, PREDICTIONS_AT_ONCE, percentiles
from load.bench_stack import Stack, body, running_stack

HOME = TREE / ".darkroom-bench"
TENANT, PRICE = "bench-decision", 15
WARM = 300
"""Jobs sent before, without pauses: Kafka's virtual machine interprets its code until it has run a few hundred times."""
SETTLE_SECONDS = 10.0
PAUSE_SECONDS = 1.0
"""Each job meets an idle stack: one and a half a second are some load already, and consumers begin to gather batches."""
DECISIONS = [CreditsReserved.type_name(), CreditsRejected.type_name()]
WRITTEN = """
    SELECT headers->>'ce_correlationid' AS job_id, created_at AS at FROM outbox
    WHERE headers->>'ce_type' = ANY($1) AND headers->>'ce_correlationid' = ANY($2)
"""


@dataclass
class Way:
    """One job: its POST in seconds of the clock, and when it was requested and decided."""

    sent: float
    answered: float
    requested: float = 0.0
    decided: float = 0.0


async def post_jobs(stack: Stack, jobs: int) -> dict[int, Way]:
    """One job after the other, with pauses, so that each meets an idle stack."""
    ways: dict[int, Way] = {}
    async with stack.tenant(TENANT) as client:
        for number in range(jobs + WARM):
            if number == WARM:
                await asyncio.sleep(SETTLE_SECONDS)
            request = body(stack.status["sandbox"], [f"decision {number}"])
            sent = time.time()
            answer = await client.post("/api/image-optimization", json=request)
            answered = time.time()
            answer.raise_for_status()
            if number >= WARM:
                ways[answer.json()["job"]["id"]] = Way(sent, answered)
                await asyncio.sleep(PAUSE_SECONDS)
    return ways


async def read_times(stack: Stack, ways: dict[int, Way]) -> None:
    """When each job was requested and decided: when the transaction that did it wrote its event, by the database's clock."""
    for service, types in (("jobs-api", [JobRequested.type_name()]), ("credits", DECISIONS)):
        connection = await asyncpg.connect(stack.status["databases"][service])
        try:
            rows = await connection.fetch(WRITTEN, types, [str(job_id) for job_id in ways])
        finally:
            await connection.close()
        for row in rows:
            way = ways[int(row["job_id"])]
            if service == "credits":
                way.decided = row["at"].timestamp()
            else:
                way.requested = row["at"].timestamp()


def show(ways: Sequence[Way]) -> None:
    assert all(way.requested and way.decided for way in ways), "not every job's decision is in the log"
    for name, values in (
        ("POST, as its caller sees it", [way.answered - way.sent for way in ways]),
        ("request to decision", [way.decided - way.requested for way in ways]),
        ("decision to the caller (promise: p99 <= 20)", [way.answered - way.decided for way in ways]),
    ):
        print(f"{name:<46} ms  {percentiles([1000 * value for value in values])}")


async def run(stack: Stack, jobs: int) -> None:
    await stack.sandbox(PREDICTIONS_AT_ONCE)
    await stack.grant([TENANT], (jobs + WARM) * PRICE)
    print(f"load average before: {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores")
    ways = await post_jobs(stack, jobs)
    await read_times(stack, ways)
    show(list(ways.values()))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--jobs", type=int, default=200)
    arguments = parser.parse_args()
    with running_stack(HOME, LIFTED, replicas={}) as running:
        asyncio.run(run(running, arguments.jobs))
