"""How often and since when the provider has not known a prediction, and how often its output was not there."""

from alembic import op

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    op.execute(
        """
        ALTER TABLE predictions
            ADD COLUMN misses integer NOT NULL DEFAULT 0,
            ADD COLUMN missing_since timestamptz,
            ADD COLUMN gone_attempts integer NOT NULL DEFAULT 0
        """
    )
