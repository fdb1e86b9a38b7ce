"""What one chaos run does, drawn from its seed alone: shops, their jobs, and the faults. One seed, one plan. Pure."""

import random
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

from chaos.outside_plan import ClockStep, Lies, Spell, draw_clock, draw_lies, draw_spells

FAULT_EVERY_SECONDS = (2.0, 3.0)
FROZEN_SECONDS = (1.0, 8.0)
FREEZE_SHARE = 0.4
"""Of the faults; the others are kills."""
PARTS = ("redis", "postgres", "kafka")
PART_SHARE = 0.3
"""Of the faults: a part starts more slowly than a service, and while it is away nothing else can go wrong."""
IMAGES_MAX = 10
SENDING_SHARE = 0.6
"""Of the time with faults: jobs are sent within it, so that the last ones too are under way while things break."""
CANCELED_SHARE = 0.1
RETRIED_SHARE = 0.5
"""Of the jobs that end with failed items."""
STORM_RATE = 0.95
STORM_SHARE = (0.1, 0.25)
"""Of the time with faults: the provider fails nearly everything, and the breaker is to save the items."""
CURSED_SHARE = 0.1
"""Of the jobs, and the first of all: a picture of theirs fails at every attempt, so that it is given up and can be redriven."""
REDRIVES_AT = (0.5, 0.8)
"""Parts of the time with faults; once more when all has ended."""
LATER_PAUSE_SECONDS_MIN = 60.0
"""A pause in the midst of faults comes into force so slowly that a shorter run would see nothing of it."""
MODEL_SLOTS = (6, 12)
"""Predictions of the model in flight: about as many as the provider's rate keeps there, so that it is full now and then."""
PRICE = 15


@dataclass(frozen=True)
class Fault:
    """What is done to a process. `wipe` empties Redis."""

    at_seconds: float
    target: str
    kind: Literal["kill", "freeze", "wipe"]
    seconds: float = 0.0

    def __str__(self) -> str:
        lasting = f" for {self.seconds:.1f} s" if self.kind == "freeze" else ""
        return f"{self.at_seconds:6.1f} s  {self.kind} {self.target}{lasting}"


@dataclass(frozen=True)
class ShopPlan:
    """A shop; `credits` on top of what its plan brings, `share` of the items."""

    name: str
    plan: str | None
    share: float
    poor: bool = False


@dataclass(frozen=True)
class JobPlan:
    """One request for a job, repeated under its key until it is answered."""

    key: str
    shop: str
    at_seconds: float
    images: int
    cancel_after_seconds: float | None
    retry: bool = False
    """Its shop tries its failed items again, if it ends with some."""
    cursed: bool = False
    """Its first picture fails until all has ended."""


@dataclass(frozen=True)
class PausePlan:
    """An operator pauses a shop. One that begins at 0 is in force before anything breaks."""

    shop: str
    at_seconds: float
    seconds: float


@dataclass(frozen=True)
class Storm:
    """The provider's bad time: so many of its predictions fail in passing."""

    at_seconds: float
    seconds: float
    rate: float


@dataclass(frozen=True)
class Plan:
    """The whole run."""

    seed: int
    seconds: float
    shops: Sequence[ShopPlan]
    jobs: Sequence[JobPlan]
    faults: Sequence[Fault]
    pauses: Sequence[PausePlan]
    redrives_at: Sequence[float]
    storm: Storm
    lies: Lies
    spells: Sequence[Spell]
    clock: ClockStep | None
    model_slots: int

    def credits_of(self, shop: ShopPlan) -> int:
        """What it is given at the start: enough for all its jobs, or (a poor one) for half of them."""
        asked = sum(job.images for job in self.jobs if job.shop == shop.name) * PRICE
        return max(PRICE, asked // 2) if shop.poor else asked


SHOPS = (
    ShopPlan("large", "pro", 0.4),
    ShopPlan("middle", "studio", 0.3),
    ShopPlan("small", None, 0.15),
    ShopPlan("poor", None, 0.15, poor=True),
)


def draw_plan(seed: int, *, items: int, seconds: float, processes: Sequence[str], wipe: bool = True) -> Plan:
    """The plan of a seed. `processes` are the services' replicas and the gateway by their names; the parts come by themselves."""
    dice = random.Random(seed)
    jobs = sorted(_jobs(dice, items, seconds * SENDING_SHARE), key=lambda job: job.at_seconds)
    faults = list(_faults(dice, seconds, processes))
    if wipe:
        faults.append(Fault(round(seconds * dice.uniform(0.3, 0.7), 1), "redis", "wipe"))
    pauses = [PausePlan("small", 0.0, seconds * dice.uniform(0.3, 0.5))]
    if seconds >= LATER_PAUSE_SECONDS_MIN:
        pauses.append(PausePlan("middle", seconds * dice.uniform(0.3, 0.5), seconds * 0.4))
    return Plan(
        seed=seed,
        seconds=seconds,
        shops=SHOPS,
        jobs=[_fated(dice, job, first=job is jobs[0]) for job in jobs],
        faults=sorted(faults, key=lambda fault: fault.at_seconds),
        pauses=pauses,
        redrives_at=[seconds * part for part in REDRIVES_AT],
        storm=Storm(seconds * dice.uniform(0.2, 0.5), seconds * dice.uniform(*STORM_SHARE), STORM_RATE),
        lies=draw_lies(dice),
        spells=draw_spells(dice, seconds),
        clock=draw_clock(dice, seconds),
        model_slots=dice.randint(*MODEL_SLOTS),
    )


def _fated(dice: random.Random, job: JobPlan, *, first: bool) -> JobPlan:
    """What else becomes of a job; one picture at least is given up in every run."""
    retry, cursed = dice.random() < RETRIED_SHARE, dice.random() < CURSED_SHARE
    return replace(
        job, retry=retry or first, cursed=cursed or first, cancel_after_seconds=None if first else job.cancel_after_seconds
    )


def _jobs(dice: random.Random, items: int, seconds: float) -> list[JobPlan]:
    jobs: list[JobPlan] = []
    for shop in SHOPS:
        left = max(1, round(items * shop.share))
        while left:
            images = min(left, dice.randint(1, IMAGES_MAX))
            left -= images
            cancel = dice.uniform(0.5, 8) if dice.random() < CANCELED_SHARE else None
            key = f"{shop.name}-{len(jobs)}"
            jobs.append(JobPlan(key, shop.name, round(dice.uniform(0, seconds), 2), images, cancel))
    return jobs


def _faults(dice: random.Random, seconds: float, processes: Sequence[str]) -> list[Fault]:
    faults = []
    at = dice.uniform(*FAULT_EVERY_SECONDS)
    while at < seconds:
        target = dice.choice(PARTS) if dice.random() < PART_SHARE else dice.choice(list(processes))
        if dice.random() < FREEZE_SHARE:
            faults.append(Fault(round(at, 1), target, "freeze", round(dice.uniform(*FROZEN_SECONDS), 1)))
        else:
            faults.append(Fault(round(at, 1), target, "kill"))
        at += dice.uniform(*FAULT_EVERY_SECONDS)
    return faults
