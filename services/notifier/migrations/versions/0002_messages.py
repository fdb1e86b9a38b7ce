"""People, what they want to be told and how, their inbox, and the queue of e-mails and SMS.

The database itself keeps the promise that matters most: one message per event, person and channel, whatever is repeated.
"""

from alembic import op

revision = "0002"
down_revision = "0001"

RECIPIENTS = """
    CREATE TABLE recipients (
        instance_id text NOT NULL,
        subject     text NOT NULL,
        email       text,
        phone       text CHECK (phone ~ '^[+][1-9][0-9]{6,14}$'),
        locale      text NOT NULL DEFAULT 'en',
        updated_at  timestamptz NOT NULL DEFAULT clock_timestamp(),
        PRIMARY KEY (instance_id, subject)
    )
"""

# Only what differs from the defaults, which stand in the code.
PREFERENCES = """
    CREATE TABLE preferences (
        instance_id text NOT NULL,
        subject     text NOT NULL,
        channel     text NOT NULL CHECK (channel IN ('websocket', 'email', 'sms')),
        kind        text NOT NULL,
        enabled     boolean NOT NULL,
        PRIMARY KEY (instance_id, subject, channel, kind)
    )
"""

# subject: whom in the tenant it concerns; NULL: everyone.
NOTIFICATIONS = """
    CREATE TABLE notifications (
        id          uuid PRIMARY KEY,
        sequence    bigint GENERATED ALWAYS AS IDENTITY,
        event_id    uuid NOT NULL UNIQUE,
        instance_id text NOT NULL,
        subject     text,
        kind        text NOT NULL,
        job_id      bigint,
        data        jsonb NOT NULL,
        created_at  timestamptz NOT NULL
    )
"""

NOTIFICATION_READS = """
    CREATE TABLE notification_reads (
        notification_id uuid NOT NULL REFERENCES notifications ON DELETE CASCADE,
        subject         text NOT NULL,
        read_at         timestamptz NOT NULL,
        PRIMARY KEY (notification_id, subject)
    )
"""

# not_before: of a pending one, when it may be tried; of one that is being sent, when its sender is taken for dead.
MESSAGES = """
    CREATE TABLE messages (
        id                  uuid PRIMARY KEY DEFAULT gen_random_uuid(),
        notification_id     uuid NOT NULL REFERENCES notifications ON DELETE CASCADE,
        event_id            uuid NOT NULL,
        instance_id         text NOT NULL,
        recipient           text NOT NULL,
        channel             text NOT NULL CHECK (channel IN ('email', 'sms')),
        kind                text NOT NULL,
        address             text NOT NULL,
        locale              text NOT NULL,
        state               text NOT NULL DEFAULT 'pending' CHECK (state IN ('pending', 'sending', 'sent', 'failed')),
        attempts            integer NOT NULL DEFAULT 0 CHECK (attempts >= 0),
        not_before          timestamptz NOT NULL,
        vendor              text,
        provider_message_id text,
        delivery            text,
        error_code          text,
        error               text,
        created_at          timestamptz NOT NULL DEFAULT clock_timestamp(),
        sent_at             timestamptz,
        CONSTRAINT one_message_per_event_and_channel UNIQUE (event_id, recipient, channel)
    )
"""

DELIVERIES = """
    CREATE TABLE deliveries (
        vendor          text NOT NULL,
        vendor_event_id text NOT NULL,
        message_id      uuid REFERENCES messages ON DELETE CASCADE,
        status          text NOT NULL,
        detail          text,
        happened_at     timestamptz NOT NULL,
        received_at     timestamptz NOT NULL DEFAULT clock_timestamp(),
        PRIMARY KEY (vendor, vendor_event_id)
    )
"""

# scope: a tenant, or '*' for all of them (an address that bounces, bounces for everyone).
SUPPRESSIONS = """
    CREATE TABLE suppressions (
        channel    text NOT NULL CHECK (channel IN ('email', 'sms')),
        address    text NOT NULL,
        scope      text NOT NULL,
        reason     text NOT NULL CHECK (reason IN ('bounced', 'unsubscribed', 'complained')),
        created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
        PRIMARY KEY (channel, address, scope)
    )
"""


def upgrade() -> None:
    for table in (
        RECIPIENTS,
        PREFERENCES,
        NOTIFICATIONS,
        NOTIFICATION_READS,
        MESSAGES,
        DELIVERIES,
        SUPPRESSIONS,
    ):
        op.execute(table)
    op.execute("CREATE INDEX notifications_of_tenant ON notifications (instance_id, sequence DESC)")
    op.execute("CREATE INDEX notifications_created_at ON notifications (created_at)")
    op.execute("CREATE INDEX messages_due ON messages (channel, not_before) WHERE state IN ('pending', 'sending')")
    op.execute("CREATE INDEX messages_of_notification ON messages (notification_id)")
    op.execute("CREATE INDEX messages_at_vendor ON messages (vendor, provider_message_id) WHERE provider_message_id IS NOT NULL")
    op.execute("CREATE INDEX deliveries_of_message ON deliveries (message_id)")
