"""What was given up: items out of attempts and messages that a service could not handle, and their being tried again."""

from alembic import op

revision = "0003"
down_revision = "0002"

STATEMENTS = (
    """
    CREATE TABLE redrives (
        id           uuid PRIMARY KEY,
        requested_by text NOT NULL,
        requested_at timestamptz NOT NULL DEFAULT clock_timestamp(),
        once_key     text UNIQUE,
        per_minute   integer CHECK (per_minute >= 1),
        matched      integer NOT NULL DEFAULT 0,
        redriven     integer NOT NULL DEFAULT 0,
        state        text NOT NULL DEFAULT 'running' CHECK (state IN ('running', 'done', 'canceled')),
        next_at      timestamptz NOT NULL DEFAULT clock_timestamp(),
        ended_at     timestamptz,
        ended_by     text
    )
    """,
    "CREATE INDEX redrives_running ON redrives (next_at) WHERE state = 'running'",
    """
    CREATE TABLE dead_letters (
        id           uuid PRIMARY KEY,
        kind         text NOT NULL CHECK (kind IN ('item', 'message')),
        service      text NOT NULL,
        instance_id  text NOT NULL,
        job_id       bigint,
        item_id      bigint,
        code         text NOT NULL,
        message      text NOT NULL,
        attempts     integer NOT NULL,
        history      jsonb,
        topic        text,
        headers      jsonb,
        data         bytea,
        happened_at  timestamptz NOT NULL,
        created_at   timestamptz NOT NULL DEFAULT clock_timestamp(),
        state        text NOT NULL DEFAULT 'open' CHECK (state IN ('open', 'redriving', 'redriven', 'dropped')),
        redrive_id   uuid REFERENCES redrives,
        redriven_at  timestamptz,
        dropped_by   text,
        drop_reason  text,
        CHECK (kind = 'message' OR (job_id IS NOT NULL AND item_id IS NOT NULL AND history IS NOT NULL)),
        CHECK (kind = 'item' OR (topic IS NOT NULL AND headers IS NOT NULL AND data IS NOT NULL)),
        CHECK ((state IN ('redriving', 'redriven')) <= (redrive_id IS NOT NULL)),
        CHECK ((state = 'dropped') = (drop_reason IS NOT NULL))
    )
    """,
    "CREATE UNIQUE INDEX dead_letters_one_for_an_item ON dead_letters (item_id) WHERE kind = 'item'",
    "CREATE INDEX dead_letters_open ON dead_letters (id) WHERE state = 'open'",
    "CREATE INDEX dead_letters_of_redrive ON dead_letters (redrive_id, state) WHERE redrive_id IS NOT NULL",
)


def upgrade() -> None:
    for statement in STATEMENTS:
        op.execute(statement)
