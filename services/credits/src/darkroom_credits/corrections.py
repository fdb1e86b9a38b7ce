"""An operator's corrections of a tenant's credits: pure. No account goes below zero; what cannot be taken is booked as lost.

Credits that a job spent go back to the grants they came from, where what is owed for a refunded payment is taken first. Those
whose grant has ended would be worth nothing there: they are for a new grant without an end.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from darkroom_contracts.credits import CreditsTakenBack

from darkroom_credits.grants import Draw, Grant, draw, give_back, soonest_first
from darkroom_credits.ledger import Account
from darkroom_credits.reservations import Reservation
from darkroom_credits.withdrawals import take_back

REIMBURSED = "given back after its end"


@dataclass(frozen=True, kw_only=True)
class Correction:
    """What an operator wants: with a `job_id`, so much of what it spent given back; else the tenant's credits changed by it."""

    instance_id: str
    amount: int
    reason: str
    created_by: str
    job_id: int | None = None
    item_id: int | None = None
    once_key: str | None = None
    former_keys: tuple[str, ...] = ()


def deduct(account: Account, grants: Iterable[Grant], amount: int, *, reason: str) -> int:
    """Take as much of `amount` as is available, from what expires soonest; how much was lost."""
    taken = min(amount, account.available)
    draw(grants, taken, job_id=0)
    account.move("deduct", taken, reason=reason)
    account.move("loss", amount - taken, reason=reason)
    return amount - taken


def reimburse(
    account: Account, grants: Sequence[Grant], draws: Iterable[Draw], reservation: Reservation, amount: int, *, reason: str
) -> None:
    """Give back `amount` of what a job spent, to the grants it came from."""
    assert 0 < amount <= reservation.refundable, f"{amount} to be given back of {reservation}"
    reservation.reimbursed += amount
    account.move("reimburse", amount, job_id=reservation.job_id, reason=reason)
    give_back(grants, draws, amount)


def take_what_is_owed(account: Account, grants: Iterable[Grant], *, job_id: int) -> list[CreditsTakenBack]:
    """Of grants whose payment was refunded, take what came back to them."""
    return [fact for grant in soonest_first(grants) for fact in take_back(account, grant, job_id=job_id)]


def outlived(grants: Iterable[Grant], *, now: datetime) -> int:
    """Empty the grants that have ended; how much was in them. Before anything came back to them nothing was."""
    ended = [grant for grant in grants if grant.expires_at is not None and grant.expires_at <= now]
    amount = sum(grant.remaining for grant in ended)
    for grant in ended:
        grant.remaining = 0
    return amount
