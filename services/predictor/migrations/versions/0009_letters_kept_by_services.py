"""Dead messages that stand whole in the table of their service."""

from alembic import op

revision = "0009"
down_revision = "0008"

STATEMENTS = (
    "ALTER TABLE dead_letters ADD COLUMN kept_by_service boolean NOT NULL DEFAULT false",
    "ALTER TABLE dead_letters ADD COLUMN data_bytes integer",
    "ALTER TABLE dead_letters ADD COLUMN data_sha256 text",
)


def upgrade() -> None:
    for statement in STATEMENTS:
        op.execute(statement)
