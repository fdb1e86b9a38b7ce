"""An item may have several pictures: those behind the first, as `[{"key": …, "thumbnail_key": …}]`."""

from alembic import op

revision = "0013"
down_revision = "0012"


def upgrade() -> None:
    op.execute("ALTER TABLE items ADD COLUMN more_results jsonb")
