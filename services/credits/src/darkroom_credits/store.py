"""The SQL that changes credits: read a batch's books under lock, write them back. Sets only, never a statement per event.

Everything of a tenant's credits changes under the lock of its `balances` row, taken in the order of the instance ids; so what
is read after the lock stays true until the commit.
"""

from collections.abc import Iterable, Sequence

from darkroom_servicekit.database import Transaction
from sqlalchemy import text

from darkroom_credits.bookkeeping import Books, Settlement
from darkroom_credits.current_accounts import lock_accounts
from darkroom_credits.grants import Draw, Grant
from darkroom_credits.reservations import Reservation
from darkroom_credits.store_grants import write_grants
from darkroom_credits.store_ledger import write_lines

GRANTS = text(
    """
    SELECT id, instance_id, remaining, expires_at, owed FROM grants
    WHERE instance_id = ANY(CAST(:ids AS text[])) AND remaining > 0
    UNION
    SELECT id, instance_id, remaining, expires_at, owed FROM grants
    WHERE id IN (SELECT grant_id FROM draws WHERE job_id = ANY(CAST(:jobs AS bigint[])))
    """
)
RESERVATIONS = text(
    """
    SELECT job_id, instance_id, price_credits, items_total, amount, product, spent, released, reimbursed, state
    FROM reservations WHERE job_id = ANY(CAST(:jobs AS bigint[]))
    """
)
DRAWS = text("SELECT job_id, grant_id, amount, released FROM draws WHERE job_id = ANY(CAST(:jobs AS bigint[]))")
SETTLED = text(
    """
    SELECT job_id, item_id FROM settlements
    WHERE (job_id, item_id) IN (SELECT * FROM unnest(CAST(:jobs AS bigint[]), CAST(:items AS bigint[])))
    """
)
WRITE_RESERVATIONS = text(
    """
    INSERT INTO reservations (
        job_id, instance_id, price_credits, items_total, amount, product, spent, released, state, created_at, updated_at)
    SELECT *, CAST(:now AS timestamptz), CAST(:now AS timestamptz) FROM unnest(
        CAST(:jobs AS bigint[]), CAST(:instances AS text[]), CAST(:prices AS bigint[]), CAST(:items AS integer[]),
        CAST(:amounts AS bigint[]), CAST(:products AS text[]),
        CAST(:spents AS bigint[]), CAST(:releaseds AS bigint[]), CAST(:states AS text[]))
    ON CONFLICT (job_id) DO UPDATE SET
        spent = excluded.spent, released = excluded.released, state = excluded.state, updated_at = excluded.updated_at
    """
)
WRITE_DRAWS = text(
    """
    INSERT INTO draws (job_id, grant_id, amount, released)
    SELECT * FROM unnest(
        CAST(:jobs AS bigint[]), CAST(:grants AS bigint[]), CAST(:amounts AS bigint[]), CAST(:releaseds AS bigint[]))
    ON CONFLICT (job_id, grant_id) DO UPDATE SET released = excluded.released
    """
)
WRITE_SETTLEMENTS = text(
    """
    INSERT INTO settlements (job_id, item_id, charge, amount, settled_at)
    SELECT *, CAST(:now AS timestamptz) FROM unnest(
        CAST(:jobs AS bigint[]), CAST(:items AS bigint[]), CAST(:charges AS text[]), CAST(:amounts AS bigint[]))
    """
)


async def open_books(
    transaction: Transaction, *, instances: Iterable[str], jobs: Iterable[int], items: Iterable[tuple[int, int]]
) -> Books:
    """All that a batch needs to be decided, read under the tenants' locks."""
    accounts = await lock_accounts(transaction, instances)
    job_ids = sorted(set(jobs))
    found = (await transaction.execute(RESERVATIONS, {"jobs": job_ids})).all()
    reservations = {row.job_id: Reservation(**row._mapping) for row in found}
    draws: dict[int, list[Draw]] = {}
    if reservations:
        for row in await transaction.execute(DRAWS, {"jobs": list(reservations)}):
            draws.setdefault(row.job_id, []).append(Draw(**row._mapping))
    grants: dict[str, list[Grant]] = {}
    for row in await transaction.execute(GRANTS, {"ids": list(accounts), "jobs": list(draws)}):
        grants.setdefault(row.instance_id, []).append(Grant(**row._mapping))
    wanted = list(items)
    settled: set[tuple[int, int]] = set()
    if wanted:
        columns = {"jobs": [job for job, _ in wanted], "items": [item for _, item in wanted]}
        settled = {(row.job_id, row.item_id) for row in await transaction.execute(SETTLED, columns)}
    return Books(
        now=transaction.now, accounts=accounts, grants=grants, reservations=reservations, draws=draws, settled_items=settled
    )


async def close_books(transaction: Transaction, books: Books) -> None:
    """Write what a batch changed."""
    touched = books.touched_jobs
    await write_lines(transaction, [line for account in books.accounts.values() for line in account.lines])
    await _write_reservations(transaction, [books.reservations[job_id] for job_id in touched])
    await write_draws(transaction, [one for job_id in touched for one in books.draws.get(job_id, ())])
    await write_grants(transaction, [grant for grants in books.grants.values() for grant in grants])
    await _write_settlements(transaction, books.settlements)


async def _write_reservations(transaction: Transaction, reservations: Sequence[Reservation]) -> None:
    if not reservations:
        return
    columns = {
        "jobs": [one.job_id for one in reservations],
        "instances": [one.instance_id for one in reservations],
        "prices": [one.price_credits for one in reservations],
        "items": [one.items_total for one in reservations],
        "amounts": [one.amount for one in reservations],
        "products": [one.product for one in reservations],
        "spents": [one.spent for one in reservations],
        "releaseds": [one.released for one in reservations],
        "states": [one.state for one in reservations],
    }
    await transaction.execute(WRITE_RESERVATIONS, columns | {"now": transaction.now})


async def write_draws(transaction: Transaction, draws: Sequence[Draw]) -> None:
    """Write what jobs took of grants, and what went back there."""
    if not draws:
        return
    columns = {
        "jobs": [one.job_id for one in draws],
        "grants": [one.grant_id for one in draws],
        "amounts": [one.amount for one in draws],
        "releaseds": [one.released for one in draws],
    }
    await transaction.execute(WRITE_DRAWS, columns)


async def _write_settlements(transaction: Transaction, settlements: Sequence[Settlement]) -> None:
    if not settlements:
        return
    columns = {
        "jobs": [one.job_id for one in settlements],
        "items": [one.item_id for one in settlements],
        "charges": [one.charge for one in settlements],
        "amounts": [one.amount for one in settlements],
    }
    await transaction.execute(WRITE_SETTLEMENTS, columns | {"now": transaction.now})
