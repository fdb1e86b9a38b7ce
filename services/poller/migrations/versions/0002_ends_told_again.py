"""Ends that can be told again, outputs in the order in which the provider deletes them."""

from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

STATEMENTS = (
    """
    ALTER TABLE predictions
        ADD COLUMN result jsonb,
        ADD COLUMN failure_retryable boolean,
        ADD COLUMN expires_at timestamptz
    """,
    "UPDATE predictions SET expires_at = ready_at + interval '45 minutes' WHERE state = 'OUTPUT_READY'",
    "ALTER TABLE predictions ADD CHECK (state <> 'OUTPUT_READY' OR expires_at IS NOT NULL)",
    "DROP INDEX predictions_to_collect",
    "CREATE INDEX predictions_to_collect ON predictions (expires_at) WHERE state = 'OUTPUT_READY'",
)


def upgrade() -> None:
    for statement in STATEMENTS:
        op.execute(statement)
