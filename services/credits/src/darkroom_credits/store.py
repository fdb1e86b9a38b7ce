"""The SQL that changes credits: read a batch's books under lock, write them back. Sets only, never a statement per event.

Everything of a tenant's credits changes under the lock of its `balances` row, taken in the order of the instance ids; so what
is read after the lock stays true until the commit.
"""

from collections.abc import Iterable, Sequence

from darkroom_servicekit.database import Transaction
from sqlalchemy import text

from darkroom_credits.bookkeeping import Books, Settlement
from darkroom_credits.grants import Draw, Grant
from darkroom_credits.ledger import POSTINGS, Account, Line
from darkroom_credits.reservations import Reservation

SERVICE = "credits"
"""The author of what no person did."""

LOCK = text(
    """
    SELECT instance_id, available, held, spent, renews_at FROM balances
    WHERE instance_id = ANY(CAST(:ids AS text[])) ORDER BY instance_id FOR UPDATE
    """
)
OPEN_ACCOUNTS = text(
    """
    INSERT INTO balances (instance_id) SELECT id FROM unnest(CAST(:ids AS text[])) AS id ORDER BY id
    ON CONFLICT DO NOTHING
    """
)
GRANTS = text(
    """
    SELECT id, instance_id, remaining, expires_at FROM grants
    WHERE instance_id = ANY(CAST(:ids AS text[])) AND remaining > 0
    UNION
    SELECT id, instance_id, remaining, expires_at FROM grants
    WHERE id IN (SELECT grant_id FROM draws WHERE job_id = ANY(CAST(:jobs AS bigint[])))
    """
)
RESERVATIONS = text(
    """
    SELECT job_id, instance_id, price_credits, items_total, amount, spent, released, state FROM reservations
    WHERE job_id = ANY(CAST(:jobs AS bigint[]))
    """
)
DRAWS = text("SELECT job_id, grant_id, amount, released FROM draws WHERE job_id = ANY(CAST(:jobs AS bigint[]))")
SETTLED = text(
    """
    SELECT job_id, item_id FROM settlements
    WHERE (job_id, item_id) IN (SELECT * FROM unnest(CAST(:jobs AS bigint[]), CAST(:items AS bigint[])))
    """
)
WRITE_LINES = text(
    """
    WITH written AS (
        INSERT INTO ledger_transactions (
            instance_id, kind, job_id, amount, available_change, available_after, reason, event_id, created_by, created_at)
        SELECT instance_id, kind, job_id, amount, change, after, reason, event_id, :created_by, :now
        FROM unnest(
            CAST(:instances AS text[]), CAST(:kinds AS text[]), CAST(:jobs AS bigint[]), CAST(:amounts AS bigint[]),
            CAST(:changes AS bigint[]), CAST(:afters AS bigint[]), CAST(:reasons AS text[]), CAST(:events AS uuid[])
        ) WITH ORDINALITY AS line (instance_id, kind, job_id, amount, change, after, reason, event_id, place)
        ORDER BY place
        RETURNING instance_id, id, kind, amount
    ), entries AS (
        INSERT INTO ledger_entries (instance_id, transaction_id, account, amount)
        SELECT instance_id, id, account, sign * amount
        FROM written JOIN unnest(
            CAST(:posting_kinds AS text[]), CAST(:posting_accounts AS text[]), CAST(:posting_signs AS bigint[])
        ) AS posting (kind, account, sign) USING (kind)
        RETURNING instance_id, account, amount
    ), change AS (
        SELECT instance_id,
            coalesce(sum(amount) FILTER (WHERE account = 'available'), 0) AS available,
            coalesce(sum(amount) FILTER (WHERE account = 'held'), 0) AS held,
            coalesce(sum(amount) FILTER (WHERE account = 'spent'), 0) AS spent,
            coalesce(sum(amount) FILTER (WHERE account = 'granted'), 0) AS granted
        FROM entries GROUP BY instance_id
    )
    UPDATE balances SET
        available = balances.available + change.available, held = balances.held + change.held,
        spent = balances.spent + change.spent, granted = balances.granted - change.granted, updated_at = :now
    FROM change WHERE balances.instance_id = change.instance_id
    """
)
WRITE_RESERVATIONS = text(
    """
    INSERT INTO reservations (
        job_id, instance_id, price_credits, items_total, amount, spent, released, state, created_at, updated_at)
    SELECT *, CAST(:now AS timestamptz), CAST(:now AS timestamptz) FROM unnest(
        CAST(:jobs AS bigint[]), CAST(:instances AS text[]), CAST(:prices AS bigint[]), CAST(:items AS integer[]),
        CAST(:amounts AS bigint[]), CAST(:spents AS bigint[]), CAST(:releaseds AS bigint[]), CAST(:states AS text[]))
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
WRITE_GRANTS = text(
    """
    UPDATE grants SET remaining = changed.remaining
    FROM unnest(CAST(:ids AS bigint[]), CAST(:remainings AS bigint[])) AS changed (id, remaining)
    WHERE grants.id = changed.id AND grants.remaining <> changed.remaining
    """
)
WRITE_SETTLEMENTS = text(
    """
    INSERT INTO settlements (job_id, item_id, charge, amount, settled_at)
    SELECT *, CAST(:now AS timestamptz) FROM unnest(
        CAST(:jobs AS bigint[]), CAST(:items AS bigint[]), CAST(:charges AS text[]), CAST(:amounts AS bigint[]))
    """
)


async def lock_accounts(transaction: Transaction, instance_ids: Iterable[str]) -> dict[str, Account]:
    """Each tenant's account, opened when it is new, locked until the end of the transaction."""
    ids = sorted(set(instance_ids))
    accounts = await _locked(transaction, ids)
    missing = [instance_id for instance_id in ids if instance_id not in accounts]
    if missing:
        await transaction.execute(OPEN_ACCOUNTS, {"ids": missing})
        accounts |= await _locked(transaction, missing)
    return accounts


async def _locked(transaction: Transaction, ids: Sequence[str]) -> dict[str, Account]:
    rows = (await transaction.execute(LOCK, {"ids": list(ids)})).all()
    return {row.instance_id: Account(**row._mapping) for row in rows}


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
    return Books(accounts=accounts, grants=grants, reservations=reservations, draws=draws, settled_items=settled)


async def close_books(transaction: Transaction, books: Books) -> None:
    """Write what a batch changed."""
    touched = books.touched_jobs
    await write_lines(transaction, [line for account in books.accounts.values() for line in account.lines])
    await _write_reservations(transaction, [books.reservations[job_id] for job_id in touched])
    await _write_draws(transaction, [one for job_id in touched for one in books.draws.get(job_id, ())])
    await _write_grants(transaction, [grant for grants in books.grants.values() for grant in grants])
    await _write_settlements(transaction, books.settlements)


async def write_lines(transaction: Transaction, lines: Sequence[Line], *, created_by: str = SERVICE) -> None:
    """Append ledger transactions with their entries, in order, and bring the balances up to them: one statement."""
    if not lines:
        return
    legs = [(kind, source, -1) for kind, (source, _) in POSTINGS.items()]
    legs += [(kind, target, 1) for kind, (_, target) in POSTINGS.items()]
    columns = {
        "instances": [line.instance_id for line in lines],
        "kinds": [line.kind for line in lines],
        "jobs": [line.job_id for line in lines],
        "amounts": [line.amount for line in lines],
        "changes": [line.available_change for line in lines],
        "afters": [line.available_after for line in lines],
        "reasons": [line.reason for line in lines],
        "events": [line.event_id for line in lines],
        "posting_kinds": [kind for kind, _, _ in legs],
        "posting_accounts": [account for _, account, _ in legs],
        "posting_signs": [sign for _, _, sign in legs],
    }
    await transaction.execute(WRITE_LINES, columns | {"created_by": created_by, "now": transaction.now})


async def _write_reservations(transaction: Transaction, reservations: Sequence[Reservation]) -> None:
    if not reservations:
        return
    columns = {
        "jobs": [one.job_id for one in reservations],
        "instances": [one.instance_id for one in reservations],
        "prices": [one.price_credits for one in reservations],
        "items": [one.items_total for one in reservations],
        "amounts": [one.amount for one in reservations],
        "spents": [one.spent for one in reservations],
        "releaseds": [one.released for one in reservations],
        "states": [one.state for one in reservations],
    }
    await transaction.execute(WRITE_RESERVATIONS, columns | {"now": transaction.now})


async def _write_draws(transaction: Transaction, draws: Sequence[Draw]) -> None:
    if not draws:
        return
    columns = {
        "jobs": [one.job_id for one in draws],
        "grants": [one.grant_id for one in draws],
        "amounts": [one.amount for one in draws],
        "releaseds": [one.released for one in draws],
    }
    await transaction.execute(WRITE_DRAWS, columns)


async def _write_grants(transaction: Transaction, grants: Sequence[Grant]) -> None:
    if grants:
        columns = {"ids": [one.id for one in grants], "remainings": [one.remaining for one in grants]}
        await transaction.execute(WRITE_GRANTS, columns)


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
