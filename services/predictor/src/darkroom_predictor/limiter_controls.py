"""What the provider's answers change at the limiter, on all replicas at once: slower accounts, stopped ones, broken models.

All of it is Redis' alone and safe to lose: the provider's next answers bring it back.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Any

from darkroom_predictor.fair_queue import MICROSECONDS, FairQueue, mark_of

OPEN, CREATIONS_FAILED = "+", "-"
"""Signs in the script's watch list. A model whose predictions failed, but no creation, has another."""
TENANT_FIELDS = 4


class Kind(Enum):
    """What a model failed at; only a success at the same proves it well."""

    CREATE = "create"
    RUN = "run"


@dataclass(frozen=True, kw_only=True)
class BreakerBounds:
    """Failures in a row that open a breaker, of how many tenants where predictions fail, and the pauses between trials."""

    failures: int
    tenants: int
    pause_seconds: float
    pause_seconds_max: float


@dataclass(frozen=True, kw_only=True)
class ModelNews:
    """Failures of a model in a row at a tenant's pictures, or with 0 a success."""

    model: str
    tenant: str
    kind: Kind
    failures: int


@dataclass(frozen=True, kw_only=True)
class SlowedTenant:
    """A tenant whose predictions fail at a model: only its jobs of that model are held aside, but for one trial at a time."""

    tenant: str
    failures: int
    slowed_seconds: float
    trial_in_seconds: float


@dataclass(frozen=True, kw_only=True)
class ModelFigures:
    """A model with failures, or with a bound of its own.

    `open_seconds` None: it is called as ever; else so long it has not been, but for trials.
    `refused`: the provider itself refuses creations of this model, whoever asks. `slots` None: it has no bound of its own.
    """

    provider: str
    model: str
    mark: str
    failures: int
    open_seconds: float | None
    trial_in_seconds: float
    refused: bool
    slots: int | None
    live: int
    slowed: tuple[SlowedTenant, ...]


@dataclass(frozen=True, kw_only=True)
class Slowed:
    """The cap in force after a 429, and whether it was cut by this one."""

    in_force: int
    cut: bool


class LimiterControls:
    """One provider's. Every call raises LimiterClosed while the limiter is not open."""

    def __init__(self, queue: FairQueue, bounds: BreakerBounds) -> None:
        self._queue = queue
        self._bounds = bounds

    @property
    def failures_that_open(self) -> int:
        """Failures in a row that open a model's breaker."""
        return self._bounds.failures

    async def throttle(self, account: str, pause_seconds: float) -> Slowed:
        """A 429: no call for so long, and fewer after that."""
        in_force, cut = await self._queue.run("throttle", account, round(pause_seconds * MICROSECONDS))
        return Slowed(in_force=in_force, cut=bool(cut))

    async def stop(self, account: str, why: str, retry_seconds: float) -> bool:
        """One probe call each so many seconds, nothing else; whether it was not stopped before."""
        return bool(await self._queue.run("stop", account, why, round(retry_seconds * MICROSECONDS)))

    async def resume(self, account: str) -> bool:
        """Calls again; whether it was stopped."""
        return bool(await self._queue.run("resume", account))

    async def hear(self, news: Sequence[ModelNews]) -> None:
        """Models failed, or did well; the queue's `watched` is what they are now."""
        if not news:
            return
        bounds = self._bounds
        rows = [(mark_of(one.model), one.model, one.kind.value, one.failures, one.tenant) for one in news]
        pauses = (bounds.pause_seconds, bounds.pause_seconds_max)
        watched: object = await self._queue.run(
            "heard",
            bounds.failures,
            bounds.tenants,
            *(round(seconds * MICROSECONDS) for seconds in pauses),
            *(value for row in rows for value in row),
        )
        assert isinstance(watched, bytes)
        self._queue.note_watched(watched)

    def is_open(self, model: str) -> bool:
        """Whether the model's breaker was open when last heard of."""
        return self._queue.watched.get(mark_of(model)) == OPEN

    def is_news(self, model: str, kind: Kind) -> bool:
        """Whether a success of the model is news: it had failures of that kind when last heard of."""
        sign = self._queue.watched.get(mark_of(model))
        return sign is not None and (kind is Kind.RUN or sign in (OPEN, CREATIONS_FAILED))

    async def models(self) -> list[ModelFigures]:
        """The models with failures and the tenants that are slowed at each, and the models with a bound of their own."""
        answer = await self._queue.run("models", self._bounds.failures)
        return [
            ModelFigures(
                provider=self._queue.provider,
                model=name.decode(),
                mark=mark.decode(),
                failures=failures,
                open_seconds=None if since < 0 else since / MICROSECONDS,
                trial_in_seconds=trial_in / MICROSECONDS,
                refused=bool(refused),
                slots=slots or None,
                live=live,
                slowed=_slowed_tenants(slowed),
            )
            for mark, name, failures, since, trial_in, refused, slots, live, slowed in answer
        ]

    async def tried_tenants(self, model: str) -> list[str]:
        """The tenants that have had a trial of the model since its breaker opened."""
        return [tenant.decode() for tenant in await self._queue.run("tried", mark_of(model))]


def _slowed_tenants(fields: Sequence[Any]) -> tuple[SlowedTenant, ...]:
    return tuple(
        SlowedTenant(
            tenant=tenant.decode(),
            failures=failures,
            slowed_seconds=since / MICROSECONDS,
            trial_in_seconds=trial_in / MICROSECONDS,
        )
        for tenant, failures, since, trial_in in zip(*[iter(fields)] * TENANT_FIELDS, strict=True)
    )
