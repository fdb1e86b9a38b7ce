"""The digest of the output that could not be used at the last fetch: the same bytes again are a verdict."""

from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("ALTER TABLE predictions ADD COLUMN refused_sha256 text")
