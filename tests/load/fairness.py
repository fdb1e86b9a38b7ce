"""`make fairness`: a whale and thirty quiet shops on the real stack with three predictor replicas, then weights 1:2:4.

What is told comes from the sandbox' own log of arrivals. `--plot FILE` draws the run as an SVG.
"""

import argparse
import asyncio
import random
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import httpx
from darkroom_cli.settings import TREE
from load.bench_stack import Stack, body, running_stack
from load.fairness_plot import draw

HOME = TREE / ".darkroom-fairness"
CAP = 1200
REPLICAS = 3
WINDOW_SECONDS = 60
GUARD_SECONDS = 1  # D: the grants' window is W + D, so W / (W + D) of the cap can be used
QUIET = 30
QUIET_EVERY_SECONDS = 10.0
WHALE_ITEMS = 10_000
WEIGHTS = {"weight-1": 1, "weight-2": 2, "weight-4": 4}
SENDERS = 8
WARM_SECONDS = 15.0
SETTINGS = {
    "DARKROOM_REPLICATE_CAP_PER_MINUTE": str(CAP),
    "DARKROOM_REPLICATE_CONCURRENCY": "100000",
    "DARKROOM_REQUESTS_PER_MINUTE": "1000000",
}
PREDICTIONS = {"seconds": {"min": 1, "max": 2}, "createSeconds": 0.02, "limitPerMinute": 10_000_000, "image": "instant"}


@dataclass(frozen=True)
class Wait:
    """One picture of a quiet shop: when it was asked for, and how long until its call arrived at the provider."""

    tenant: str
    asked_at: float
    seconds: float


@dataclass(frozen=True)
class Run:
    """What happened while the whale's backlog stood: arrivals by tenant, and the quiet shops' waits."""

    began: float
    ended: float
    arrivals: Sequence[tuple[float, str]]
    waits: Sequence[Wait]


async def send(client: httpx.AsyncClient, store: str, prompts: Sequence[str]) -> float:
    """Ask for pictures; when the answer came."""
    answer = await client.post("/api/image-optimization", json=body(store, prompts))
    answer.raise_for_status()
    return time.time()


async def backlog(stack: Stack, items: Mapping[str, int]) -> None:
    """Let these tenants ask for so many pictures each, as fast as the platform takes them."""
    await stack.grant(list(items), max(items.values()) * 15)
    jobs = [tenant for tenant, count in items.items() for _ in range(count // 10)]
    random.Random(1).shuffle(jobs)
    left = iter(jobs)

    async def sender() -> None:
        for tenant in left:
            async with stack.tenant(tenant) as client:
                await send(client, stack.status["sandbox"], [tenant] * 10)

    await asyncio.gather(*(sender() for _ in range(SENDERS)))


async def quiet_shop(stack: Stack, name: str, *, until: float, asked: dict[str, float]) -> None:
    """One picture every ten seconds or so, until the time is over."""
    chance = random.Random(name)
    async with stack.tenant(name) as client:
        await asyncio.sleep(chance.uniform(0, QUIET_EVERY_SECONDS))
        number = 0
        while time.time() < until:
            prompt = f"{name} {number}"
            asked[prompt] = await send(client, stack.status["sandbox"], [prompt])
            number += 1
            await asyncio.sleep(chance.expovariate(1 / QUIET_EVERY_SECONDS))


async def whale_and_quiet(stack: Stack, seconds: float) -> Run:
    """The whale's backlog stands; the quiet shops come and go."""
    names = [f"quiet-{number:02}" for number in range(QUIET)]
    await stack.grant(names, 15 * int(seconds))
    await stack.sandbox(PREDICTIONS)
    started = time.time()
    await backlog(stack, {"whale": WHALE_ITEMS})
    print(f"\nthe whale's {WHALE_ITEMS // 10} jobs were accepted in {time.time() - started:.0f} s")
    await asyncio.sleep(WARM_SECONDS)
    began = time.time()
    asked: dict[str, float] = {}
    await asyncio.gather(*(quiet_shop(stack, name, until=began + seconds, asked=asked) for name in names))
    ended = began + seconds
    await asyncio.sleep(WARM_SECONDS)
    calls = [call for call in await stack.calls() if call["input"]]  # one that is just arriving has none yet
    arrived = {call["input"]["prompt"]: float(call["at"]) for call in calls}
    waits = [Wait(prompt.split()[0], at, max(0.0, arrived[prompt] - at)) for prompt, at in asked.items()]
    arrivals = [(float(call["at"]), str(call["input"]["prompt"]).split()[0]) for call in calls]
    return Run(began, ended, arrivals, waits)


def percentile(values: Sequence[float], share: float) -> float:
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * share))]


def jain(values: Sequence[float]) -> float:
    """Jain's index: 1 when all are equal, 1/n when one has everything."""
    return sum(values) ** 2 / (len(values) * sum(value * value for value in values))


def tell_whale(run: Run, most: int) -> bool:
    """Print the figures beside what is promised; whether all of it was kept."""
    seconds = run.ended - run.began
    served = sum(run.began <= at < run.ended for at, _ in run.arrivals)
    used = served / (CAP * seconds / 60)
    round_seconds = (QUIET + 1) / (CAP / 60)
    waits = [wait.seconds for wait in run.waits]
    p99 = percentile(waits, 0.99)
    print(f"\na whale of {WHALE_ITEMS} and {QUIET} quiet shops, cap {CAP} a minute, {REPLICAS} predictors, {seconds:.0f} s")
    print(f"  most arrivals in any {WINDOW_SECONDS} s     {most} (never more than {CAP})")
    print(f"  use of the cap              {used:.1%} (promise >= 97 %, possible {60 / 61:.1%})")
    print(f"  a quiet shop's wait         p50 {percentile(waits, 0.5):.2f} s  p95 {percentile(waits, 0.95):.2f} s  ", end="")
    print(f"p99 {p99:.2f} s  max {max(waits):.2f} s  (n={len(waits)}; promise p99 <= 2 rounds = {2 * round_seconds:.2f} s)")
    return most <= CAP and used >= 0.97 and p99 <= 2 * round_seconds


async def weights(stack: Stack, seconds: float) -> bool:
    """Three shops with weights 1:2:4 and more work than can be done: their shares."""
    await stack.sandbox(PREDICTIONS)
    async with stack.operator("predictor") as client:
        (await client.put("/api/operator/tenants/whale", json={"paused": True})).raise_for_status()
        for tenant, weight in WEIGHTS.items():
            (await client.put(f"/api/operator/tenants/{tenant}", json={"weight": weight})).raise_for_status()
    needed = int(CAP / 60 * (seconds + 2 * WARM_SECONDS))
    total = sum(WEIGHTS.values())
    await backlog(stack, {tenant: (needed * weight // total // 10 + 10) * 10 for tenant, weight in WEIGHTS.items()})
    began = time.time()
    await asyncio.sleep(seconds)
    ended = time.time()
    calls = [call for call in await stack.calls() if call["input"]]
    got = Counter(call["input"]["prompt"] for call in calls if began <= call["at"] < ended)
    served = {tenant: got[tenant] for tenant in WEIGHTS}
    error = max(abs(served[tenant] / sum(served.values()) / (weight / total) - 1) for tenant, weight in WEIGHTS.items())
    index = jain([served[tenant] / weight for tenant, weight in WEIGHTS.items()])
    print(
        f"\nweights 1:2:4 over {seconds:.0f} s: {served}, largest error {error:.1%} (promise <= 5 %), Jain {index:.4f} (>= 0.99)"
    )
    return error <= 0.05 and index >= 0.99


async def measure(stack: Stack, seconds: float) -> tuple[Run, bool]:
    """Both parts; the first one's run, and whether every promise was kept."""
    run = await whale_and_quiet(stack, seconds)
    good = tell_whale(run, await stack.most_in_a_window(WINDOW_SECONDS))
    return run, await weights(stack, seconds) and good


def main() -> None:
    """Start the stack, measure, stop it; exit 1 when a promise was not kept."""
    parser = argparse.ArgumentParser(prog="make fairness", description=__doc__)
    parser.add_argument("--seconds", type=float, default=120.0, help="how long each part is measured (default 120)")
    parser.add_argument("--plot", type=Path, help="draw the whale's part as an SVG")
    chosen = parser.parse_args()
    with running_stack(HOME, SETTINGS, replicas={"predictor": REPLICAS}) as stack:
        run, good = asyncio.run(measure(stack, chosen.seconds))
    if chosen.plot is not None:
        waits = [(wait.asked_at, wait.seconds) for wait in run.waits]
        chosen.plot.write_text(draw(run.arrivals, waits, began=run.began, ended=run.ended))
        print(f"drawn in {chosen.plot}")
    raise SystemExit(0 if good else 1)


if __name__ == "__main__":
    main()
