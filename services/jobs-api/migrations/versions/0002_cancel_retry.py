"""Jobs that were asked to stop, and jobs that try another's failed items again."""

from alembic import op

revision = "0002"
down_revision = "0001"

STATEMENTS = (
    """
    ALTER TABLE jobs
        ADD COLUMN cancel_requested_at timestamptz,
        ADD COLUMN cancel_envelope jsonb,
        ADD COLUMN retry_of bigint REFERENCES jobs,
        ADD CHECK ((cancel_requested_at IS NULL) = (cancel_envelope IS NULL))
    """,
    """
    CREATE INDEX jobs_to_stop ON jobs (id)
    WHERE cancel_requested_at IS NOT NULL AND finished_at IS NULL AND items_released < items_total
    """,
)


def upgrade() -> None:
    for statement in STATEMENTS:
        op.execute(statement)
