"""An output may be several pictures: the addresses behind the first, and all pictures that are stored so far. NULL: it has one."""

from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

STATEMENTS = (
    "ALTER TABLE predictions ADD COLUMN more_addresses jsonb",
    "ALTER TABLE predictions ADD COLUMN pictures jsonb",
)


def upgrade() -> None:
    for statement in STATEMENTS:
        op.execute(statement)
