"""The queue of items, their attempts, the limiters' epochs, tenants' shares."""

from alembic import op
from darkroom_servicekit.consumer import INBOX_V1
from darkroom_servicekit.outbox import OUTBOX_V1

revision = "0001"
down_revision = None

STATEMENTS = (
    """
    CREATE TABLE queue_items (
        item_id              bigint PRIMARY KEY,
        position             bigint GENERATED ALWAYS AS IDENTITY,
        instance_id          text NOT NULL,
        job_id               bigint NOT NULL,
        image_id             text NOT NULL,
        product              text NOT NULL,
        provider             text NOT NULL,
        model                text NOT NULL,
        input                jsonb NOT NULL,
        attempts_max         integer NOT NULL CHECK (attempts_max >= 1),
        backoff_seconds      double precision[] NOT NULL,
        expected_seconds     double precision NOT NULL,
        cancel_after_seconds integer NOT NULL,
        state                text NOT NULL DEFAULT 'QUEUED' CHECK (state IN ('QUEUED', 'CLAIMED', 'SENT', 'ENDED')),
        attempts             integer NOT NULL DEFAULT 0,
        attempts_counted     integer NOT NULL DEFAULT 0 CHECK (attempts_counted BETWEEN 0 AND attempts),
        reached_provider     boolean NOT NULL DEFAULT false,
        not_before           timestamptz,
        queued_at            timestamptz NOT NULL DEFAULT clock_timestamp(),
        ended_at             timestamptz,
        cause_id             text NOT NULL,
        correlation_id       text,
        traceparent          text
    )
    """,
    "CREATE INDEX queue_items_queued ON queue_items (provider, position) WHERE state = 'QUEUED'",
    "CREATE INDEX queue_items_open_of_job ON queue_items (job_id) WHERE state <> 'ENDED'",
    """
    CREATE TABLE attempts (
        id                    uuid PRIMARY KEY,
        item_id               bigint NOT NULL REFERENCES queue_items,
        number                integer NOT NULL CHECK (number >= 1),
        provider              text NOT NULL,
        account               text NOT NULL,
        limiter_epoch         bigint NOT NULL,
        callback_token_sha256 text NOT NULL,
        state                 text NOT NULL DEFAULT 'CALLING'
                              CHECK (state IN ('CALLING', 'CREATED', 'UNKNOWN', 'FAILED', 'DONE')),
        prediction_id         text,
        code                  text,
        message               text,
        owner                 text NOT NULL,
        granted_at            timestamptz NOT NULL DEFAULT clock_timestamp(),
        lease_until           timestamptz NOT NULL,
        look_up_at            timestamptz,
        settle_at             timestamptz,
        ended_at              timestamptz,
        UNIQUE (item_id, number),
        CHECK ((state = 'UNKNOWN') <= (look_up_at IS NOT NULL AND settle_at IS NOT NULL)),
        CHECK ((state = 'CREATED') <= (prediction_id IS NOT NULL))
    )
    """,
    "CREATE UNIQUE INDEX attempts_one_live ON attempts (item_id) WHERE state IN ('CALLING', 'CREATED', 'UNKNOWN')",
    "CREATE UNIQUE INDEX attempts_prediction ON attempts (provider, prediction_id) WHERE prediction_id IS NOT NULL",
    "CREATE INDEX attempts_granted ON attempts (provider, granted_at)",
    "CREATE INDEX attempts_calling ON attempts (lease_until) WHERE state = 'CALLING'",
    "CREATE INDEX attempts_unknown ON attempts (look_up_at) WHERE state = 'UNKNOWN'",
    "CREATE TABLE limiters (provider text PRIMARY KEY, epoch bigint NOT NULL, changed_at timestamptz NOT NULL)",
    """
    CREATE TABLE tenants (
        instance_id    text PRIMARY KEY,
        weight         double precision NOT NULL DEFAULT 1 CHECK (weight > 0 AND weight <= 1000),
        cap_per_minute integer CHECK (cap_per_minute > 0),
        paused         boolean NOT NULL DEFAULT false
    )
    """,
)


def upgrade() -> None:
    for statement in (*STATEMENTS, *OUTBOX_V1, *INBOX_V1):
        op.execute(statement)
