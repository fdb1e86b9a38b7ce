"""How much of an item's credits an operator has given back, so that a redrive does not make the picture for nothing.

Credits that were given back before this migration count as kept: the events of that time are read already.
"""

from alembic import op

revision = "0009"
down_revision = "0008"


def upgrade() -> None:
    op.execute("ALTER TABLE items ADD COLUMN credits_given_back int NOT NULL DEFAULT 0 CHECK (credits_given_back >= 0)")
