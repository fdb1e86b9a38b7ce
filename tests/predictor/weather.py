"""Simulates a queue whose calls and predictions fail: the pure model, and attempts that end after a while."""

import heapq
import itertools
from collections.abc import Callable
from dataclasses import dataclass, field

from darkroom_predictor.account_rules import Account
from darkroom_predictor.breaker_rules import BreakerRule
from darkroom_predictor.rules import FairTurn, Grant

SECOND, MINUTE = 1_000_000, 60_000_000
START = 1_000 * SECOND
WINDOW_US = 61 * SECOND
RUN_US, BACKOFF_US = 3 * SECOND, 2 * SECOND
ATTEMPTS_MAX = 3
SLOTS = 10**9
RULE = BreakerRule(failures=8, tenants=3, pause_us=5 * SECOND, pause_max_us=30 * SECOND)

Fails = Callable[[str, str, int], bool]
"""Whether a prediction of this tenant and model that starts at this time fails."""


@dataclass
class Weather:
    """Items by number, each of one tenant, model and job. `grants` are all calls so far, in order."""

    fails: Fails
    cap: int = 450
    burst: int = 10
    fails_at_creation: bool = False
    now_us: int = START
    grants: list[Grant] = field(default_factory=list)
    done: dict[int, int] = field(default_factory=dict)
    """When each item ended well."""

    def __post_init__(self) -> None:
        self.turn = FairTurn([Account("one", self.cap, self.burst, SLOTS)], window_us=WINDOW_US, own_window_us=MINUTE)
        self._numbers = itertools.count()
        self._calls = itertools.count()
        self._of: dict[int, tuple[str, str, int]] = {}
        self._attempts: dict[int, int] = {}
        self._running: list[tuple[int, int, str]] = []

    def send(self, tenant: str, count: int, *, model: str = "m", jobs: int = 1) -> list[int]:
        """A tenant sends so many pictures in each of so many jobs, now; their items."""
        items = []
        for _ in range(jobs):
            job = next(self._numbers)
            self.turn.marks[job] = model
            for _ in range(count):
                item = next(self._numbers)
                self._of[item] = (tenant, model, job)
                self._attempts[item] = 0
                self.turn.file(tenant, job, item, now_us=self.now_us)
                items.append(item)
        return items

    def run_until(self, end_us: int, *, stop: Callable[[], bool] = lambda: False) -> None:
        """Time passes: turns are taken, predictions end and are heard of."""
        while self.now_us < end_us and not stop():
            self._end_due()
            grants, wait = self.turn.take([f"call-{next(self._calls)}" for _ in range(20)], self.now_us)
            for grant in grants:
                self._start(grant)
            if wait or not grants:
                due = [self.now_us + int(wait)] if wait > 0 else []
                self.now_us = max(self.now_us + 1, min([*due, *(self._running[0][:1] if self._running else ()), end_us]))

    def model_of(self, item: int) -> str:
        """Which model makes the item."""
        return self._of[item][1]

    def calls_before(self, item: int, *, since: int) -> int:
        """How many calls were made between the `since`-th call and the item's first one."""
        return next(place for place, grant in enumerate(self.grants) if grant.item == item) - since

    def _start(self, grant: Grant) -> None:
        tenant, model, _ = self._of[grant.item]
        self.grants.append(grant)
        if self.fails_at_creation and self.fails(tenant, model, self.now_us):
            self._refuse(grant)
            return
        if self.fails_at_creation:
            self.turn.hear(model, "create", 0, tenant=tenant, now_us=self.now_us, rule=RULE)
        heapq.heappush(self._running, (self.now_us + RUN_US, grant.item, grant.attempt))

    def _refuse(self, grant: Grant) -> None:
        """A creation failed: it costs its item no attempt, and its tenant no turn, while the model's breaker is open."""
        tenant, model, job = self._of[grant.item]
        self.turn.release(grant.account, grant.attempt)
        self.turn.hear(model, "create", 1, tenant=tenant, now_us=self.now_us, rule=RULE)
        if self.turn.breakers[model].open_until is not None:
            self.turn.give_back(tenant, job, grant.item, grant.attempt)
        else:
            self._try_again(grant.item)

    def _try_again(self, item: int) -> None:
        tenant, _, job = self._of[item]
        self._attempts[item] += 1
        if self._attempts[item] < ATTEMPTS_MAX:
            self.turn.file(tenant, job, item, now_us=self.now_us, delay_us=BACKOFF_US)

    def _end_due(self) -> None:
        while self._running and self._running[0][0] <= self.now_us:
            _, item, attempt = heapq.heappop(self._running)
            tenant, model, _ = self._of[item]
            self.turn.release("one", attempt)
            failed = not self.fails_at_creation and self.fails(tenant, model, self.now_us - RUN_US)
            self.turn.hear(model, "run", int(failed), tenant=tenant, now_us=self.now_us, rule=RULE)
            if failed:
                self._try_again(item)
            else:
                self.done[item] = self.now_us
