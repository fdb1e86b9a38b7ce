"""Paid predictions without a live attempt: counted, told to operators, and cancelled at the provider."""

from alembic import op

revision = "0012"
down_revision = "0011"

STATEMENTS = (
    """
    CREATE TABLE stray_predictions (
        provider      text NOT NULL,
        prediction_id text NOT NULL,
        account       text NOT NULL,
        attempt_id    uuid NOT NULL,
        instance_id   text NOT NULL,
        found_by      text NOT NULL CHECK (found_by IN ('answer', 'webhook', 'list')),
        found_at      timestamptz NOT NULL DEFAULT clock_timestamp(),
        cancel_at     timestamptz,
        cancels       integer NOT NULL DEFAULT 0,
        PRIMARY KEY (provider, prediction_id)
    )
    """,
    "CREATE INDEX stray_predictions_to_cancel ON stray_predictions (cancel_at) WHERE cancel_at IS NOT NULL",
)


def upgrade() -> None:
    for statement in STATEMENTS:
        op.execute(statement)
