"""Each tenant's figures: terms, the share it was due and got, what waits and for how long, what its own cap held back."""

from collections.abc import Sequence
from dataclasses import dataclass

from darkroom_servicekit.database import UnitOfWork
from redis.exceptions import RedisError

from darkroom_predictor.fair_queue import FairQueue, LimiterClosed
from darkroom_predictor.figures_store import Standing, read_standings
from darkroom_predictor.shares import Claim, due_shares
from darkroom_predictor.terms import Terms
from darkroom_predictor.terms_store import TermsTable


@dataclass(frozen=True, kw_only=True)
class TenantFigures:
    """One tenant. `held_seconds`: how long its own cap has held it back since the limiter was opened last."""

    terms: Terms
    standing: Standing
    share_due: float
    share_got: float
    held_seconds: float


class ShowTenants:
    """The figures of all tenants that anybody spoke of or that have work; the busiest first."""

    def __init__(
        self, unit_of_work: UnitOfWork, table: TermsTable, queues: Sequence[FairQueue], *, window_seconds: float
    ) -> None:
        self._unit_of_work = unit_of_work
        self._table = table
        self._queues = queues
        self.window_seconds = window_seconds

    async def __call__(self) -> list[TenantFigures]:
        """Read from the tables; without Redis the seconds held back are 0."""
        providers = [queue.provider for queue in self._queues]
        standings = await read_standings(self._unit_of_work, providers, window_seconds=self.window_seconds)
        _, known = await self._table.all()
        terms = {one.instance_id: one for one in known}
        names = sorted(terms.keys() | standings.keys())
        found = figures_of(
            {name: terms.get(name, Terms(instance_id=name)) for name in names},
            standings,
            await self._held_seconds(),
            window_seconds=self.window_seconds,
        )
        return sorted(found, key=lambda one: (-one.standing.waiting, -one.standing.started, one.terms.instance_id))

    async def _held_seconds(self) -> dict[str, float]:
        held: dict[str, float] = {}
        try:
            for queue in self._queues:
                for name, seconds in (await queue.held_seconds()).items():
                    held[name] = held.get(name, 0.0) + seconds
        except (RedisError, LimiterClosed, OSError):
            return {}
        return held


def figures_of(
    terms: dict[str, Terms], standings: dict[str, Standing], held: dict[str, float], *, window_seconds: float
) -> list[TenantFigures]:
    """The figures of each tenant in `terms`. A paused tenant asks for no more than it got."""
    none = Standing()
    claims: dict[str, Claim] = {}
    for name, one in terms.items():
        standing = standings.get(name, none)
        wanted = standing.started + (0 if one.paused else standing.waiting)
        allowed = max(standing.started, round((one.cap_per_minute or wanted) * window_seconds / 60))
        claims[name] = Claim(demand=min(wanted, allowed), weight=one.weight)
    turns = sum(standing.started for standing in standings.values())
    due = due_shares(claims, turns)
    return [
        TenantFigures(
            terms=one,
            standing=standings.get(name, none),
            share_due=due[name],
            share_got=standings.get(name, none).started / turns if turns else 0.0,
            held_seconds=held.get(name, 0.0),
        )
        for name, one in terms.items()
    ]
