"""A model's circuit breaker in the pure model: open after failures in a row, then one trial call after each, longer, pause.

Invariant: an open model's jobs are held aside and delay nobody's. Losing a breaker is harmless: it opens again by itself.
"""

from dataclasses import dataclass, field
from typing import Literal

Kind = Literal["create", "run"]
Held = tuple[int, str, int, bool]
"""When a job was set aside, its tenant, its number, whether it is redriven."""


@dataclass
class Breaker:
    """One model's failures in a row, by kind, and its held jobs. `open_until` is the time of the next trial."""

    failures: dict[Kind, int] = field(default_factory=dict)
    open_until: int | None = None
    pause_us: int = 0
    pause_max_us: int = 0
    held: list[Held] = field(default_factory=list)

    def hear(self, kind: Kind, failures: int, now_us: int, *, many: int, pause_us: int, pause_max_us: int) -> None:
        """Failures in a row, or with 0 a success, which proves what it did: a creation, or a run."""
        if failures:
            self.failures[kind] = self.failures.get(kind, 0) + failures
            if self.failures[kind] >= many and self.open_until is None:
                self.open_until, self.pause_us, self.pause_max_us = now_us + pause_us, pause_us, pause_max_us
            return
        self.failures.pop(kind, None)
        if max(self.failures.values(), default=0) < many:
            self.open_until = None

    def is_shut(self, now_us: int) -> bool:
        """Whether no call may be made now."""
        return self.open_until is not None and now_us < self.open_until

    def note_trial(self, now_us: int) -> None:
        """Its one trial has been granted: the next comes no sooner than after the next, longer pause."""
        if self.open_until is not None and now_us >= self.open_until:
            self.open_until = now_us + self.pause_us
            self.pause_us = min(2 * self.pause_us, self.pause_max_us)
