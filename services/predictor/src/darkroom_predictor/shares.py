"""What each tenant was due of the turns that were given: weighted max-min fairness. Pure.

A tenant is due its weight's part of the turns, but no more than it asked for or its own cap allows; what it leaves goes to the
others, again by weight (Bertsekas and Gallager, Data Networks, 6.5).
"""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Claim:
    """How much a tenant could have used (started and still waiting, at most its own cap), and its weight."""

    demand: float
    weight: float


def due_shares(claims: Mapping[str, Claim], turns: float) -> dict[str, float]:
    """Each tenant's due part of `turns`, as a share of them; 0 for all when there were none."""
    if turns <= 0:
        return dict.fromkeys(claims, 0.0)
    left, weights = turns, sum(one.weight for one in claims.values() if one.demand > 0)
    due = dict.fromkeys(claims, 0.0)
    # Those that are satisfied first come first: what one leaves only raises the level for those after it.
    for name, claim in sorted(claims.items(), key=lambda pair: pair[1].demand / pair[1].weight):
        if claim.demand <= 0:
            continue
        due[name] = min(claim.demand, left * claim.weight / weights)
        left -= due[name]
        weights -= claim.weight
    return {name: part / turns for name, part in due.items()}
