"""Use case: an operator adjusts a tenant's credits, or gives back what a job or an item of it has spent, once per key.

Each correction is a row with a reason and a name, lines in the ledger under that name, and an event.
"""

from darkroom_contracts.credits import CreditsAdjusted, CreditsReimbursed
from darkroom_servicekit.database import Transaction

from darkroom_credits.bookkeeping import Books
from darkroom_credits.corrections import REIMBURSED, Correction, deduct, outlived, reimburse, take_what_is_owed
from darkroom_credits.grants import Grant, GrantKind, NewGrant
from darkroom_credits.ledger import Account
from darkroom_credits.reservations import Reservation
from darkroom_credits.store import open_books, write_draws
from darkroom_credits.store_corrections import (
    Adjustment,
    adjustment_of_key,
    insert_adjustment,
    item_is_known,
    mark_item_reimbursed,
    write_reimbursed,
)
from darkroom_credits.store_grants import insert_grant, write_grants
from darkroom_credits.store_ledger import write_account


class AnotherCorrectionHasThisKey(Exception):
    """The key was used before, for a correction that differs from this one."""


class UnknownSpending(LookupError):
    """The tenant has no such job, or the job no such item that was settled."""


class NothingToGiveBack(Exception):
    """Less was spent, or is left to be given back, than is wanted."""

    def __init__(self, refundable: int) -> None:
        super().__init__(f"{refundable} credits can be given back")
        self.refundable = refundable


class CorrectCredits:
    """Makes corrections, in a transaction of the caller's."""

    async def adjust(self, transaction: Transaction, wanted: Correction) -> Adjustment:
        """Add or take credits. Raises AnotherCorrectionHasThisKey."""
        books = await open_books(transaction, instances=[wanted.instance_id], jobs=[], items=[])
        before = await _made_before(transaction, wanted)
        if before is not None:
            return before
        account, grants = books.accounts[wanted.instance_id], books.grants.get(wanted.instance_id, [])
        grant_id, lost = None, 0
        if wanted.amount > 0:
            new = _grant(wanted, "adjustment", wanted.amount)
            grant_id = (await insert_grant(transaction, new, available_after=account.available + wanted.amount)).id
            account.move("adjust", wanted.amount, grant_id=grant_id, reason=wanted.reason)
        else:
            lost = deduct(account, grants, -wanted.amount, reason=wanted.reason)
        made = await _write(transaction, wanted, account, grants, amount=wanted.amount, lost=lost)
        transaction.publish(
            CreditsAdjusted(
                instance_id=wanted.instance_id,
                adjustment_id=made.id,
                amount=wanted.amount,
                lost=lost,
                grant_id=grant_id,
                reason=wanted.reason,
                created_by=wanted.created_by,
                balances=account.balances(),
            )
        )
        return made

    async def give_back(self, transaction: Transaction, wanted: Correction) -> Adjustment:
        """Give back what a job or an item spent, all that is left of it for an amount of 0.

        Raises UnknownSpending, NothingToGiveBack, AnotherCorrectionHasThisKey.
        """
        assert wanted.job_id is not None, "credits are given back of a job"
        books = await open_books(transaction, instances=[wanted.instance_id], jobs=[wanted.job_id], items=[])
        before = await _made_before(transaction, wanted)
        if before is not None:
            return before
        reservation = books.reservations.get(wanted.job_id)
        if reservation is None or reservation.instance_id != wanted.instance_id:
            raise UnknownSpending
        amount = await _amount(transaction, wanted, reservation)
        return await _reimburse(transaction, books, wanted, reservation, amount)


async def _reimburse(
    transaction: Transaction, books: Books, wanted: Correction, reservation: Reservation, amount: int
) -> Adjustment:
    account, grants = books.accounts[wanted.instance_id], books.grants.get(wanted.instance_id, [])
    draws = books.draws.get(reservation.job_id, [])
    reimburse(account, grants, draws, reservation, amount, reason=wanted.reason)
    given = account.balances()
    taken_back = take_what_is_owed(account, grants, job_id=reservation.job_id)
    renewed = outlived(grants, now=transaction.now)
    if renewed:
        await insert_grant(transaction, _grant(wanted, "reimbursement", renewed), available_after=account.available)
    made = await _write(transaction, wanted, account, grants, amount=amount, lost=0)
    await write_draws(transaction, draws)
    await write_reimbursed(transaction, reservation.job_id, reservation.reimbursed)
    transaction.publish(
        CreditsReimbursed(
            instance_id=wanted.instance_id,
            job_id=reservation.job_id,
            item_id=wanted.item_id,
            adjustment_id=made.id,
            amount=amount,
            reason=wanted.reason,
            created_by=wanted.created_by,
            balances=given,
        )
    )
    for fact in taken_back:
        transaction.publish(fact)
    return made


async def _amount(transaction: Transaction, wanted: Correction, reservation: Reservation) -> int:
    if wanted.item_id is None:
        amount = wanted.amount or reservation.refundable
    else:
        if not await item_is_known(transaction, reservation.job_id, wanted.item_id):
            raise UnknownSpending
        amount = await mark_item_reimbursed(transaction, reservation.job_id, wanted.item_id) or 0
    if not 0 < amount <= reservation.refundable:
        raise NothingToGiveBack(0 if wanted.item_id is not None else reservation.refundable)
    return amount


async def _made_before(transaction: Transaction, wanted: Correction) -> Adjustment | None:
    """What was made under the key. Under the tenant's lock nobody else can be using it, since keys are the tenant's own."""
    keys = [wanted.once_key, *wanted.former_keys] if wanted.once_key else []
    made = await adjustment_of_key(transaction, wanted.instance_id, keys)
    if made is None:
        return None
    same = (made.job_id, made.item_id, made.reason) == (wanted.job_id, wanted.item_id, wanted.reason)
    if not same or wanted.amount not in ((made.amount,) if wanted.job_id is None else (0, made.amount)):
        raise AnotherCorrectionHasThisKey
    return made


async def _write(
    transaction: Transaction, wanted: Correction, account: Account, grants: list[Grant], *, amount: int, lost: int
) -> Adjustment:
    await write_account(transaction, account, created_by=wanted.created_by)
    await write_grants(transaction, grants)
    return await insert_adjustment(transaction, wanted, amount=amount, lost=lost, available_after=account.available)


def _grant(wanted: Correction, kind: GrantKind, amount: int) -> NewGrant:
    return NewGrant(
        instance_id=wanted.instance_id,
        kind=kind,
        amount=amount,
        reason=wanted.reason if kind == "adjustment" else REIMBURSED,
        created_by=wanted.created_by,
    )
