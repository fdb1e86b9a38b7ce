"""Jobs of given-up items that an operator has tried again."""

from alembic import op

revision = "0004"
down_revision = "0003"

STATEMENTS = (
    "ALTER TABLE jobs ADD COLUMN redriven boolean NOT NULL DEFAULT false",
    "CREATE INDEX jobs_again ON jobs (retry_of) WHERE retry_of IS NOT NULL",
)


def upgrade() -> None:
    for statement in STATEMENTS:
        op.execute(statement)
