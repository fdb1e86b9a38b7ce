"""What the product's row says of the provider's output. NULL, as in rows from before: the platform's defaults."""

from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("ALTER TABLE predictions ADD COLUMN output_terms jsonb")
