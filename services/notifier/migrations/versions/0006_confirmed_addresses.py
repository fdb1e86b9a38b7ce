"""Addresses are confirmed before anything but the confirmation goes there; those that were written to before count as confirmed.

An address is confirmed if it equals the confirmed one, so a change by code that does not know of this needs a confirmation too.
`notifications.listed`: false for what is told by message alone and is no entry of the inbox.
"""

from alembic import op

revision = "0006"
down_revision = "0005"

CONFIRMATIONS = """
    CREATE TABLE confirmations (
        id          uuid PRIMARY KEY,
        instance_id text NOT NULL,
        subject     text NOT NULL,
        channel     text NOT NULL CHECK (channel IN ('email', 'sms')),
        address     text NOT NULL,
        created_at  timestamptz NOT NULL,
        expires_at  timestamptz NOT NULL,
        used_at     timestamptz
    )
"""


def upgrade() -> None:
    op.execute("ALTER TABLE recipients ADD COLUMN confirmed_email text, ADD COLUMN confirmed_phone text")
    op.execute("UPDATE recipients SET confirmed_email = email, confirmed_phone = phone")
    op.execute("ALTER TABLE notifications ADD COLUMN listed boolean NOT NULL DEFAULT true")
    op.execute(CONFIRMATIONS)
    op.execute("CREATE INDEX confirmations_of_address ON confirmations (channel, lower(address), created_at)")
    op.execute("CREATE INDEX confirmations_of_tenant ON confirmations (instance_id, channel, created_at)")
    op.execute("CREATE INDEX confirmations_created_at ON confirmations (created_at)")
