"""Items keep the terms of their output, for each PredictionCreated of their attempts.

Null for an item whose ItemRequested names no terms, as all items of older versions: the platform's defaults hold.
"""

from alembic import op

revision = "0016"
down_revision = "0015"


def upgrade() -> None:
    op.execute("ALTER TABLE queue_items ADD COLUMN output_terms jsonb")
