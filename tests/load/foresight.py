"""How well a finish is foreseen on the real stack: `python -m load.foresight` from `tests/`.

Shops of different sizes send at different times and wait for the provider's cap. Once all have sent, the expected finish of each
job is read as its page shows it, and compared with what came: when its last picture was there. Who sends later shifts everybody's
finish, so nobody does.
"""

import argparse
import asyncio
import statistics
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from darkroom_cli.settings import TREE
from load.bench_stack import Stack, body, running_stack

HOME = TREE / ".darkroom-foresight"
CAP = 300
SHOPS = {"small": (1, 8.0), "middle": (4, 5.0), "large": (12, 0.0), "other": (12, 0.0)}
"""How many jobs of ten each sends, and after how many seconds."""
SETTINGS = {
    "DARKROOM_REPLICATE_CAP_PER_MINUTE": str(CAP),
    "DARKROOM_REPLICATE_CONCURRENCY": "100000",
    "DARKROOM_REQUESTS_PER_MINUTE": "1000000",
}
PREDICTIONS = {"seconds": {"min": 2, "max": 4}, "createSeconds": 0.02, "limitPerMinute": 10_000_000, "image": "instant"}
READ_AFTER_SECONDS = 3.0
"""Places are told once a second, and the last jobs must be in the queue."""
LEARN_SECONDS = 12.0
"""How long a prediction usually takes is measured anew this often; before the first results it is what the product says."""
ENDED_SECONDS_MAX = 180.0


@dataclass(frozen=True)
class Told:
    """What a job's page said at a time, and when the job ended."""

    shop: str
    at: float
    finish: float
    ended: float

    @property
    def left(self) -> float:
        return self.ended - self.at

    @property
    def error(self) -> float:
        return abs(self.ended - self.finish)


async def send(stack: Stack, name: str, jobs: int, after: float) -> None:
    """Send this shop's jobs."""
    await asyncio.sleep(after)
    async with stack.tenant(name) as client:
        for _ in range(jobs):
            (await client.post("/api/image-optimization", json=body(stack.status["sandbox"], [name] * 10))).raise_for_status()


async def jobs_of(stack: Stack, name: str) -> list[dict[str, Any]]:
    """This shop's jobs, as its page shows them."""
    async with stack.tenant(name) as client:
        jobs: list[dict[str, Any]] = (await client.get("/api/image-optimization/jobs", params={"limit": 100})).json()["jobs"]
    return jobs


async def ended(stack: Stack, name: str) -> dict[int, float]:
    """When each of this shop's jobs ended, once all have."""
    async with asyncio.timeout(ENDED_SECONDS_MAX):
        jobs = await jobs_of(stack, name)
        while not all(job.get("finishedAt") for job in jobs):
            await asyncio.sleep(1)
            jobs = await jobs_of(stack, name)
    return {job["id"]: _seconds(job["finishedAt"]) for job in jobs}


def _seconds(time_text: str) -> float:
    return datetime.fromisoformat(time_text).timestamp()


async def run(stack: Stack) -> None:
    await stack.sandbox(PREDICTIONS)
    await stack.grant(list(SHOPS), 10_000)
    await send(stack, "small", 1, 0.0)
    await ended(stack, "small")
    await asyncio.sleep(LEARN_SECONDS)
    await asyncio.gather(*(send(stack, name, jobs, after) for name, (jobs, after) in SHOPS.items()))
    await asyncio.sleep(READ_AFTER_SECONDS)
    at = time.time()
    pages = dict(zip(SHOPS, await asyncio.gather(*(jobs_of(stack, name) for name in SHOPS)), strict=True))
    ends = {name: await ended(stack, name) for name in SHOPS}
    told = [
        Told(name, at, _seconds(job["expectedFinishAt"]), ends[name][job["id"]])
        for name, page in pages.items()
        for job in page
        if job.get("position") and job.get("expectedFinishAt")
    ]
    show(told)


def show(told: Sequence[Told]) -> None:
    print(f"\ncap {CAP} a minute; jobs of ten: {', '.join(f'{name} {jobs}' for name, (jobs, _) in SHOPS.items())}")
    print(f"{'shop':<8}{'jobs':>5}{'left, s':>18}{'error, s: median':>18}{'largest':>9}")
    for name in dict.fromkeys(one.shop for one in told):
        left = [one.left for one in told if one.shop == name]
        errors = [one.error for one in told if one.shop == name]
        took = f"{min(left):.0f} to {max(left):.0f}"
        print(f"{name:<8}{len(left):>5}{took:>18}{statistics.median(errors):>18.1f}{max(errors):>9.1f}")
    shares = [one.error / max(1.0, one.left) for one in told]
    print(f"error as a share of what was left: median {statistics.median(shares):.1%}, largest {max(shares):.1%}")


if __name__ == "__main__":
    argparse.ArgumentParser(description=__doc__).parse_args()
    with running_stack(HOME, SETTINGS, replicas={}) as running:
        asyncio.run(run(running))
