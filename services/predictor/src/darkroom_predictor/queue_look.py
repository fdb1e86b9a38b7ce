"""A look at one provider's fair queue in Redis: who changed since the last one, and how each of them stands. Changes no turn."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from darkroom_contracts.queue import Lane
from darkroom_contracts.queue_place import CAP_WINDOW_SECONDS
from redis.asyncio import Redis
from redis.exceptions import ResponseError

from darkroom_predictor.fair_queue import MICROSECONDS, FairQueue, LimiterClosed

SCRIPT = Path(__file__).with_name("queue_look.lua").read_text()
TENANTS_MAX = 100
"""In one call, so that Redis is never held up for long; the script ends sooner where they have many jobs."""
JOBS_MAX = 100
"""Of a lane; of a tenant with more jobs, the others count by their mean."""
CAP_POINTS_MAX = 8
WINDOW_US = round(CAP_WINDOW_SECONDS * MICROSECONDS)


@dataclass(frozen=True, kw_only=True)
class TenantLook:
    """How a tenant stood. `change` numbers its last change; `cap_frees`: (n, seconds) at which its cap allows the n-th start."""

    name: str
    change: int
    tag: int
    waiting: int
    weight: float
    cap: int
    paused: bool
    fresh: Lane
    behind: Lane
    cap_used: int
    cap_frees: tuple[tuple[int, float], ...]


@dataclass(frozen=True)
class Look:
    """The virtual clock, and the tenants that changed, in the order of their last changes. `more`: others changed, too."""

    virtual: int
    tenants: list[TenantLook]
    more: bool


class QueueLooker:
    """Looks at one queue through the process' own Redis client."""

    def __init__(self, redis: Redis, queue: FairQueue) -> None:
        self._script = redis.register_script(SCRIPT)
        self._queue = queue

    async def look(self, epoch: int, *, after: int, told: Mapping[str, int]) -> Look:
        """Tenants that changed after that change; those `told` (to their change) and waiting nowhere are forgotten first."""
        forget = [value for pair in told.items() for value in pair]
        arguments = [epoch, after, TENANTS_MAX, WINDOW_US, JOBS_MAX, CAP_POINTS_MAX, *forget]
        try:
            answer: list[Any] = await self._script(keys=[self._queue.pointer], args=arguments)
        except ResponseError as error:
            if str(error).startswith("CLOSED"):
                raise LimiterClosed(str(error)) from error
            raise
        return Look(int(answer[1]), [_tenant(row) for row in answer[3:]], bool(answer[2]))


def _tenant(row: list[Any]) -> TenantLook:
    name, change, tag, waiting, setting, fresh, behind, used, points = row
    weight, cap, _, paused, _ = setting.decode().split() if setting else ("1", "0", "0", "0", "0")
    unlisted = max(0, int(waiting) - sum(fresh[1]) - sum(behind[1]))
    return TenantLook(
        name=name.decode(),
        change=int(change),
        tag=int(tag),
        waiting=max(0, int(waiting)),
        weight=float(weight),
        cap=int(cap),
        paused=paused == "1",
        fresh=_lane(fresh, unlisted),
        behind=_lane(behind, unlisted),
        cap_used=used,
        cap_frees=tuple((place, max(0, us) / MICROSECONDS) for place, us in _pairs(points)),
    )


def _lane(found: list[Any], unlisted: int) -> Lane:
    """`unlisted`: the tenant's items in jobs of either lane that are not listed. Of the entries some may be outdated."""
    jobs, lengths, entries = found
    items: dict[int, int] = {}
    for job, length in zip(jobs, lengths, strict=True):
        number = int(job.partition(b"@")[0])  # a job of two models stands here twice, and counts as one, where its first is
        items[number] = items.get(number, 0) + length
    more = min(entries - len(jobs), unlisted)
    return Lane(jobs=tuple(items.items()), more_jobs=more, more_waiting=unlisted if more else 0)


def _pairs(flat: list[int]) -> Iterator[tuple[int, int]]:
    return zip(flat[::2], flat[1::2], strict=True)
