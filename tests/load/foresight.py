"""How well a place and a finish are foreseen on the real stack: `python -m load.foresight` from `tests/`.

Shops of different sizes send at different times and wait for the provider's cap. Once all have sent, the expected finish of each
job is read as its page shows it, and compared with what came: when its last picture was there. Who sends later shifts everybody's
finish, so nobody does.
"""

import argparse
import asyncio
import statistics
import time
from dataclasses import dataclass
from datetime import datetime

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
class Foreseen:
    """What a job's page said at a time."""

    shop: str
    job_id: int
    at: float
    place: int
    finish: float


async def send(stack: Stack, name: str, jobs: int, after: float) -> None:
    """Send this shop's jobs."""
    await asyncio.sleep(after)
    async with stack.tenant(name) as client:
        for _ in range(jobs):
            (await client.post("/api/image-optimization", json=body(stack.status["sandbox"], [name] * 10))).raise_for_status()


async def read(stack: Stack, name: str) -> list[Foreseen]:
    """What is foreseen of each of this shop's jobs that have pictures in line."""
    async with stack.tenant(name) as client:
        page = (await client.get("/api/image-optimization/jobs", params={"limit": 100})).json()["jobs"]
    now = time.time()
    return [
        Foreseen(name, job["id"], now, job["position"], datetime.fromisoformat(job["expectedFinishAt"]).timestamp())
        for job in page
        if job.get("position") and job.get("expectedFinishAt")
    ]


async def finishes(stack: Stack, names: list[str]) -> dict[int, float]:
    """When each job had ended."""
    ended: dict[int, float] = {}
    for name in names:
        async with stack.tenant(name) as client, asyncio.timeout(ENDED_SECONDS_MAX):
            while True:
                page = (await client.get("/api/image-optimization/jobs", params={"limit": 100})).json()["jobs"]
                if all(job.get("finishedAt") for job in page):
                    break
                await asyncio.sleep(1)
        ended |= {job["id"]: datetime.fromisoformat(job["finishedAt"]).timestamp() for job in page}
    return ended


async def run(stack: Stack) -> None:
    await stack.sandbox(PREDICTIONS)
    await stack.grant(list(SHOPS), 10_000)
    await send(stack, "small", 1, 0.0)
    await finishes(stack, ["small"])
    await asyncio.sleep(LEARN_SECONDS)
    await asyncio.gather(*(send(stack, name, jobs, after) for name, (jobs, after) in SHOPS.items()))
    await asyncio.sleep(READ_AFTER_SECONDS)
    told = await asyncio.gather(*(read(stack, name) for name in SHOPS))
    foreseen = [one for of_shop in told for one in of_shop]
    ended = await finishes(stack, list(SHOPS))
    print(f"\ncap {CAP} a minute; jobs of ten: {', '.join(f'{name} {jobs}' for name, (jobs, _) in SHOPS.items())}")
    print(f"{'shop':<8}{'jobs':>5}{'left, s':>18}{'error, s: median':>18}{'largest':>9}")
    for name in SHOPS:
        of_shop = [one for one in foreseen if one.shop == name]
        if of_shop:
            left = [ended[one.job_id] - one.at for one in of_shop]
            errors = [abs(ended[one.job_id] - one.finish) for one in of_shop]
            took = f"{min(left):.0f} to {max(left):.0f}"
            print(f"{name:<8}{len(of_shop):>5}{took:>18}{statistics.median(errors):>18.1f}{max(errors):>9.1f}")
    shares = [abs(ended[one.job_id] - one.finish) / max(1.0, ended[one.job_id] - one.at) for one in foreseen]
    print(f"error as a share of what was left: median {statistics.median(shares):.1%}, largest {max(shares):.1%}")


if __name__ == "__main__":
    argparse.ArgumentParser(description=__doc__).parse_args()
    with running_stack(HOME, SETTINGS, replicas={}) as running:
        asyncio.run(run(running))
