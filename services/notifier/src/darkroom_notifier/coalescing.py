"""When a tenant's frames come faster than a person can see, progress is held back and only its latest told, a little later. Pure.

Ends are never held back and never dropped. What is held is progress alone, so a process that dies with some loses nothing that
the next state or a reload would not bring. A held frame that its thing's end overtakes is dropped.
"""

from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field

from darkroom_notifier.frames import Frame

FRAMES_PER_SECOND_MAX = 20
WINDOW_SECONDS = 1.0
TENANTS_MAX = 5_000
"""From this many on, those that have been quiet are forgotten."""
HOLD_SECONDS = 0.5
"""How late the latest progress is told at most."""
PROGRESS = frozenset({"RUNNING", "PROCESSING"})

Thing = tuple[str, int]
"""What a frame tells of: an item or a job."""


@dataclass(frozen=True)
class Held:
    """A frame that waits: under which id it is filed, and its body."""

    event_id: str
    body: str


@dataclass
class _Tenant:
    passed: deque[float] = field(default_factory=lambda: deque(maxlen=FRAMES_PER_SECOND_MAX))
    held: dict[Thing, Held] = field(default_factory=dict)
    due_at: float = 0.0


class Coalescer:
    """All tenants' recent frames. Times are seconds of a clock that never goes back."""

    def __init__(self) -> None:
        self._tenants: dict[str, _Tenant] = {}
        self._holding: set[str] = set()

    def admits(self, tenant: str, frame: Frame, *, now: float, held: Held) -> bool:
        """Whether to tell `frame` now; else `held` stands in for it and is told later, unless something newer is."""
        thing = _thing(frame)
        if thing is None:
            return True
        state = self._tenants.get(tenant)
        if state is None:
            if len(self._tenants) >= TENANTS_MAX:
                self._forget_quiet(now)
            state = self._tenants[tenant] = _Tenant()
        if not _is_progress(frame):
            state.held.pop(thing, None)
            state.passed.append(now)
            return True
        crowded = len(state.passed) == FRAMES_PER_SECOND_MAX and now - state.passed[0] < WINDOW_SECONDS
        if not crowded and thing not in state.held:
            state.passed.append(now)
            return True
        if not state.held:
            state.due_at = now + HOLD_SECONDS
        state.held.pop(thing, None)
        state.held[thing] = held
        self._holding.add(tenant)
        return False

    def due_in(self, now: float) -> float | None:
        """Seconds until held frames are to be told; None when there are none."""
        if not self._holding:
            return None
        return max(0.0, min(self._tenants[tenant].due_at for tenant in self._holding) - now)

    def take_due(self, now: float) -> Mapping[str, list[Held]]:
        """Held frames whose time has come, by tenant."""
        due = [tenant for tenant in self._holding if self._tenants[tenant].due_at <= now]
        self._holding.difference_update(due)
        found = {}
        for tenant in due:
            state = self._tenants[tenant]
            found[tenant], state.held = list(state.held.values()), {}
        return {tenant: held for tenant, held in found.items() if held}

    def _forget_quiet(self, now: float) -> None:
        quiet = [
            name
            for name, state in self._tenants.items()
            if not state.held and (not state.passed or now - state.passed[-1] > WINDOW_SECONDS)
        ]
        for name in quiet:
            del self._tenants[name]


def _thing(frame: Frame) -> Thing | None:
    match frame.kind:
        case "item.updated":
            return "item", frame.data["itemId"]
        case "job.updated" | "job.finished":
            return "job", frame.data["jobId"]
    return None


def _is_progress(frame: Frame) -> bool:
    return frame.kind == "job.updated" or (frame.kind == "item.updated" and frame.data["status"] in PROGRESS)
