"""Items made again by an operator, which wait behind their tenant's fresh work."""

from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    op.execute("ALTER TABLE queue_items ADD COLUMN redriven boolean NOT NULL DEFAULT false")
