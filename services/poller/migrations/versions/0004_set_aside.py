"""Messages that cannot be handled, filed whole; outbox rows that Kafka refuses, set aside."""

from alembic import op
from darkroom_servicekit.dead_letters import DEAD_LETTERS_V1
from darkroom_servicekit.outbox import OUTBOX_V2

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    for statement in (*OUTBOX_V2, *DEAD_LETTERS_V1):
        op.execute(statement)
