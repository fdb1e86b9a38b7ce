"""Where an item stands in the fair order, and when it may start, by the last measurement of the queue. Pure; `now` is not needed.

The k-th next item of a tenant has the virtual start tag + (k - 1)·step; all that starts before it has a smaller tag (or the same
one and a smaller name), as in start-time fair queueing. For tenants that stand alone in the measurement this is the order itself;
those taken together count by their mean, which is off by less than one start for each of them. Time is places over the rate;
a tenant's own cap holds it back where it says a later time.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from darkroom_contracts.queue import Lane, ProviderQueue, QueueLine, TenantPlace

UNIT = 1_000_000
"""Virtual time that a start costs a tenant of weight 1."""
CAP_WINDOW_SECONDS = 60.0
ROUNDS_MAX = 30
"""The bound of own caps on what is ahead depends on the time, and that on what is ahead; it settles in a few rounds."""

WaitsFor = Literal["turn", "own-cap", "studio"]


@dataclass(frozen=True)
class Place:
    """An item's place: starts of anybody before it, and in how many seconds from the measurement; None: no telling."""

    ahead: int
    seconds: float | None
    waits_for: WaitsFor


def usual_place(queue: ProviderQueue) -> TenantPlace:
    """The place of a tenant that waits nowhere, on the usual terms."""
    return TenantPlace(provider=queue.provider, epoch=queue.epoch, tag=queue.virtual, step=UNIT, waiting=0)


def current_place(queue: ProviderQueue, known: TenantPlace | None) -> TenantPlace:
    """A tenant's place as it is in this queue: what was measured in another life of the queue says only its terms."""
    if known is None:
        return usual_place(queue)
    if known.epoch != queue.epoch:
        return usual_place(queue).model_copy(
            update={"step": known.step, "paused": known.paused, "cap_per_minute": known.cap_per_minute}
        )
    return known if known.tag >= queue.virtual or known.waiting else known.model_copy(update={"tag": queue.virtual})


def turn_of(own: TenantPlace, job_id: int, index: int) -> int:
    """Which turn of its tenant's (from 1) the item has that is number `index` (from 0) of its job's waiting ones.

    A job that the measurement does not list takes its turns behind those it lists.
    """
    fresh = _waiting(own.fresh)
    for lane, before in ((own.behind, fresh), (own.fresh, 0)):
        if any(job == job_id for job, _ in lane.jobs):
            return before + _turn_in(lane, job_id, index)
    return _turn_in(own.fresh, job_id, index)


def place_of(queue: ProviderQueue, own: TenantPlace, tenant: str, turn: int, *, opens_in: float = 0.0) -> Place:
    """The place of the item that has the tenant's `turn`-th next turn (from 1); the provider takes no call for `opens_in` s."""
    tag = own.tag + (turn - 1) * own.step
    counts = [(line, _starts_before(line, tag, tenant)) for line in queue.lines if line.tenant != tenant]
    own_before: float = turn - 1
    if own.waiting and not own.paused and all(line.tenant != tenant for line in queue.lines):
        own_before -= min(own.waiting, turn - 1 + 0.5)  # it is counted among those taken together
    rate = queue.starts_per_minute / 60
    ahead = max(turn - 1, math.floor(_bounded_by_caps(counts, own_before, rate)))
    if own.paused:
        return Place(ahead, None, "own-cap")
    if rate <= 0:
        return Place(ahead, None, "studio")
    by_cap, by_turn = _cap_seconds(queue, own, tenant, turn), opens_in + ahead / rate
    if by_cap > by_turn:
        return Place(ahead, by_cap, "own-cap")
    return Place(ahead, by_turn, "turn" if opens_in == 0 else "studio")


def _starts_before(line: QueueLine, tag: int, tenant: str) -> float:
    """How many of the line's starts come before a start of `tenant` at `tag`."""
    passed = tag - line.tag
    if line.tenant is None:
        return min(line.waiting, passed / line.step + line.tenants / 2) if passed >= 0 else 0.0
    if passed < 0:
        return 0.0
    step = round(line.step)
    tie = passed % step == 0 and line.tenant.encode() < tenant.encode()
    return min(line.waiting, -(-passed // step) + tie)


def _bounded_by_caps(counts: Sequence[tuple[QueueLine, float]], own_before: float, rate: float) -> float:
    """All starts ahead, where some of the lines may start no more than their own caps allow until then."""
    ahead = own_before + sum(count for _, count in counts)
    if rate <= 0 or all(line.cap_per_minute is None for line, _ in counts):
        return ahead
    # From below: the first time by which so many have started, of those that fit.
    bounded = own_before
    for _ in range(ROUNDS_MAX):
        before, seconds = bounded, bounded / rate
        bounded = own_before + sum(min(count, _allowed(line, seconds)) for line, count in counts)
        if bounded - before < 0.5:
            break
    return bounded


def _allowed(line: QueueLine, seconds: float) -> float:
    """Starts that own caps allow within so long: what is free at once, the rest as it becomes so, and again each window."""
    if line.cap_per_minute is None:
        return math.inf
    windows, rest = divmod(seconds, CAP_WINDOW_SECONDS)
    first, last = line.cap_frees
    freed = 1.0 if rest >= last else 0.0 if rest <= first else (rest - first) / (last - first)
    return windows * line.cap_per_minute + line.cap_left + freed * max(0, line.cap_per_minute - line.cap_left)


def _cap_seconds(queue: ProviderQueue, own: TenantPlace, tenant: str, turn: int) -> float:
    """When the tenant's own cap allows its `turn`-th next start: a window after the start that took the same place of the cap."""
    if own.cap_per_minute is None:
        return 0.0
    windows, place = divmod(turn - 1, own.cap_per_minute)
    if windows == 0:
        return _interpolated(own.cap_frees, turn)
    first = place_of(queue, own, tenant, place + 1)
    return windows * CAP_WINDOW_SECONDS + (first.seconds or 0.0)


def _interpolated(points: Sequence[tuple[int, float]], at: int) -> float:
    """The value at `at` between points in rising order; before the first 0, behind the last its value."""
    before: tuple[int, float] | None = None
    for place, seconds in points:
        if at < place:
            if before is None:
                return 0.0
            return before[1] + (seconds - before[1]) * (at - before[0]) / (place - before[0])
        before = (place, seconds)
    return before[1] if before else 0.0


def _waiting(lane: Lane) -> int:
    return sum(count for _, count in lane.jobs) + lane.more_waiting


def _turn_in(lane: Lane, job_id: int, index: int) -> int:
    """Jobs take turns: before the item go its own job's earlier ones and as many of each other job, one more of one ahead."""
    before, passed = index, False
    for job, count in lane.jobs:
        if job == job_id:
            passed = True
        else:
            before += min(count, index if passed else index + 1)
    if lane.more_jobs:
        mean = lane.more_waiting / lane.more_jobs
        # Behind a listed job all of them; of an unlisted one we know no order, so half of them.
        before += round(lane.more_jobs * min(mean, index if passed else index + 0.5))
    return before + 1
