"""What the provider's answers change at the limiter, on all replicas at once: slower accounts, stopped ones, broken models.

All of it is Redis' alone and safe to lose: the provider's next answers bring it back.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum

from darkroom_predictor.fair_queue import MICROSECONDS, FairQueue, mark_of

MODEL_FIELDS = 5


class Kind(Enum):
    """What a model failed at; only a success at the same proves it well."""

    CREATE = "create"
    RUN = "run"


@dataclass(frozen=True, kw_only=True)
class BreakerBounds:
    """Failures in a row that open a model's breaker, and the pauses between its trials."""

    failures: int
    pause_seconds: float
    pause_seconds_max: float


@dataclass(frozen=True, kw_only=True)
class ModelNews:
    """Failures of a model in a row, or with 0 a success."""

    model: str
    kind: Kind
    failures: int


@dataclass(frozen=True, kw_only=True)
class ModelFigures:
    """A model with failures. `open_seconds` None: it is called as ever; else so long it has not been, but for trials."""

    model: str
    mark: str
    failures: int
    open_seconds: float | None
    trial_in_seconds: float


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
        rows = [(mark_of(one.model), one.model, one.kind.value, one.failures) for one in news]
        pauses = (bounds.pause_seconds, bounds.pause_seconds_max)
        watched: object = await self._queue.run(
            "heard",
            bounds.failures,
            *(round(seconds * MICROSECONDS) for seconds in pauses),
            *(value for row in rows for value in row),
        )
        assert isinstance(watched, bytes)
        self._queue.note_watched(watched)

    def is_open(self, model: str) -> bool:
        """Whether the model's breaker was open when last heard of."""
        return self._queue.watched.get(mark_of(model), False)

    def is_watched(self, model: str) -> bool:
        """Whether the model had failures when last heard of, so that a success is news."""
        return mark_of(model) in self._queue.watched

    async def models(self) -> list[ModelFigures]:
        """The models with failures."""
        answer = await self._queue.run("models")
        return [
            ModelFigures(
                model=name.decode(),
                mark=mark.decode(),
                failures=failures,
                open_seconds=None if since < 0 else since / MICROSECONDS,
                trial_in_seconds=trial_in / MICROSECONDS,
            )
            for mark, name, failures, since, trial_in in zip(*[iter(answer)] * MODEL_FIELDS, strict=True)
        ]
