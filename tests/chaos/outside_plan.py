"""The part of a plan that is done to the outside world: the provider's lies, spells of its wire, a step of Redis' clock. Pure."""

import random
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

LIED_RATE = (0.01, 0.04)
"""Of the creations, for each status: the prediction is made, and the answer says that something went wrong."""
LIED_STATUSES = ("503", "504")
LIST_LAG_SECONDS = (1.0, 8.0)
LOOK_UP_404_SECONDS = (1.0, 6.0)
LOOK_UP_404_RATE = 0.5
SPELL_EVERY_SECONDS = 15.0
SPELLS_MIN = 3
SPELL_SHARE = (0.2, 0.7)
"""Of the time until the next spell."""
SPELL_SECONDS_MAX = 10.0
LATE_SECONDS = (0.3, 3.0)
CUT_BYTES_MAX = 4_000
"""A TLS handshake is some 1,500 bytes of answer, an answer to a creation some 800."""
CLOCK_SHARE = 1 / 3
"""Of the plans, in which Redis' clock is stepped."""
CLOCK_STEPS_SECONDS = (-3_600.0, -90.0, -20.0, 20.0, 90.0, 3_600.0)

Mode = Literal["silent", "cut", "delay"]


@dataclass(frozen=True)
class Lies:
    """What the provider says that is not so: a status of a creation, a list, a look-up."""

    status_rates: Mapping[str, float]
    list_lag_seconds: float
    look_up_404_seconds: float

    def options(self) -> dict[str, object]:
        """As the sandbox takes them."""
        return {
            "createStatusRate": dict(self.status_rates),
            "listLagSeconds": self.list_lag_seconds,
            "lookUp404Rate": LOOK_UP_404_RATE,
            "lookUp404Seconds": self.look_up_404_seconds,
            "answersInTwo": True,
        }


@dataclass(frozen=True)
class Spell:
    """A while in which the wire to the provider is silent, cuts or is late."""

    at_seconds: float
    seconds: float
    mode: Mode
    direction: Literal["request", "answer"]
    after_bytes: int
    cut_with: Literal["reset", "close"]
    late_seconds: float

    def options(self) -> dict[str, object]:
        """As the sandbox takes them."""
        common: dict[str, object] = {"vendor": "replicate", "mode": self.mode, "direction": self.direction}
        match self.mode:
            case "silent":
                return common
            case "cut":
                return common | {"afterBytes": self.after_bytes, "cutWith": self.cut_with}
            case "delay":
                return common | {"seconds": self.late_seconds}

    def __str__(self) -> str:
        return f"{self.at_seconds:6.1f} s  {self.mode} wire for {self.seconds:.1f} s ({self.direction})"


@dataclass(frozen=True)
class ClockStep:
    """Redis' clock is stepped, and set right again later."""

    at_seconds: float
    by_seconds: float
    back_at_seconds: float

    def __str__(self) -> str:
        return f"{self.at_seconds:6.1f} s  step clock by {self.by_seconds:+g} s, back at {self.back_at_seconds:.1f} s"


def draw_lies(dice: random.Random) -> Lies:
    """How much the provider of a run lies."""
    return Lies(
        status_rates={status: round(dice.uniform(*LIED_RATE), 3) for status in LIED_STATUSES},
        list_lag_seconds=round(dice.uniform(*LIST_LAG_SECONDS), 1),
        look_up_404_seconds=round(dice.uniform(*LOOK_UP_404_SECONDS), 1),
    )


def draw_spells(dice: random.Random, seconds: float) -> list[Spell]:
    """Spells that follow one another; every mode is met before one is met again."""
    count = max(SPELLS_MIN, round(seconds / SPELL_EVERY_SECONDS))
    slot = seconds / count
    modes: list[Mode] = []
    while len(modes) < count:
        modes += dice.sample(("silent", "cut", "delay"), 3)
    return [
        Spell(
            at_seconds=round(number * slot + dice.uniform(0, slot * (1 - SPELL_SHARE[1])), 1),
            seconds=round(min(SPELL_SECONDS_MAX, slot * dice.uniform(*SPELL_SHARE)), 1),
            mode=modes[number],
            direction=dice.choice(("request", "answer")),
            after_bytes=dice.randint(0, CUT_BYTES_MAX),
            cut_with=dice.choice(("reset", "close")),
            late_seconds=round(dice.uniform(*LATE_SECONDS), 1),
        )
        for number in range(count)
    ]


def draw_clock(dice: random.Random, seconds: float) -> ClockStep | None:
    """The step of Redis' clock, where the plan has one."""
    stepped, by_seconds = dice.random() < CLOCK_SHARE, dice.choice(CLOCK_STEPS_SECONDS)
    at_seconds, back_at_seconds = seconds * dice.uniform(0.1, 0.4), seconds * dice.uniform(0.6, 0.9)
    return ClockStep(round(at_seconds, 1), by_seconds, round(back_at_seconds, 1)) if stepped else None
