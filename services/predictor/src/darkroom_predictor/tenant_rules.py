"""A tenant in the pure model: its terms, its waiting jobs in two lanes, and its place in virtual time."""

import math
from collections import deque
from dataclasses import dataclass, field

UNIT = 1_000_000
"""Virtual time that one item costs a tenant of weight 1."""


@dataclass
class Tenant:
    """A tenant's waiting jobs, each with its waiting items, and its place in virtual time."""

    name: str
    weight: float = 1.0
    cap: int = 0
    slots: int = 0
    """Predictions that it may have in flight; 0: as many as the accounts allow."""
    paused: bool = False
    full: bool = False
    """It rests because its slots are taken."""
    tag: int = 0
    ready: bool = False
    resting_until: float | None = None
    jobs: deque[int] = field(default_factory=deque)
    behind: deque[int] = field(default_factory=deque)
    """Redriven jobs: they go only while there are no fresh ones."""
    items: dict[int, deque[int]] = field(default_factory=dict)
    held: set[int] = field(default_factory=set)
    """Jobs held aside. A job with items stands in exactly one place: in one of the lanes, or here."""
    own_log: list[tuple[int, str]] = field(default_factory=list)
    """When its last attempts were granted."""

    @property
    def has_work(self) -> bool:
        return bool(self.jobs or self.behind)

    def push_last(self, job: int, item: int, *, redriven: bool) -> None:
        """Behind the job's other items; a new job behind the tenant's other jobs of its lane."""
        if job not in self.items:
            self.items[job] = deque()
            self._lane(redriven).append(job)
        self.items[job].append(item)

    def push_first(self, job: int, item: int, *, redriven: bool) -> None:
        """To the head of the tenant's lane, with its whole job; a job that stands among the fresh stays there."""
        self.items.setdefault(job, deque()).appendleft(item)
        if job in self.held:
            return
        redriven = redriven and job not in self.jobs
        for lane in (self.jobs, self.behind):
            if job in lane:
                lane.remove(job)
        self._lane(redriven).appendleft(job)

    def drop(self, job: int, item: int) -> None:
        """Take an item out, wherever it stands."""
        self.items[job].remove(item)
        if not self.items[job]:
            del self.items[job]
            self.held.discard(job)
            for lane in (self.jobs, self.behind):
                if job in lane:
                    lane.remove(job)

    @property
    def next_job(self) -> tuple[int, bool]:
        """The job whose item is next, and whether it is redriven."""
        return (self.jobs[0], False) if self.jobs else (self.behind[0], True)

    def hold_next(self) -> None:
        """Take the next job out of the order; it keeps its items."""
        self.held.add(self._lane(not self.jobs).popleft())

    def put_back(self, job: int, *, redriven: bool) -> None:
        """A held job is the next of its lane."""
        self.held.discard(job)
        self._lane(redriven).appendleft(job)

    def pop(self) -> tuple[int, bool]:
        """The next item, and whether it is redriven: fresh jobs in turn, then redriven ones; a job's items in their order."""
        redriven = not self.jobs
        lane = self._lane(redriven)
        job = lane.popleft()
        item = self.items[job].popleft()
        if self.items[job]:
            lane.append(job)
        else:
            del self.items[job]
        return item, redriven

    def _lane(self, redriven: bool) -> deque[int]:
        return self.behind if redriven else self.jobs

    def blocked_until(self, now_us: int, window_us: int) -> int | None:
        """Until when its own cap keeps it back."""
        if not self.cap:
            return None
        self.own_log = [one for one in self.own_log if one[0] > now_us - window_us]
        if len(self.own_log) < self.cap:
            return None
        return self.own_log[len(self.own_log) - self.cap][0] + window_us

    @property
    def step(self) -> int:
        """The virtual time that a turn costs."""
        return math.floor(UNIT / self.weight + 0.5)
