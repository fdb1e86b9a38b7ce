"""The limits of provider accounts and of models, as values."""

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class AccountLimits:
    """The limits of one provider account."""

    account: str
    cap: int
    burst: int
    slots: int


@dataclass(frozen=True, kw_only=True)
class ModelSlots:
    """How many predictions of a model may be in flight."""

    model: str
    slots: int


@dataclass(frozen=True, kw_only=True)
class AccountFigures:
    """How an account stands now. `in_force` is what 429s leave of the cap; `stopped` says why it takes only probes."""

    account: str
    granted: int
    cap: int
    in_force: int
    burst: int
    slots: int
    live: int
    paused_seconds: float
    stopped: str | None = None
