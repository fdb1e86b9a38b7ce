"""An index: credits that came back to a purchase's grant, for the daily close. Built as 0011 builds its own."""

from alembic import op

revision = "0014"
down_revision = "0013"

NAME = "restored_by_grant"


def upgrade() -> None:
    with op.get_context().autocommit_block():
        op.execute("SET lock_timeout = 0")
        op.execute(f"DROP INDEX CONCURRENTLY IF EXISTS {NAME}")
        op.execute(f"CREATE INDEX CONCURRENTLY {NAME} ON ledger_transactions (grant_id) WHERE kind = 'restore'")
        op.execute("RESET lock_timeout")


def downgrade() -> None:
    op.execute(f"DROP INDEX {NAME}")
