"""`make chaos`: a seeded run with three predictors on a stack of its own. `CHAOS_ARGS="--seed 7 --items 1000"`."""

import argparse
import asyncio
import os
import random
import shutil
import sys

from chaos.plan import Plan, draw_plan
from chaos.programme import Run
from chaos.report import failure, figures
from darkroom_cli.settings import SERVICES, TREE, StackSettings
from darkroom_cli.stack.home import Home
from darkroom_cli.stack.launch import down, up
from darkroom_cli.stack.selection import parse_only
from support.platform import Platform, stack_environment

HOME = TREE / ".darkroom-chaos"
REPLICAS = {"predictor": 3}
CAP = 450
SETTLE_SECONDS_MAX = 400.0
"""After the last fault. An attempt whose call was never made is known lost after a lease and 60 s, and an item has three."""
SEEDS = 1_000_000


def main() -> int:
    arguments = _arguments()
    seed = random.randrange(SEEDS) if arguments.seed is None else arguments.seed
    seconds = arguments.seconds or max(30.0, arguments.items * 0.15)
    plan = draw_plan(seed, items=arguments.items, seconds=seconds, processes=process_names(REPLICAS))
    print(
        f"chaos with seed {seed} (again: make chaos CHAOS_ARGS='--seed {seed} --items {arguments.items} --seconds {seconds:g}')"
    )
    print(f"{len(plan.jobs)} jobs, {len(plan.faults)} faults in {seconds:.0f} s", flush=True)
    if arguments.plan:
        planned = [(fault.at_seconds, str(fault)) for fault in plan.faults]
        planned += [(spell.at_seconds, str(spell)) for spell in plan.spells]
        print("\n".join(words for _, words in sorted(planned)))
        print(f"{plan.lies}\n{plan.clock or 'no step of the clock'}")
        return 0
    return _run(plan, keep=arguments.keep)


def process_names(replicas: dict[str, int]) -> list[str]:
    """All that may be hit besides the parts, by the names of their processes."""
    names = ["gateway"]
    for service in SERVICES:
        count = replicas.get(service, 1)
        names += [service] if count == 1 else [f"{service}-{number}" for number in range(1, count + 1)]
    return names


def _run(plan: Plan, *, keep: bool) -> int:
    down(Home(HOME))
    shutil.rmtree(HOME, ignore_errors=True)
    settings = StackSettings.from_environment({**os.environ, **stack_environment(HOME)})
    up(settings, only=parse_only(None), replicas=REPLICAS, tell=lambda _: None)
    run = Run(Platform(settings), plan, cap=CAP, settle_seconds_max=SETTLE_SECONDS_MAX)
    try:
        asyncio.run(run())
    finally:
        if not keep:
            down(Home(HOME))
    if run.violations:
        print(failure(run))
        return 1
    print(figures(run))
    print("every rule holds")
    return 0


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seed", type=int, help="default: a new one, printed")
    parser.add_argument("--items", type=int, default=1000)
    parser.add_argument("--seconds", type=float, help="how long things break; default: 0.15 s for each item")
    parser.add_argument("--plan", action="store_true", help="only show what would break, and when")
    parser.add_argument("--keep", action="store_true", help="leave the stack running, to be looked into")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
