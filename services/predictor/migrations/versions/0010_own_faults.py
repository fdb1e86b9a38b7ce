"""Which input fields a caller fills, refusals of such fields by tenant, and models closed for a fault of ours."""

from alembic import op

revision = "0010"
down_revision = "0009"

STATEMENTS = (
    # Null for items of a version that did not say: of their fields nothing is known.
    "ALTER TABLE queue_items ADD COLUMN caller_fields text[]",
    """
    CREATE TABLE model_refusals (
        provider    text NOT NULL,
        model       text NOT NULL,
        field       text NOT NULL,
        instance_id text NOT NULL,
        refused_at  timestamptz NOT NULL DEFAULT clock_timestamp(),
        PRIMARY KEY (provider, model, field, instance_id)
    )
    """,
    """
    CREATE TABLE model_faults (
        provider text NOT NULL,
        model    text NOT NULL,
        code     text NOT NULL,
        detail   text NOT NULL,
        since    timestamptz NOT NULL DEFAULT clock_timestamp(),
        PRIMARY KEY (provider, model)
    )
    """,
)


def upgrade() -> None:
    for statement in STATEMENTS:
        op.execute(statement)
