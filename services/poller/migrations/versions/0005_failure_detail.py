"""What the provider said of a failed prediction, for operators, apart from the sentence for the customer."""

from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("ALTER TABLE predictions ADD COLUMN failure_detail text")
