"""How many predictions a tenant may have in flight; null: as many as the provider's accounts allow."""

from alembic import op

revision = "0014"
down_revision = "0013"


def upgrade() -> None:
    op.execute("ALTER TABLE tenants ADD COLUMN concurrency integer CHECK (concurrency > 0)")
