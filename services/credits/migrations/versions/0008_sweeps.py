"""Reservations that are open for too long are looked up in the log of jobs: how often, and when again."""

from alembic import op

revision = "0008"
down_revision = "0007"

STATEMENTS = (
    "ALTER TABLE reservations ADD COLUMN sweeps integer NOT NULL DEFAULT 0, ADD COLUMN sweep_at timestamptz",
    "CREATE INDEX reservations_to_sweep ON reservations (updated_at) WHERE state = 'OPEN'",
)


def upgrade() -> None:
    for statement in STATEMENTS:
        op.execute(statement)


def downgrade() -> None:
    op.execute("DROP INDEX reservations_to_sweep")
    op.execute("ALTER TABLE reservations DROP COLUMN sweeps, DROP COLUMN sweep_at")
