"""A tenant's terms: its plan's, what an operator has set over them, and what is in force. Pure.

What an operator has set beats the plan until it is cleared; a tenant that nobody spoke of has weight 1 and no cap of its own.
"""

from dataclasses import dataclass, replace
from enum import Enum

WEIGHT_DEFAULT = 1.0
WEIGHT_MIN, WEIGHT_MAX = 0.01, 1000.0
BOUND_MAX = 1_000_000


class Kept(Enum):
    """The one value KEPT: this setting is not changed."""

    KEPT = "kept"


KEPT = Kept.KEPT


@dataclass(frozen=True, kw_only=True)
class Terms:
    """Terms of one tenant. `own_…`: what an operator has set; `revision` rises with every change."""

    instance_id: str
    plan: str | None = None
    plan_weight: float | None = None
    plan_cap: int | None = None
    own_weight: float | None = None
    own_cap: int | None = None
    concurrency: int | None = None
    """Predictions that may be in flight; None: as many as the accounts allow."""
    requests_per_minute: int | None = None
    paused: bool = False
    revision: int = 0

    @property
    def weight(self) -> float:
        """The weight in force."""
        return self.own_weight or self.plan_weight or WEIGHT_DEFAULT

    @property
    def cap_per_minute(self) -> int | None:
        """The cap in force; None: no cap of its own."""
        return self.own_cap or self.plan_cap


@dataclass(frozen=True, kw_only=True)
class TermsChange:
    """What an operator changes; None clears a setting, so that the plan's counts again."""

    weight: float | Kept | None = KEPT
    cap_per_minute: int | Kept | None = KEPT
    concurrency: int | Kept | None = KEPT
    requests_per_minute: int | Kept | None = KEPT
    paused: bool | Kept = KEPT

    def applied_to(self, terms: Terms) -> Terms:
        """The terms after the change."""
        return replace(
            terms,
            own_weight=terms.own_weight if self.weight is KEPT else self.weight,
            own_cap=terms.own_cap if self.cap_per_minute is KEPT else self.cap_per_minute,
            concurrency=terms.concurrency if self.concurrency is KEPT else self.concurrency,
            requests_per_minute=terms.requests_per_minute if self.requests_per_minute is KEPT else self.requests_per_minute,
            paused=terms.paused if self.paused is KEPT else self.paused,
        )
