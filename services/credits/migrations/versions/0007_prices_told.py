"""When each version of the credits' price was told to the rest of the platform; a new one has none, and is told soon."""

from alembic import op

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    op.execute("ALTER TABLE credit_prices ADD COLUMN told_at timestamptz")


def downgrade() -> None:
    op.execute("ALTER TABLE credit_prices DROP COLUMN told_at")
