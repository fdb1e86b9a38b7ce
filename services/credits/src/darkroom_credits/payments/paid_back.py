"""How much of a payment has gone back, from all that Stripe told of it: pure.

Refunds and disputes count by their own ids, so the order and number of the news do not matter. `charge.refunded` tells a total
without ids: only what no known refund explains counts of it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from darkroom_contracts.money import minor_amount

from darkroom_credits.payments.purchase import Purchase

ReturnKind = Literal["refund", "dispute"]
LIVE_REFUNDS = frozenset({"PENDING", "SUCCEEDED"})


@dataclass(frozen=True, kw_only=True)
class Return:
    """A refund or a dispute, in the state that it has reached; `announced` unless a refund was first heard of as failed."""

    id: str
    kind: ReturnKind
    currency: str
    amount: int
    state: str
    announced: bool = True


@dataclass(frozen=True, kw_only=True)
class RefundTotal:
    """The newest total that a charge told: `refunded` of `amount`. None: only a dispute was told of by an older version."""

    currency: str
    amount: int | None
    refunded: int


@dataclass(frozen=True)
class PaidBack:
    """What has gone back in the purchase's minor unit, and the ids (a total's is empty) of news that cannot be about it."""

    minor: int
    foreign: frozenset[str]


def paid_back(purchase: Purchase, total: RefundTotal | None, returns: Sequence[Return]) -> PaidBack:
    """The total over refunds and lost disputes; no more than was paid goes back, whatever they say together."""
    amounts = {one.id: _amount_of(purchase, one) for one in returns}
    foreign = {name for name, amount in amounts.items() if amount is None}
    refunded_total = _refunded_of(purchase, total)
    if refunded_total is None:
        foreign.add("")

    def summed(kind: ReturnKind, states: frozenset[str], *, announced: bool = True) -> int:
        fits = [one for one in returns if one.kind == kind and one.state in states and (announced or not one.announced)]
        return sum(amounts[one.id] or 0 for one in fits)

    failed = frozenset({"FAILED"})
    live = summed("refund", LIVE_REFUNDS)
    unexplained = max(0, (refunded_total or 0) - live - summed("refund", failed))
    # A failure whose refund was never announced is one of those that were counted; once it is announced it is its own.
    not_failed = max(0, purchase.amount_minor - summed("refund", failed, announced=False))
    refunded = min(live + unexplained, not_failed)
    return PaidBack(min(refunded + summed("dispute", frozenset({"LOST"})), purchase.amount_minor), frozenset(foreign))


def sold_amount(purchase: Purchase, amount: int, currency: str) -> int | None:
    """An amount of Stripe in the minor unit of what was sold; None for a currency that the payment has nothing to do with."""
    if currency == purchase.currency:
        return minor_amount(amount, currency)
    if currency == purchase.presented_currency and purchase.presented_minor:
        return amount * purchase.amount_minor // purchase.presented_minor
    return None


def _amount_of(purchase: Purchase, told: Return) -> int | None:
    amount = sold_amount(purchase, told.amount, told.currency)
    if amount is None or told.kind == "dispute":
        # A bank may dispute a little more than was paid, when currencies have moved.
        return amount if amount is None else min(amount, purchase.amount_minor)
    return amount if amount <= purchase.amount_minor else None


def _refunded_of(purchase: Purchase, total: RefundTotal | None) -> int | None:
    if total is None:
        return 0
    paid = purchase.amount_minor if total.amount is None else sold_amount(purchase, total.amount, total.currency)
    refunded = sold_amount(purchase, total.refunded, total.currency)
    if total.amount is None and not total.refunded:
        return 0
    fits = paid == purchase.amount_minor and refunded is not None and refunded <= purchase.amount_minor
    return refunded if fits else None


@dataclass(frozen=True)
class Booked:
    """What the money's accounts hold for a purchase: refunds whose credits were taken back, and those whose credits were gone."""

    returns: int = 0
    losses: int = 0


def losses_restored(booked: Booked, minor: int, *, owed: int, credits: int) -> int:
    """How much of `minor` that comes back was booked as a loss: the share of the `owed` among the `credits` given back."""
    assert minor <= booked.returns + booked.losses, f"{minor} come back of {booked}"
    share = minor * owed // credits if credits else 0
    return max(min(share, booked.losses), minor - booked.returns)
