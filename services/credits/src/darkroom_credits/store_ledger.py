"""The SQL that writes the ledger: appended only, each transaction with its two entries, the balances brought up to them."""

from collections.abc import Sequence

from darkroom_servicekit.database import Transaction
from sqlalchemy import text

from darkroom_credits.ledger import POSTINGS, Account, Line

SERVICE = "credits"
"""The author of what no person did."""

WRITE_LINES = text(
    """
    WITH written AS (
        INSERT INTO ledger_transactions (
            instance_id, kind, job_id, amount, available_change, available_after, reason, event_id, grant_id,
            created_by, created_at)
        SELECT instance_id, kind, job_id, amount, change, after, reason, event_id, grant_id, :created_by, :now
        FROM unnest(
            CAST(:instances AS text[]), CAST(:kinds AS text[]), CAST(:jobs AS bigint[]), CAST(:amounts AS bigint[]),
            CAST(:changes AS bigint[]), CAST(:afters AS bigint[]), CAST(:reasons AS text[]), CAST(:events AS uuid[]),
            CAST(:grants AS bigint[])
        ) WITH ORDINALITY AS line (instance_id, kind, job_id, amount, change, after, reason, event_id, grant_id, place)
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
            coalesce(sum(amount) FILTER (WHERE account = 'granted'), 0) AS granted,
            coalesce(sum(amount) FILTER (WHERE account = 'expired'), 0) AS expired,
            coalesce(sum(amount) FILTER (WHERE account = 'refunded'), 0) AS refunded,
            coalesce(sum(amount) FILTER (WHERE account = 'adjusted'), 0) AS adjusted,
            coalesce(sum(amount) FILTER (WHERE account = 'lost'), 0) AS lost
        FROM entries GROUP BY instance_id
    )
    UPDATE balances SET
        available = balances.available + change.available, held = balances.held + change.held,
        spent = balances.spent + change.spent, granted = balances.granted - change.granted,
        expired = balances.expired + change.expired, refunded = balances.refunded + change.refunded,
        adjusted = balances.adjusted + change.adjusted, lost = balances.lost - change.lost, updated_at = :now
    FROM change WHERE balances.instance_id = change.instance_id
    """
)


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
        "grants": [line.grant_id for line in lines],
        "posting_kinds": [kind for kind, _, _ in legs],
        "posting_accounts": [account for _, account, _ in legs],
        "posting_signs": [sign for _, _, sign in legs],
    }
    await transaction.execute(WRITE_LINES, columns | {"created_by": created_by, "now": transaction.now})


async def write_account(transaction: Transaction, account: Account, *, created_by: str = SERVICE) -> None:
    """Append the lines that an account's changes have left so far; it goes on without them."""
    lines, account.lines = account.lines, []
    await write_lines(transaction, lines, created_by=created_by)
