"""Top-ups by card: what a credit costs, what was sold, what Stripe told, and the money's own double entry."""

from alembic import op

revision = "0003"
down_revision = "0002"

PRICES = """
    CREATE TABLE credit_prices (
        version            integer PRIMARY KEY CHECK (version >= 1),
        currency           text NOT NULL CHECK (currency ~ '^[A-Z]{3}$'),
        minor_per_thousand bigint NOT NULL CHECK (minor_per_thousand > 0),
        credits_min        bigint NOT NULL CHECK (credits_min >= 1),
        credits_max        bigint NOT NULL CHECK (credits_max >= credits_min),
        valid_from         timestamptz NOT NULL
    )
"""
FIRST_PRICE = "INSERT INTO credit_prices VALUES (1, 'EUR', 1000, 50, 1000000, '2025-01-01Z')"

PURCHASES = """
    CREATE TABLE purchases (
        id               uuid PRIMARY KEY,
        instance_id      text NOT NULL,
        credits          bigint NOT NULL CHECK (credits > 0),
        amount_minor     bigint NOT NULL CHECK (amount_minor > 0),
        currency         text NOT NULL CHECK (currency ~ '^[A-Z]{3}$'),
        price_version    integer NOT NULL REFERENCES credit_prices (version),
        state            text NOT NULL DEFAULT 'CREATED'
            CHECK (state IN ('CREATED', 'OPEN', 'AWAITING', 'PAID', 'FAILED', 'EXPIRED')),
        created_by       text NOT NULL,
        created_at       timestamptz NOT NULL,
        idempotency_key  text,
        session_id       text UNIQUE,
        url              text,
        payment_intent   text UNIQUE,
        grant_id         bigint UNIQUE REFERENCES grants (id),
        paid_at          timestamptz,
        refunded_minor   bigint NOT NULL DEFAULT 0 CHECK (refunded_minor BETWEEN 0 AND amount_minor),
        credits_refunded bigint NOT NULL DEFAULT 0 CHECK (credits_refunded BETWEEN 0 AND credits),
        disputed_at      timestamptz,
        check_at         timestamptz,
        checks           integer NOT NULL DEFAULT 0,
        UNIQUE (instance_id, idempotency_key),
        CONSTRAINT paid_means_granted CHECK ((state = 'PAID') = (grant_id IS NOT NULL)),
        CONSTRAINT only_what_was_paid_is_refunded CHECK (state = 'PAID' OR refunded_minor = 0)
    )
"""

# Every event that ever came, for ever: an id that stands here changes nothing again.
EVENTS = """
    CREATE TABLE stripe_events (
        id          text PRIMARY KEY,
        type        text NOT NULL,
        object_id   text,
        created_at  timestamptz NOT NULL,
        received_at timestamptz NOT NULL,
        outcome     text
    )
"""

# What was paid back so far of a payment, also of one that is not known (yet): the two may be told in either order.
REFUNDS = """
    CREATE TABLE stripe_refunds (
        payment_intent text PRIMARY KEY,
        currency       text NOT NULL,
        amount         bigint NOT NULL,
        refunded       bigint NOT NULL,
        updated_at     timestamptz NOT NULL
    )
"""

MONEY_TRANSACTIONS = """
    CREATE TABLE money_transactions (
        instance_id  text NOT NULL,
        id           bigint GENERATED ALWAYS AS IDENTITY,
        kind         text NOT NULL CHECK (kind IN ('payment', 'refund')),
        purchase_id  uuid NOT NULL REFERENCES purchases (id),
        amount_minor bigint NOT NULL CHECK (amount_minor > 0),
        currency     text NOT NULL,
        created_at   timestamptz NOT NULL,
        PRIMARY KEY (instance_id, id)
    )
"""

# `card` is what Stripe holds for us; `returns` and `losses` are refunds of credits taken back, and of credits that were gone.
MONEY_ENTRIES = """
    CREATE TABLE money_entries (
        instance_id    text NOT NULL,
        transaction_id bigint NOT NULL,
        account        text NOT NULL CHECK (account IN ('card', 'sales', 'returns', 'losses')),
        amount         bigint NOT NULL CHECK (amount <> 0),
        PRIMARY KEY (instance_id, transaction_id, account),
        FOREIGN KEY (instance_id, transaction_id) REFERENCES money_transactions (instance_id, id)
    )
"""


def upgrade() -> None:
    for statement in (PRICES, FIRST_PRICE, PURCHASES, EVENTS, REFUNDS, MONEY_TRANSACTIONS, MONEY_ENTRIES):
        op.execute(statement)
    op.execute(
        "CREATE TRIGGER money_must_balance AFTER INSERT ON money_entries REFERENCING NEW TABLE AS fresh "
        "FOR EACH STATEMENT EXECUTE FUNCTION ledger_must_balance()"
    )
    for table in ("money_transactions", "money_entries"):
        op.execute(
            f"CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON {table} "
            "FOR EACH STATEMENT EXECUTE FUNCTION ledger_is_append_only()"
        )
    op.execute("CREATE INDEX purchases_to_check ON purchases (check_at) WHERE check_at IS NOT NULL")
    op.execute("CREATE UNIQUE INDEX one_payment_each ON money_transactions (purchase_id) WHERE kind = 'payment'")


def downgrade() -> None:
    raise NotImplementedError("the ledger is not thrown away by a migration")
