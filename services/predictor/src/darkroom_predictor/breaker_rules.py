"""Circuit breakers in the pure model: one for each model, and within it one for each tenant whose predictions fail.

Invariants: one tenant's failing predictions never open a model's breaker; held jobs delay no other job; an open model's trials
go round among the tenants that have held jobs. Losing a breaker is harmless: the next failures open it again.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal

Kind = Literal["create", "run"]
MOVES_MAX = 100
"""Held jobs that are put back, and tenants that are looked at for a trial, in one call."""
TENANTS_MAX = 1_000
"""Tenants whose failures and whose trials are remembered for each model."""
LOOK_AGAIN_US = 1_000_000
"""A tenant that is paused or has no free slot is considered for its held jobs again after so long."""


@dataclass(frozen=True, kw_only=True)
class BreakerRule:
    """When breakers open, and the first and the longest pause between trials."""

    failures: int
    tenants: int
    pause_us: int
    pause_max_us: int

    @property
    def share(self) -> int:
        """How many failures of one tenant count towards opening a model's breaker."""
        return -(-self.failures // self.tenants)


@dataclass
class Slowdown:
    """A tenant's failed predictions in a row at one model. `open_until` is the time of its next trial, None while not slowed."""

    failures: int = 0
    open_until: int | None = None
    pause_us: int = 0


@dataclass
class HeldJobs:
    """A tenant's held jobs of one model, by lane (fresh, redriven), each with the time of holding.

    `look_at` orders the tenants' trials: it is 0 until the first one, then the time of the last; nothing is tried before it.
    """

    look_at: int
    lanes: dict[bool, dict[int, int]] = field(default_factory=lambda: {False: {}, True: {}})

    @property
    def first(self) -> tuple[int, bool]:
        """The job that is tried next, and whether it is redriven: fresh jobs first, the longest held first."""
        redriven = not self.lanes[False]
        return min(self.lanes[redriven], key=lambda job: (self.lanes[redriven][job], str(job).encode())), redriven

    def latest(self, count: int) -> list[tuple[int, bool]]:
        """Up to `count` jobs, the latest held first, so that the first one is put in front of all others last."""
        found = []
        for redriven, jobs in self.lanes.items():
            found += [(job, redriven) for job in sorted(jobs, key=lambda job: (jobs[job], str(job).encode()), reverse=True)]
        return found[:count]


@dataclass
class Breaker:
    """One model's failures in a row by kind, its failing tenants, and its held jobs. `open_until` is the next trial's time."""

    failures: dict[Kind, int] = field(default_factory=dict)
    failing: dict[str, int] = field(default_factory=dict)
    """Failed predictions since the last good one, by tenant; no tenant counts for more than its share."""
    open_until: int | None = None
    pause_us: int = 0
    pause_max_us: int = 0
    slowed: dict[str, Slowdown] = field(default_factory=dict)
    tried: dict[str, int] = field(default_factory=dict)
    held: dict[str, HeldJobs] = field(default_factory=dict)

    def hear(self, kind: Kind, failures: int, *, tenant: str, now_us: int, rule: BreakerRule) -> None:
        """Failures in a row, or with 0 a success, which proves what it did: a creation, or a run."""
        if failures:
            self.pause_max_us = rule.pause_max_us
            self.failures[kind] = self.failures.get(kind, 0) + failures
            if kind == "run":
                self._hear_failed_run(tenant, failures, now_us, rule)
            if self._is_failing(rule) and self.open_until is None:
                self.open_until, self.pause_us = now_us + rule.pause_us, rule.pause_us
            return
        self.failures.pop(kind, None)
        if kind == "run":
            self.failing.clear()
            if self.slowed.pop(tenant, None) and tenant in self.held:
                self.held[tenant].look_at = 0
        if not self._is_failing(rule):
            self.open_until = None
            self.tried.clear()

    def shut_for(self, tenant: str, now_us: int) -> bool:
        """Whether the tenant's jobs are held: all are while the model is open, even for a trial, which is of held jobs."""
        return self.open_until is not None or self.slowed_until(tenant) > now_us

    def slowed_until(self, tenant: str) -> int:
        """The tenant's own next trial; 0: it is not slowed."""
        return (self.slowed[tenant].open_until or 0) if tenant in self.slowed else 0

    def is_due(self, now_us: int) -> bool:
        """Whether an open model may have a trial now."""
        return self.open_until is not None and now_us >= self.open_until

    def hold(self, tenant: str, job: int, *, redriven: bool, now_us: int) -> None:
        """Set a job aside."""
        look_at = max(self.tried.get(tenant, 0), self.slowed_until(tenant))
        self.held.setdefault(tenant, HeldJobs(look_at)).lanes[redriven][job] = now_us

    def drop(self, tenant: str, job: int) -> None:
        """A job is held no longer."""
        if tenant in self.held:
            for jobs in self.held[tenant].lanes.values():
                jobs.pop(job, None)
            if not any(self.held[tenant].lanes.values()):
                del self.held[tenant]

    def due_in_order(self, now_us: int, *, tag: Callable[[str], int]) -> list[str]:
        """The tenants whose held jobs may be considered now, those that have waited longest for it, in the fair order."""
        due = sorted((held.look_at, tenant.encode(), tenant) for tenant, held in self.held.items() if held.look_at <= now_us)
        return sorted((tenant for _, _, tenant in due[:MOVES_MAX]), key=tag)

    def next_trial(self, now_us: int, *, tag: Callable[[str], int], blocked_until: Callable[[str], int | None]) -> str | None:
        """The tenant whose trial is next: the one whose last trial is longest ago, of several the first in the fair order."""
        for _ in range(MOVES_MAX):
            due = sorted((held.look_at, tenant.encode(), tenant) for tenant, held in self.held.items() if held.look_at <= now_us)
            if not due:
                return None
            rivals = [tenant for look_at, _, tenant in due if look_at == due[0][0]][:MOVES_MAX]
            tenant = min(rivals, key=lambda one: (tag(one), one.encode()))
            until = blocked_until(tenant)
            if until is None:
                return tenant
            self.held[tenant].look_at = until
        return None

    def note_turn(self, tenant: str, now_us: int) -> None:
        """A turn was granted. Where it was a trial, the next one comes no sooner than after the next, longer pause."""
        if self.open_until is not None:
            self.open_until, self.pause_us = now_us + self.pause_us, min(2 * self.pause_us, self.pause_max_us)
            self.tried[tenant] = now_us
            if len(self.tried) > TENANTS_MAX:
                del self.tried[min(self.tried, key=lambda one: (self.tried[one], one.encode()))]
        slowed = self.slowed.get(tenant)
        if slowed and slowed.open_until is not None:
            slowed.open_until, slowed.pause_us = now_us + slowed.pause_us, min(2 * slowed.pause_us, self.pause_max_us)
        elif self.open_until is None:
            return
        if tenant in self.held:
            self.held[tenant].look_at = max(now_us, self.slowed_until(tenant))

    def next_look(self) -> int | None:
        """When a held job may go or be tried, as far as is known now."""
        first = min((held.look_at for held in self.held.values()), default=None)
        return None if first is None else max(first, self.open_until or 0)

    def _hear_failed_run(self, tenant: str, failures: int, now_us: int, rule: BreakerRule) -> None:
        if tenant in self.failing or len(self.failing) < max(rule.failures, rule.tenants):
            self.failing[tenant] = min(rule.share, self.failing.get(tenant, 0) + failures)
        if tenant not in self.slowed and len(self.slowed) >= TENANTS_MAX:
            self.slowed = {name: one for name, one in self.slowed.items() if one.open_until is not None}
            if len(self.slowed) >= TENANTS_MAX:
                return
        slowed = self.slowed.setdefault(tenant, Slowdown())
        slowed.failures += failures
        if slowed.failures >= rule.failures and slowed.open_until is None:
            slowed.open_until, slowed.pause_us = now_us + rule.pause_us, rule.pause_us
            if tenant in self.held:
                self.held[tenant].look_at = max(self.held[tenant].look_at, slowed.open_until)

    def _is_failing(self, rule: BreakerRule) -> bool:
        by_tenants = len(self.failing) >= rule.tenants and sum(self.failing.values()) >= rule.failures
        return by_tenants or self.failures.get("create", 0) >= rule.failures
