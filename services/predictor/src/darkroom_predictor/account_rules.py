"""One provider account in the pure model: cap over the window, pacer, slots, and what the provider's own words change of them.

Invariants: never more grants in any window than the cap in force; a cut happens at most once a round and never goes below
CAP_MIN; what was cut comes back slowly, by time alone. A stopped account gets one probe call after each pause.
"""

import math
from dataclasses import dataclass, field

ROUND_US = 5_000_000
"""A cap is cut at most once in so long: the 429s of one round of calls are one piece of news."""
CALM_US = 60_000_000
"""Without a 429 for so long, a cut cap begins to rise …"""
RISE_US = 10_000_000
"""… and rises by one part of the whole each so long."""
RISE_PART = 30
CAP_MIN = 6
"""No cut goes below it: the least that a provider is known to allow."""
NEVER = math.inf


@dataclass
class Account:
    """Limits as set, and the account's state. `cut` is what 429s have left of the cap, None when it is whole."""

    name: str
    cap: int
    burst: int
    slots: int
    log: list[int] = field(default_factory=list)
    live: set[str] = field(default_factory=set)
    schedule: int = 0
    paused_until: int = 0
    cut: int | None = None
    cut_at: int = 0
    calm_at: int = 0
    retry_us: int | None = None
    """Set while the account is stopped: between its probes."""

    def look(self, now_us: int, window_us: int) -> None:
        """Let time take effect: old grants leave the log, a cut cap rises."""
        self.log = [at for at in self.log if at > now_us - window_us]
        if self.cut is None or self.cut >= self.cap:
            return
        steps = (now_us - self.calm_at) // RISE_US
        if steps >= 1:
            self.cut += steps * max(1, self.cap // RISE_PART)
            self.calm_at += steps * RISE_US
            if self.cut >= self.cap:
                self.cut = None

    def set_limits(self, *, cap: int, burst: int, slots: int, now_us: int) -> None:
        """In force at once. The pacer's debt stays as many calls as it was, at the new pace."""
        self.look(now_us, window_us=NEVER_PASSES_US)
        before = self.in_force
        self.cap, self.burst, self.slots = cap, burst, slots
        after = self.in_force
        if self.schedule > now_us and before > 0 and after > 0 and before != after:
            self.schedule = now_us + (self.schedule - now_us) * before // after

    @property
    def in_force(self) -> int:
        """The cap in force."""
        return self.cap if self.cut is None else min(self.cut, self.cap)

    def interval(self, window_us: int) -> float:
        """The pacer's distance between two calls."""
        return math.ceil(window_us / self.in_force) if self.in_force > 0 else NEVER

    def free_at(self, window_us: int) -> float:
        """When the next call may start, as far as is known now. A cut cap has so much less of a burst."""
        cap = self.in_force
        if cap <= 0 or len(self.live) >= self.slots:
            return NEVER
        burst = max(1, self.burst * cap // max(1, self.cap))
        at = max(self.paused_until, self.schedule - (burst - 1) * self.interval(window_us))
        if len(self.log) >= cap:
            at = max(at, self.log[len(self.log) - cap] + window_us)
        return at

    def charge(self, attempt: str, now_us: int, window_us: int) -> bool:
        """Take a place in the log, the schedule and the slots; whether this call is a stopped account's probe."""
        self.schedule = int(max(now_us, self.schedule) + self.interval(window_us))
        self.log.append(now_us)
        self.live.add(attempt)
        if self.retry_us is None:
            return False
        self.paused_until = now_us + self.retry_us
        return True

    def throttle(self, pause_us: int, now_us: int) -> None:
        """A 429: no call for so long, and a smaller cap after that, cut once a round."""
        self.look(now_us, window_us=NEVER_PASSES_US)
        if now_us >= self.cut_at + ROUND_US:
            self.cut = max(min(CAP_MIN, self.cap), self.in_force * 7 // 10)
            self.cut_at = now_us
        self.calm_at = now_us + CALM_US - RISE_US
        self.paused_until = max(self.paused_until, now_us + pause_us)

    def stop(self, retry_us: int, now_us: int) -> None:
        """Only a probe call now and then, the first after so long."""
        self.retry_us = retry_us
        self.paused_until = max(self.paused_until, now_us + retry_us)

    def resume(self) -> None:
        """Calls again at once."""
        if self.retry_us is not None:
            self.retry_us, self.paused_until = None, 0


NEVER_PASSES_US = 2**62
"""A window so long that no grant leaves the log."""
