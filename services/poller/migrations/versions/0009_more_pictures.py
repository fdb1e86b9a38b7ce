"""An output may be several pictures: the addresses behind the first, and the results behind the first. NULL: there are none."""

from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

STATEMENTS = (
    "ALTER TABLE predictions ADD COLUMN more_addresses jsonb",
    "ALTER TABLE predictions ADD COLUMN more_results jsonb",
)


def upgrade() -> None:
    for statement in STATEMENTS:
        op.execute(statement)
