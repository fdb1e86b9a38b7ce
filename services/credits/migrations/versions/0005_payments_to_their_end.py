"""Payments to their end: disputes that are lost take the money back, lost webhooks are asked after, every purchase ends."""

from alembic import op

revision = "0005"
down_revision = "0004"

# How far Stripe's own list of events has been read, and when it is read next: one row, whoever updates it reads.
WATCH = """
    CREATE TABLE stripe_watch (
        one        boolean PRIMARY KEY DEFAULT true CHECK (one),
        read_until timestamptz,
        read_at    timestamptz NOT NULL
    )
"""


def upgrade() -> None:
    op.execute("ALTER TABLE purchases ADD COLUMN dispute_state text CHECK (dispute_state IN ('OPEN', 'WON', 'LOST'))")
    op.execute("UPDATE purchases SET dispute_state = 'OPEN' WHERE disputed_at IS NOT NULL")
    op.execute("UPDATE purchases SET check_at = clock_timestamp() WHERE state = 'CREATED' AND check_at IS NULL")
    op.execute(
        "ALTER TABLE stripe_refunds ALTER COLUMN amount DROP NOT NULL, ALTER COLUMN refunded SET DEFAULT 0,"
        " ADD COLUMN disputed bigint NOT NULL DEFAULT 0"
    )
    op.execute("ALTER TABLE money_transactions DROP CONSTRAINT money_transactions_kind_check")
    op.execute(
        "ALTER TABLE money_transactions ADD CONSTRAINT money_transactions_kind_check"
        " CHECK (kind IN ('payment', 'refund', 'dispute'))"
    )
    op.execute(WATCH)
    op.execute("INSERT INTO stripe_watch (read_at) VALUES ('2025-01-01Z')")


def downgrade() -> None:
    raise NotImplementedError("the ledger is not thrown away by a migration")
