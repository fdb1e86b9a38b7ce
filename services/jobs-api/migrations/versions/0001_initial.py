"""The catalogue with the product `optimize`, jobs and items, idempotency keys, the balances last seen, outbox and inbox."""

import json

from alembic import op
from darkroom_servicekit.consumer import INBOX_V1
from darkroom_servicekit.outbox import OUTBOX_V1

revision = "0001"
down_revision = None

CATALOGUE = (
    """
    CREATE TABLE catalogue_products (
        name                  text PRIMARY KEY,
        provider              text NOT NULL,
        model                 text NOT NULL,
        input                 jsonb NOT NULL,
        options               jsonb NOT NULL,
        images_max            int NOT NULL CHECK (images_max >= 1),
        prompt_characters_max int NOT NULL CHECK (prompt_characters_max >= 1),
        attempts_max          int NOT NULL CHECK (attempts_max >= 1),
        backoff_seconds       double precision[] NOT NULL,
        failed_items_refunded boolean NOT NULL,
        expected_seconds      double precision NOT NULL CHECK (expected_seconds > 0),
        cancel_after_seconds  int NOT NULL CHECK (cancel_after_seconds >= 5)
    )
    """,
    """
    CREATE TABLE catalogue_prices (
        product    text NOT NULL REFERENCES catalogue_products,
        version    int NOT NULL CHECK (version >= 1),
        credits    int NOT NULL CHECK (credits >= 0),
        valid_from timestamptz NOT NULL,
        PRIMARY KEY (product, version)
    )
    """,
)

JOBS = (
    """
    CREATE TABLE jobs (
        id                    bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
        instance_id           text NOT NULL,
        subject               text NOT NULL,
        product               text NOT NULL REFERENCES catalogue_products,
        product_id            text NOT NULL,
        product_name          text NOT NULL,
        options               jsonb NOT NULL,
        price_version         int NOT NULL,
        price_credits         int NOT NULL CHECK (price_credits >= 0),
        failed_items_refunded boolean NOT NULL,
        status                text NOT NULL CHECK (status IN ('PENDING', 'RUNNING', 'DONE', 'FAILED', 'CANCELED')),
        error                 text,
        items_total           int NOT NULL CHECK (items_total >= 1),
        items_done            int NOT NULL DEFAULT 0 CHECK (items_done >= 0),
        items_failed          int NOT NULL DEFAULT 0 CHECK (items_failed >= 0),
        items_canceled        int NOT NULL DEFAULT 0 CHECK (items_canceled >= 0),
        items_spent           int NOT NULL DEFAULT 0 CHECK (items_spent >= 0),
        items_released        int NOT NULL DEFAULT 0 CHECK (items_released BETWEEN 0 AND items_total),
        decision              text NOT NULL DEFAULT 'WAITING' CHECK (decision IN ('WAITING', 'RESERVED', 'REJECTED')),
        decision_envelope     jsonb,
        credits_needed        bigint,
        credits_available     bigint,
        credits_held          bigint,
        credits_renew_at      timestamptz,
        created_at            timestamptz NOT NULL,
        updated_at            timestamptz NOT NULL,
        started_at            timestamptz,
        finished_at           timestamptz,
        CHECK (items_done + items_failed + items_canceled <= items_total),
        CHECK (items_spent <= items_done + items_failed + items_canceled),
        CHECK ((finished_at IS NOT NULL) = (status IN ('DONE', 'FAILED', 'CANCELED')))
    )
    """,
    "CREATE INDEX jobs_of_tenant ON jobs (instance_id, id DESC)",
    "CREATE INDEX jobs_to_release ON jobs (id) WHERE decision = 'RESERVED' AND items_released < items_total",
    """
    CREATE TABLE items (
        id            bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
        job_id        bigint NOT NULL REFERENCES jobs,
        instance_id   text NOT NULL,
        place         int NOT NULL CHECK (place >= 1),
        image_id      text NOT NULL,
        image_url     text NOT NULL,
        prompt        text NOT NULL,
        status        text NOT NULL CHECK (status IN ('PENDING', 'RUNNING', 'PROCESSING', 'DONE', 'FAILED', 'CANCELED')),
        charge        text CHECK (charge IN ('spend', 'release')),
        result_key    text,
        thumbnail_key text,
        error_code    text,
        error         text,
        created_at    timestamptz NOT NULL,
        updated_at    timestamptz NOT NULL,
        UNIQUE (job_id, place),
        CHECK ((charge IS NOT NULL) = (status IN ('DONE', 'FAILED', 'CANCELED'))),
        CHECK (status <> 'DONE' OR (result_key IS NOT NULL AND thumbnail_key IS NOT NULL))
    )
    """,
    # Rows change state three times in seconds: room on the page for the new versions keeps the updates off the indexes.
    "ALTER TABLE items SET (fillfactor = 70)",
    "ALTER TABLE jobs SET (fillfactor = 70)",
)

AROUND = (
    """
    CREATE TABLE idempotency_keys (
        instance_id   text NOT NULL,
        subject       text NOT NULL,
        route         text NOT NULL,
        key           text NOT NULL,
        fingerprint   text NOT NULL,
        job_id        bigint NOT NULL REFERENCES jobs,
        answer_due_at timestamptz NOT NULL,
        answer        jsonb,
        created_at    timestamptz NOT NULL,
        PRIMARY KEY (instance_id, subject, route, key)
    )
    """,
    "CREATE INDEX idempotency_keys_by_age ON idempotency_keys (created_at)",
    """
    CREATE TABLE balances_seen (
        instance_id text PRIMARY KEY,
        sequence    bigint NOT NULL,
        available   bigint NOT NULL CHECK (available >= 0),
        held        bigint NOT NULL CHECK (held >= 0)
    )
    """,
)

OPTIMIZE_INPUT = {
    "prompt": "$prompt",
    "image_input": ["$imageUrl"],
    "aspect_ratio": "$aspectRatio",
    "output_format": "$outputFormat",
}
RATIOS = ["match_input_image", "1:1", "2:3", "3:2", "3:4", "4:3", "4:5", "5:4", "9:16", "16:9", "21:9"]
OPTIMIZE_OPTIONS = {
    "aspectRatio": {"allowed": RATIOS, "default": "match_input_image"},
    "outputFormat": {"allowed": ["jpg", "png"], "default": "jpg"},
    "quality": {"allowed": ["standard", "high"], "default": "standard"},
}


def upgrade() -> None:
    for statement in (*CATALOGUE, *JOBS, *AROUND, *OUTBOX_V1, *INBOX_V1):
        op.execute(statement)
    op.execute(
        f"""
        INSERT INTO catalogue_products VALUES (
            'optimize', 'replicate', 'google/nano-banana', '{json.dumps(OPTIMIZE_INPUT)}', '{json.dumps(OPTIMIZE_OPTIONS)}',
            10, 2000, 3, ARRAY[1, 2, 4], false, 10, 120
        )
        """  # noqa: S608 - our own constants
    )
    op.execute("INSERT INTO catalogue_prices VALUES ('optimize', 1, 10, '2025-01-01Z'), ('optimize', 2, 15, '2025-07-01Z')")


def downgrade() -> None:
    raise NotImplementedError("the first migration is not taken back")
