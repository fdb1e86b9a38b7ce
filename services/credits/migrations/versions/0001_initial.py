"""Accounts, the append-only ledger, reservations, grants, plans.

Three promises are kept by the database itself: no balance below zero, every ledger transaction sums to zero, and nothing
written to the ledger changes again.
"""

from alembic import op
from darkroom_servicekit.consumer import INBOX_V1
from darkroom_servicekit.outbox import OUTBOX_V1

revision = "0001"
down_revision = None

PLANS = """
    CREATE TABLE plans (
        name              text NOT NULL,
        version           integer NOT NULL CHECK (version >= 1),
        title             text NOT NULL,
        credits_per_month bigint NOT NULL CHECK (credits_per_month >= 0),
        weight            integer NOT NULL CHECK (weight >= 1),
        cap_per_minute    integer CHECK (cap_per_minute >= 1),
        price_minor       bigint NOT NULL CHECK (price_minor >= 0),
        currency          text NOT NULL CHECK (currency ~ '^[A-Z]{3}$'),
        position          integer NOT NULL,
        valid_from        timestamptz NOT NULL DEFAULT '2025-01-01Z',
        PRIMARY KEY (name, version)
    )
"""

FIRST_PLANS = """
    INSERT INTO plans (name, version, title, credits_per_month, weight, price_minor, currency, position) VALUES
        ('payg',    1, 'Pay as you go',      0, 1,     0, 'EUR', 1),
        ('starter', 1, 'Starter',         5000, 1,  2900, 'EUR', 2),
        ('studio',  1, 'Studio',         25000, 2,  9900, 'EUR', 3),
        ('pro',     1, 'Pro',           100000, 4, 29900, 'EUR', 4)
"""

# The projection of the ledger, and the row that is locked before anything of a tenant's credits is decided.
BALANCES = """
    CREATE TABLE balances (
        instance_id       text PRIMARY KEY,
        available         bigint NOT NULL DEFAULT 0 CHECK (available >= 0),
        held              bigint NOT NULL DEFAULT 0 CHECK (held >= 0),
        spent             bigint NOT NULL DEFAULT 0 CHECK (spent >= 0),
        granted           bigint NOT NULL DEFAULT 0,
        plan              text NOT NULL DEFAULT 'payg',
        plan_version      integer NOT NULL DEFAULT 1,
        period_started_at timestamptz,
        renews_at         timestamptz,
        created_at        timestamptz NOT NULL DEFAULT clock_timestamp(),
        updated_at        timestamptz NOT NULL DEFAULT clock_timestamp(),
        FOREIGN KEY (plan, plan_version) REFERENCES plans (name, version),
        CONSTRAINT every_credit_has_a_place CHECK (available + held + spent = granted)
    )
"""

LEDGER_TRANSACTIONS = """
    CREATE TABLE ledger_transactions (
        id               bigint GENERATED ALWAYS AS IDENTITY,
        instance_id      text NOT NULL,
        kind             text NOT NULL CHECK (kind IN ('grant', 'hold', 'spend', 'release')),
        job_id           bigint,
        amount           bigint NOT NULL CHECK (amount > 0),
        available_change bigint NOT NULL CHECK (available_change IN (amount, -amount, 0)),
        available_after  bigint NOT NULL CHECK (available_after >= 0),
        reason           text,
        created_by       text NOT NULL,
        created_at       timestamptz NOT NULL,
        event_id         uuid,
        PRIMARY KEY (instance_id, id),
        CONSTRAINT once_per_event UNIQUE (event_id, kind)
    )
"""

LEDGER_ENTRIES = """
    CREATE TABLE ledger_entries (
        instance_id    text NOT NULL,
        transaction_id bigint NOT NULL,
        account        text NOT NULL CHECK (account IN ('available', 'held', 'spent', 'granted')),
        amount         bigint NOT NULL CHECK (amount <> 0),
        PRIMARY KEY (instance_id, transaction_id, account),
        FOREIGN KEY (instance_id, transaction_id) REFERENCES ledger_transactions (instance_id, id)
    )
"""

# A transaction's entries come in one statement, so checking the statement's new rows is checking all that there will ever be.
SUM_ZERO = """
    CREATE FUNCTION ledger_must_balance() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        IF EXISTS (SELECT 1 FROM fresh GROUP BY instance_id, transaction_id HAVING sum(amount) <> 0) THEN
            RAISE EXCEPTION 'a ledger transaction does not sum to zero' USING ERRCODE = 'check_violation';
        END IF;
        RETURN NULL;
    END $$
"""

SUM_ZERO_TRIGGER = """
    CREATE TRIGGER ledger_must_balance AFTER INSERT ON ledger_entries
    REFERENCING NEW TABLE AS fresh FOR EACH STATEMENT EXECUTE FUNCTION ledger_must_balance()
"""

# The service's role owns its tables, and an owner's privileges cannot be revoked from it in a way that it could not undo
# by itself; a trigger stops every statement that would edit the ledger, whoever sends it.
APPEND_ONLY = """
    CREATE FUNCTION ledger_is_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        RAISE EXCEPTION '% is append-only: % refused', TG_TABLE_NAME, TG_OP USING ERRCODE = 'restrict_violation';
    END $$
"""

GRANTS = """
    CREATE TABLE grants (
        id              bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
        instance_id     text NOT NULL,
        kind            text NOT NULL CHECK (kind IN ('allowance', 'operator')),
        amount          bigint NOT NULL CHECK (amount > 0),
        remaining       bigint NOT NULL CHECK (remaining BETWEEN 0 AND amount),
        expires_at      timestamptz,
        reason          text NOT NULL,
        created_by      text NOT NULL,
        created_at      timestamptz NOT NULL,
        available_after bigint NOT NULL,
        once_key        text UNIQUE
    )
"""

# Every decision on a job, refusals included, so that a job is decided once.
RESERVATIONS = """
    CREATE TABLE reservations (
        job_id        bigint PRIMARY KEY,
        instance_id   text NOT NULL,
        price_credits bigint NOT NULL CHECK (price_credits >= 0),
        items_total   integer NOT NULL CHECK (items_total >= 1),
        amount        bigint NOT NULL CHECK (amount >= 0),
        spent         bigint NOT NULL DEFAULT 0 CHECK (spent >= 0),
        released      bigint NOT NULL DEFAULT 0 CHECK (released >= 0),
        state         text NOT NULL CHECK (state IN ('OPEN', 'CLOSED', 'REJECTED')),
        created_at    timestamptz NOT NULL,
        updated_at    timestamptz NOT NULL,
        CONSTRAINT no_more_than_was_held CHECK (spent + released <= amount),
        CONSTRAINT closed_means_cleared CHECK (state = 'OPEN' OR spent + released = amount)
    )
"""

# Which grants a reservation was taken from, and how much went back there.
DRAWS = """
    CREATE TABLE draws (
        job_id   bigint NOT NULL REFERENCES reservations (job_id),
        grant_id bigint NOT NULL REFERENCES grants (id),
        amount   bigint NOT NULL CHECK (amount > 0),
        released bigint NOT NULL DEFAULT 0 CHECK (released BETWEEN 0 AND amount),
        PRIMARY KEY (job_id, grant_id)
    )
"""

SETTLEMENTS = """
    CREATE TABLE settlements (
        job_id      bigint NOT NULL REFERENCES reservations (job_id),
        item_id     bigint NOT NULL,
        charge      text NOT NULL CHECK (charge IN ('spend', 'release')),
        amount      bigint NOT NULL CHECK (amount >= 0),
        settled_at  timestamptz NOT NULL,
        PRIMARY KEY (job_id, item_id)
    )
"""


def upgrade() -> None:
    for statement in (*OUTBOX_V1, *INBOX_V1):
        op.execute(statement)
    for statement in (PLANS, FIRST_PLANS, BALANCES, LEDGER_TRANSACTIONS, LEDGER_ENTRIES, SUM_ZERO, SUM_ZERO_TRIGGER):
        op.execute(statement)
    op.execute(APPEND_ONLY)
    for table in ("ledger_transactions", "ledger_entries"):
        op.execute(
            f"CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON {table} "
            "FOR EACH STATEMENT EXECUTE FUNCTION ledger_is_append_only()"
        )
    op.execute("CREATE INDEX statement_lines ON ledger_transactions (instance_id, id DESC) WHERE available_change <> 0")
    op.execute(GRANTS)
    op.execute("CREATE INDEX grants_with_credits ON grants (instance_id) WHERE remaining > 0")
    op.execute(RESERVATIONS)
    op.execute("CREATE INDEX reservations_open ON reservations (instance_id) WHERE state = 'OPEN'")
    op.execute(DRAWS)
    op.execute(SETTLEMENTS)


def downgrade() -> None:
    raise NotImplementedError("the ledger is not thrown away by a migration")
