"""The kit's outbox and inbox; the notifier keeps nothing else in its database yet."""

from alembic import op
from darkroom_servicekit.consumer import INBOX_V1
from darkroom_servicekit.outbox import OUTBOX_V1

revision = "0001"
down_revision = None


def upgrade() -> None:
    for statement in (*OUTBOX_V1, *INBOX_V1):
        op.execute(statement)
