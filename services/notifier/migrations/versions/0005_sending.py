"""Ages of messages, the state of each vendor account, fair turns between tenants, and what operators did by hand.

`age_from` is empty in rows of older versions: their age begins when they were created.
"""

from alembic import op

revision = "0005"
down_revision = "0004"

# One row per vendor account: whose turn it was last, and whether the account is paused after failures of several messages.
# failing: what failed since the last success (message ids, or tenants where a tenant's addresses can be the cause).
VENDOR_ACCOUNTS = """
    CREATE TABLE vendor_accounts (
        account       text PRIMARY KEY,
        channel       text NOT NULL CHECK (channel IN ('email', 'sms')),
        last_instance text NOT NULL DEFAULT '',
        failing       text[] NOT NULL DEFAULT '{}',
        paused_at     timestamptz,
        trials        integer NOT NULL DEFAULT 0 CHECK (trials >= 0),
        next_trial_at timestamptz,
        trial_message uuid,
        error_code    text,
        error         text,
        CHECK ((paused_at IS NULL) = (next_trial_at IS NULL))
    )
"""

OPERATOR_ACTIONS = """
    CREATE TABLE operator_actions (
        id       bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
        at       timestamptz NOT NULL,
        operator text NOT NULL,
        action   text NOT NULL CHECK (action IN ('messages-retried', 'suppressions-lifted')),
        reason   text,
        details  jsonb NOT NULL
    )
"""


def upgrade() -> None:
    op.execute("ALTER TABLE messages ADD COLUMN age_from timestamptz")
    op.execute("ALTER TABLE messages ALTER COLUMN age_from SET DEFAULT clock_timestamp()")
    op.execute(VENDOR_ACCOUNTS)
    op.execute(OPERATOR_ACTIONS)
    op.execute(
        "CREATE INDEX messages_due_of_tenant ON messages (channel, instance_id, not_before) WHERE state IN ('pending', 'sending')"
    )
    op.execute(
        "CREATE INDEX messages_by_age ON messages (channel, (coalesce(age_from, created_at)))"
        " WHERE state IN ('pending', 'sending')"
    )
    op.execute("CREATE INDEX messages_by_state ON messages (state, created_at DESC, id DESC)")
    op.execute("CREATE INDEX deliveries_of_nothing ON deliveries (received_at) WHERE message_id IS NULL")
