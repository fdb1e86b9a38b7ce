"""`make bench`: what the local stack costs and how fast it is, measured in one run on a home of its own.

Figures are medians and ratios of this machine at this moment; compare only what one run printed.
"""

import argparse
import asyncio
import statistics
import time
from collections.abc import Callable, Coroutine, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import psutil
from darkroom_cli.demo.timeline import steps_of_job
from darkroom_cli.settings import TREE
from load.bench_stack import Stack, body, running_stack

HOME = TREE / ".darkroom-bench"
LIFTED = {
    "DARKROOM_REPLICATE_CAP_PER_MINUTE": "1000000",
    "DARKROOM_REPLICATE_BURST": "1000",
    "DARKROOM_REPLICATE_CONCURRENCY": "100000",
    "DARKROOM_REQUESTS_PER_MINUTE": "100000",
}
IDLE_SECONDS = 30
SETTLE_SECONDS = (45, 120)  # before the first look and before the second: the JVM goes on compiling for minutes
PREDICTIONS_AT_ONCE = {"seconds": {"min": 0, "max": 0}, "createSeconds": 0, "limitPerMinute": 10_000_000, "image": "instant"}
PAUSE_SECONDS = 0.6  # so that a job meets an idle stack
JOB_SECONDS_MAX = 600.0
ENDED = {"DONE", "FAILED", "CANCELED"}


def percentiles(values: Sequence[float]) -> str:
    ordered = sorted(values)
    at = [ordered[min(len(ordered) - 1, int(len(ordered) * share))] for share in (0.5, 0.9, 0.99)]
    return f"p50 {at[0]:.1f}  p90 {at[1]:.1f}  p99 {at[2]:.1f}  max {ordered[-1]:.1f}  (n={len(ordered)})"


async def idle(stack: Stack) -> None:
    """Memory (PSS) and CPU of every process at rest: soon after the start, and once the JVM is done compiling."""
    for seconds in SETTLE_SECONDS:
        await asyncio.sleep(seconds)
        await _look_at_rest(stack)


async def _look_at_rest(stack: Stack) -> None:
    processes = stack.processes()
    children = {name: [process, *process.children(recursive=True)] for name, process in processes.items()}
    before = {name: _cpu(group) for name, group in children.items()}
    age = time.time() - min(process.create_time() for process in processes.values())
    await asyncio.sleep(IDLE_SECONDS)
    print(f"\nidle, {age:.0f} s after the start, over {IDLE_SECONDS} s\n{'process':<14}{'PSS MB':>8}{'CPU %':>8}")
    total_pss = total_cpu = 0.0
    for name, group in children.items():
        pss = sum(process.memory_full_info().pss for process in group if process.is_running()) / 1e6
        cpu = (_cpu(group) - before[name]) / IDLE_SECONDS * 100
        total_pss, total_cpu = total_pss + pss, total_cpu + cpu
        print(f"{name:<14}{pss:>8.0f}{cpu:>8.2f}")
    print(f"{'all':<14}{total_pss:>8.0f}{total_cpu:>8.2f}   (promise: <= 1000 MB, <= 3 %)")


def _cpu(group: Sequence[psutil.Process]) -> float:
    total = 0.0
    for process in group:
        try:
            times = process.cpu_times()  # with the children that have ended since
        except psutil.NoSuchProcess:
            continue
        total += times.user + times.system + times.children_user + times.children_system
    return total


async def latency(stack: Stack, jobs: int = 100) -> None:
    """POST to the arrival of the call at the provider, and where the time goes."""
    await stack.sandbox(PREDICTIONS_AT_ONCE)
    await stack.grant(["bench-latency"], jobs * 15 + 1000)
    sent: dict[str, float] = {}
    answered: list[float] = []
    ids: list[int] = []
    began = datetime.now(UTC) - timedelta(seconds=1)
    async with stack.tenant("bench-latency") as client:
        for number in range(jobs + 10):  # the first ten warm connections and caches
            request = body(stack.status["sandbox"], [f"latency {number}"])
            started = time.time()
            answer = await client.post("/api/image-optimization", json=request)
            answer.raise_for_status()
            if number >= 10:
                sent[f"latency {number}"] = started
                answered.append((time.time() - started) * 1000)
                ids.append(answer.json()["job"]["id"])
            await asyncio.sleep(PAUSE_SECONDS)
    await _until_all_ended(stack, {"bench-latency": ids})
    arrivals = {call["input"]["prompt"]: call["at"] for call in await stack.calls()}
    print("\nPOST to the arrival of the first call at the provider, ms (promise: p99 < 100)")
    print(f"  arrival        {percentiles([(arrivals[prompt] - at) * 1000 for prompt, at in sent.items()])}")
    print(f"  201 answered   {percentiles(answered)}")
    await _where_the_time_goes(stack, ids[-100:], began)


async def _where_the_time_goes(stack: Stack, ids: Sequence[int], began: datetime) -> None:
    gaps: dict[str, list[float]] = {}
    for job_id in ids[:: max(1, len(ids) // 20)]:
        steps = await steps_of_job(stack.status["kafka"], job_id=job_id, instance_id="bench-latency", since=began)
        steps.sort(key=lambda step: step.at)
        for before, after in zip(steps, steps[1:], strict=False):
            gaps.setdefault(f"{before.event} -> {after.event}", []).append((after.at - before.at).total_seconds() * 1000)
    print("  step, median ms (times of the transactions that wrote the events)")
    for name, values in gaps.items():
        if len(values) > len(ids) // 40:
            print(f"    {statistics.median(values):7.1f}  {name}")


async def throughput(stack: Stack, tenants: int = 30, items: int = 3000) -> None:
    """Items a second end to end, and CPU milliseconds an item for each process."""
    await stack.sandbox(PREDICTIONS_AT_ONCE)
    names = [f"bench-{number:02}" for number in range(tenants)]
    await stack.grant(names, items // tenants * 15 + 100)
    processes = stack.processes()
    before = {name: _cpu([process, *process.children(recursive=True)]) for name, process in processes.items()}
    started = time.perf_counter()
    ids: dict[str, list[int]] = {name: [] for name in names}

    async def send(name: str) -> None:
        async with stack.tenant(name) as client:
            for _ in range(items // tenants // 10):
                answer = await client.post(
                    "/api/image-optimization", json=body(stack.status["sandbox"], ["white background"] * 10)
                )
                answer.raise_for_status()
                ids[name].append(answer.json()["job"]["id"])

    await asyncio.gather(*(send(name) for name in names))
    accepted = time.perf_counter() - started
    await _until_all_ended(stack, ids)
    seconds = time.perf_counter() - started
    print(f"\n{items} items of {tenants} tenants: accepted in {accepted:.1f} s, ended in {seconds:.1f} s:")
    print(f"{items / seconds:.0f} items/s end to end (promise: >= 100)\n{'process':<14}{'CPU ms/item':>12}")
    total = 0.0
    for name, process in processes.items():
        cpu = (_cpu([process, *process.children(recursive=True)]) - before[name]) / items * 1000
        total += cpu
        print(f"{name:<14}{cpu:>12.2f}")
    print(f"{'all':<14}{total:>12.2f}")


async def _until_all_ended(stack: Stack, ids: Mapping[str, Sequence[int]]) -> None:
    """Wait until no job of these tenants is under way, asking seldom so that the asking costs little."""

    async def wait(name: str) -> None:
        deadline = time.monotonic() + JOB_SECONDS_MAX
        async with stack.tenant(name) as client:
            while True:
                answer = await client.get("/api/image-optimization/jobs", params={"status": "PENDING,RUNNING", "limit": 1})
                if not answer.raise_for_status().json()["jobs"]:
                    break
                assert time.monotonic() < deadline, f"jobs of {name} have not ended"
                await asyncio.sleep(1.0)
            answer = await client.get("/api/image-optimization/jobs", params={"status": "DONE", "limit": 100})
            done = {job["id"] for job in answer.raise_for_status().json()["jobs"]}
            assert set(ids[name][-100:]) <= done, f"not all jobs of {name} are done"

    await asyncio.gather(*(wait(name) for name in ids))


async def ten(stack: Stack, rounds: int = 5) -> None:
    """A job of ten with the sandbox at its defaults: how much longer it takes than its longest prediction."""
    async with httpx.AsyncClient(base_url=stack.status["sandbox"], trust_env=False) as client:
        (await client.post("/sandbox/reset")).raise_for_status()
    await stack.grant(["bench-ten"], 15 * 10 * rounds)
    print("\na job of ten, sandbox at its defaults (promise: longest prediction + 1 s)")
    async with stack.tenant("bench-ten") as client:
        products = (await client.get("/api/products", params={"limit": 100})).json()["products"]
        product = next(product for product in products if len(product["images"]) >= 10)
        for _ in range(rounds):
            started = time.perf_counter()
            pictures = [
                {"imageId": image["id"], "imageUrl": image["url"], "prompt": "white background"}
                for image in product["images"][:10]
            ]
            request = {"productId": product["id"], "productName": product["name"], "images": pictures}
            answer = await client.post("/api/image-optimization", json=request)
            answer.raise_for_status()
            job_id = answer.json()["job"]["id"]
            while (await client.get(f"/api/image-optimization/jobs/{job_id}")).json()["job"]["status"] not in ENDED:
                await asyncio.sleep(0.02)
            took = time.perf_counter() - started
            longest = await _longest_prediction(stack, job_id)
            print(f"  {took:.2f} s, longest prediction {longest:.2f} s: {took - longest:+.2f} s")


async def _longest_prediction(stack: Stack, job_id: int) -> float:
    """The sandbox' own figure: the longest total_time of the last ten predictions."""
    headers = {"Authorization": "Bearer r8_sandbox_local_0001"}
    async with httpx.AsyncClient(base_url=stack.status["sandbox"], headers=headers, trust_env=False) as client:
        predictions = (await client.get("/replicate/v1/predictions")).json()["results"][:10]
    return max(float(prediction["metrics"]["total_time"]) for prediction in predictions)


MEASUREMENTS: dict[str, Callable[[Stack], Coroutine[Any, Any, None]]] = {
    "idle": idle,
    "latency": latency,
    "ten": ten,
    "throughput": throughput,
}


def main() -> None:
    """Start a stack with the cap lifted, measure, stop it."""
    parser = argparse.ArgumentParser(prog="make bench", description=__doc__)
    parser.add_argument("what", nargs="*", choices=[*MEASUREMENTS, []], help="default: all")
    chosen = parser.parse_args().what or list(MEASUREMENTS)
    with running_stack(HOME, LIFTED, replicas={}) as stack:
        for name in chosen:
            asyncio.run(MEASUREMENTS[name](stack))


if __name__ == "__main__":
    main()
