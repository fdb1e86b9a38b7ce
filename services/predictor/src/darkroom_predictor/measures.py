"""From looks at the queue to what is told of it: the whole queue in few lines, and a tenant's own place. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from darkroom_contracts.queue import ProviderQueue, QueueLine, TenantPlace
from darkroom_contracts.queue_place import CAP_WINDOW_SECONDS, UNIT

from darkroom_predictor.limits import AccountFigures
from darkroom_predictor.queue_look import TenantLook

LINES_ALONE_MAX = 48
LINES_TOGETHER_MAX = 16
"""With more tenants than lines, those with the least left are taken together."""


@dataclass(frozen=True, kw_only=True)
class Pace:
    """How fast the provider's accounts take calls: starts a minute while open, and when they open; None: they are open."""

    starts_per_minute: float
    opens_in: float | None


def pace_of(accounts: Sequence[AccountFigures], *, usual_seconds: float, window_seconds: float) -> Pace:
    """The accounts' caps in force, where their slots do not allow less (Little's law); stopped ones allow nothing that counts.

    With all of them paused, until the first opens.
    """
    accounts = [one for one in accounts if one.stopped is None]
    open_now = [one for one in accounts if one.paused_seconds <= 0]
    counted = open_now or accounts
    starts = sum(min(one.in_force * 60 / window_seconds, one.slots * 60 / usual_seconds) for one in counted)
    opens_in = None if open_now or not accounts else min(one.paused_seconds for one in accounts)
    return Pace(starts_per_minute=round(starts, 3), opens_in=opens_in)


def provider_queue(
    provider: str,
    epoch: int,
    *,
    virtual: int,
    tenants: Mapping[str, TenantLook],
    pace: Pace,
    opens_at: datetime | None,
    usual_seconds: float,
    in_flight: int,
) -> ProviderQueue:
    """The queue as it is told. Paused tenants hold up nobody and are no part of it."""
    waiting = [one for one in tenants.values() if one.waiting]
    return ProviderQueue(
        provider=provider,
        epoch=epoch,
        virtual=virtual,
        starts_per_minute=pace.starts_per_minute,
        opens_at=opens_at,
        usual_seconds=round(usual_seconds, 2),
        waiting=sum(one.waiting for one in waiting),
        in_flight=in_flight,
        lines=lines_of([one for one in waiting if not one.paused]),
    )


def lines_of(tenants: Sequence[TenantLook]) -> tuple[QueueLine, ...]:
    """Tenants that wait, each alone while they are few; else the first to be done are taken together."""
    if len(tenants) <= LINES_ALONE_MAX + LINES_TOGETHER_MAX:
        return tuple(_alone(one) for one in sorted(tenants, key=lambda one: (one.tag, one.name.encode())))
    ordered = sorted(tenants, key=lambda one: one.waiting / one.weight)
    few, many = ordered[-LINES_ALONE_MAX:], ordered[:-LINES_ALONE_MAX]
    size = -(-len(many) // LINES_TOGETHER_MAX)
    groups = [many[start : start + size] for start in range(0, len(many), size)]
    return (*(_alone(one) for one in few), *(_together(group) for group in groups))


def tenant_place(provider: str, epoch: int, look: TenantLook) -> TenantPlace:
    """A tenant's own place as it is told."""
    return TenantPlace(
        provider=provider,
        epoch=epoch,
        tag=look.tag,
        step=step_of(look.weight),
        waiting=look.waiting,
        paused=look.paused,
        cap_per_minute=look.cap or None,
        cap_frees=tuple((place, round(seconds, 1)) for place, seconds in look.cap_frees),
        fresh=look.fresh,
        behind=look.behind,
    )


def step_of(weight: float) -> int:
    """Virtual time of one start, as the script counts it."""
    return int(UNIT / weight + 0.5)


def _alone(one: TenantLook) -> QueueLine:
    return QueueLine(
        tenant=one.name,
        tag=one.tag,
        step=step_of(one.weight),
        waiting=one.waiting,
        cap_per_minute=one.cap or None,
        cap_left=max(0, one.cap - one.cap_used),
        cap_frees=_frees([one]),
    )


def _together(group: Sequence[TenantLook]) -> QueueLine:
    weights = sum(one.weight for one in group)
    capped = all(one.cap for one in group)
    return QueueLine(
        tenants=len(group),
        tag=round(sum(one.tag * one.weight for one in group) / weights),
        step=UNIT / weights,
        waiting=sum(one.waiting for one in group),
        cap_per_minute=sum(one.cap for one in group) if capped else None,
        cap_left=sum(max(0, one.cap - one.cap_used) for one in group) if capped else 0,
        cap_frees=_frees(group),
    )


def _frees(group: Sequence[TenantLook]) -> tuple[float, float]:
    """From when to when what is used of their caps becomes free again."""
    points = [seconds for one in group for _, seconds in one.cap_frees]
    return (round(min(points), 1), round(max(points), 1)) if points else (0.0, CAP_WINDOW_SECONDS)
