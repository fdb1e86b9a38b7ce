"""Predictions in flight and their results, webhooks that came before their prediction, the polls' budget."""

from alembic import op
from darkroom_servicekit.consumer import INBOX_V1
from darkroom_servicekit.outbox import OUTBOX_V1

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

STATEMENTS = (
    """
    CREATE TABLE predictions (
        attempt_id            uuid PRIMARY KEY,
        callback_token_sha256 text NOT NULL UNIQUE,
        instance_id           text NOT NULL,
        job_id                bigint NOT NULL,
        item_id               bigint NOT NULL,
        image_id              text NOT NULL,
        attempt               integer NOT NULL CHECK (attempt >= 1),
        provider              text NOT NULL,
        account               text NOT NULL,
        model                 text NOT NULL,
        prediction_id         text NOT NULL,
        expected_seconds      double precision NOT NULL,
        state                 text NOT NULL CHECK (state IN ('IN_FLIGHT', 'OUTPUT_READY', 'STORED', 'FAILED')),

        filed_at              timestamptz NOT NULL DEFAULT clock_timestamp(),
        polls                 integer NOT NULL DEFAULT 0,
        next_poll_at          timestamptz NOT NULL,
        overdue_at            timestamptz NOT NULL,

        output_address        text,
        predict_seconds       double precision,
        ready_at              timestamptz,
        fetch_attempts        integer NOT NULL DEFAULT 0,
        fetch_after           timestamptz,
        lease_owner           text,
        lease_until           timestamptz,

        result_key            text,
        thumbnail_key         text,
        failure_code          text,
        failure_message       text,
        ended_at              timestamptz,

        cause_id              text NOT NULL,
        correlation_id        text,
        traceparent           text,

        CHECK ((state IN ('STORED', 'FAILED')) = (ended_at IS NOT NULL)),
        CHECK ((state = 'OUTPUT_READY') = (output_address IS NOT NULL)),
        CHECK ((state = 'STORED') = (result_key IS NOT NULL))
    )
    """,
    "CREATE INDEX predictions_to_poll ON predictions (next_poll_at) WHERE state = 'IN_FLIGHT'",
    "CREATE INDEX predictions_to_collect ON predictions (fetch_after) WHERE state = 'OUTPUT_READY'",
    "CREATE INDEX predictions_ended ON predictions USING brin (ended_at)",
    "ALTER TABLE predictions SET (fillfactor = 70, autovacuum_vacuum_scale_factor = 0.05)",
    """
    CREATE TABLE early_webhooks (
        attempt_id   uuid PRIMARY KEY,
        token_sha256 text NOT NULL,
        body         jsonb NOT NULL,
        received_at  timestamptz NOT NULL DEFAULT clock_timestamp()
    )
    """,
    """
    CREATE TABLE poll_budget (
        only_row  boolean PRIMARY KEY DEFAULT true CHECK (only_row),
        next_free timestamptz NOT NULL
    )
    """,
    "INSERT INTO poll_budget (next_free) VALUES (clock_timestamp())",
    *OUTBOX_V1,
    *INBOX_V1,
)


def upgrade() -> None:
    for statement in STATEMENTS:
        op.execute(statement)
