"""What was asked to be stopped, which calls to the provider that needs, and when an attempt without an end is asked after."""

from alembic import op

revision = "0005"
down_revision = "0004"

STATEMENTS = (
    "ALTER TABLE queue_items ADD COLUMN cancel_requested_at timestamptz, ADD COLUMN cancel_cause_id text",
    """
    ALTER TABLE attempts
        ADD COLUMN cancel_at timestamptz,
        ADD COLUMN cancels integer NOT NULL DEFAULT 0,
        ADD COLUMN retell_at timestamptz,
        ADD COLUMN retells integer NOT NULL DEFAULT 0
    """,
    "CREATE INDEX attempts_to_cancel ON attempts (cancel_at) WHERE state = 'CREATED' AND cancel_at IS NOT NULL",
    # For those that were created before there was such a thing: asked after at once, which costs one repeated event each.
    "UPDATE attempts SET retell_at = clock_timestamp() WHERE state = 'CREATED'",
    "CREATE INDEX queue_items_ended ON queue_items USING brin (ended_at)",
)


def upgrade() -> None:
    for statement in STATEMENTS:
        op.execute(statement)
