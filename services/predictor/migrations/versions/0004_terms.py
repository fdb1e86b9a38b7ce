"""Tenants' terms (the plan's and an operator's beside each other, with the order in which they came) and figures."""

from alembic import op

revision = "0004"
down_revision = "0003"

STATEMENTS = (
    """
    ALTER TABLE tenants
        ADD COLUMN plan text,
        ADD COLUMN plan_weight double precision CHECK (plan_weight > 0 AND plan_weight <= 1000),
        ADD COLUMN plan_cap integer CHECK (plan_cap > 0),
        ADD COLUMN plan_sequence bigint NOT NULL DEFAULT -1,
        ADD COLUMN own_weight double precision CHECK (own_weight > 0 AND own_weight <= 1000),
        ADD COLUMN own_cap integer CHECK (own_cap > 0),
        ADD COLUMN requests_per_minute integer CHECK (requests_per_minute > 0),
        ADD COLUMN revision bigint NOT NULL DEFAULT 0
    """,
    "UPDATE tenants SET own_weight = nullif(weight, 1), own_cap = cap_per_minute, revision = 1",
    "ALTER TABLE tenants DROP COLUMN weight, DROP COLUMN cap_per_minute",
    "ALTER TABLE attempts ADD COLUMN waited_seconds double precision",
    "CREATE INDEX queue_items_waiting ON queue_items (instance_id, queued_at) INCLUDE (not_before) WHERE state = 'QUEUED'",
)


def upgrade() -> None:
    for statement in STATEMENTS:
        op.execute(statement)
