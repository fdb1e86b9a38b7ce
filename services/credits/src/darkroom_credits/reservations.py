"""What a job holds, from its decision to its end: pure. Nothing is spent or given back beyond what was held.

A job is decided once; an item is settled once; when the job has ended, whatever is left is cleared to zero and later news
of its items changes nothing.
"""

from dataclasses import dataclass
from typing import Literal

from darkroom_contracts.jobs import ItemFinished, JobRequested

State = Literal["OPEN", "CLOSED", "REJECTED"]


@dataclass(kw_only=True)
class Reservation:
    """The credits of one job."""

    job_id: int
    instance_id: str
    price_credits: int
    items_total: int
    amount: int
    product: str = "optimize"
    spent: int = 0
    released: int = 0
    reimbursed: int = 0
    state: State = "OPEN"

    @property
    def refundable(self) -> int:
        """What it has spent, and no operator has given back."""
        return self.spent - self.reimbursed

    @property
    def rest(self) -> int:
        """What is held still."""
        return self.amount - self.spent - self.released


@dataclass(frozen=True)
class Settled:
    """How much of a reservation an event turned into spent or given-back credits."""

    spent: int = 0
    released: int = 0

    def __add__(self, other: "Settled") -> "Settled":
        return Settled(self.spent + other.spent, self.released + other.released)


def decide(request: JobRequested, *, available: int) -> Reservation:
    """Hold the whole price of a job, or refuse it: never a part."""
    affordable = request.amount_credits <= available
    return Reservation(
        job_id=request.job_id,
        instance_id=request.instance_id,
        price_credits=request.price_credits,
        items_total=request.items_total,
        amount=request.amount_credits if affordable else 0,
        product=request.product,
        state="OPEN" if affordable else "REJECTED",
    )


def settle_item(reservation: Reservation, item: ItemFinished) -> Settled | None:
    """Settle one item by its charge; None when the job's credits are all settled and there is nothing to decide."""
    if reservation.state != "OPEN" or reservation.rest < reservation.price_credits:
        return None
    price = reservation.price_credits
    return _apply(reservation, Settled(spent=price) if item.charge == "spend" else Settled(released=price))


def clear(reservation: Reservation, *, items_spent: int) -> Settled | None:
    """Close a reservation: in all, `items_spent` times the price is spent and the rest given back. None when closed already.

    What was settled item by item stands; so items that were never told of are covered by the job's own totals.
    """
    if reservation.state != "OPEN":
        return None
    still_to_spend = items_spent * reservation.price_credits - reservation.spent
    spent = max(0, min(still_to_spend, reservation.rest))
    cleared = _apply(reservation, Settled(spent=spent, released=reservation.rest - spent))
    reservation.state = "CLOSED"
    return cleared


def _apply(reservation: Reservation, settled: Settled) -> Settled:
    reservation.spent += settled.spent
    reservation.released += settled.released
    assert reservation.rest >= 0, f"more settled than held: {reservation}"
    return settled
