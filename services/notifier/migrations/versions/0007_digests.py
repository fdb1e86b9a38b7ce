"""Messages above a limit are gathered: one row for each person, channel and topic, until its digest is due."""

from alembic import op

revision = "0007"
down_revision = "0006"

# event_id: the first event that was gathered; counts: how many of each kind.
DIGESTS = """
    CREATE TABLE digests (
        instance_id text NOT NULL,
        recipient   text NOT NULL,
        channel     text NOT NULL CHECK (channel IN ('email', 'sms')),
        topic       text NOT NULL,
        event_id    uuid NOT NULL,
        counts      jsonb NOT NULL,
        due_at      timestamptz NOT NULL,
        PRIMARY KEY (instance_id, recipient, channel, topic)
    )
"""


def upgrade() -> None:
    op.execute(DIGESTS)
    op.execute("CREATE INDEX digests_due ON digests (due_at)")
    op.execute("CREATE INDEX messages_of_tenant ON messages (instance_id, created_at)")
