"""Operators' corrections: credits adjusted up or down, credits that a job spent given back; what cannot be taken is a loss."""

from alembic import op

revision = "0004"
down_revision = "0003"

KINDS = "'grant', 'hold', 'spend', 'release', 'expire', 'refund', 'adjust', 'deduct', 'loss', 'reimburse'"
ACCOUNTS = "'available', 'held', 'spent', 'granted', 'expired', 'refunded', 'adjusted', 'lost'"

# Each act of an operator with its reason and name, once per key. Like the ledger it is never edited.
ADJUSTMENTS = """
    CREATE TABLE adjustments (
        id              bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
        instance_id     text NOT NULL,
        kind            text NOT NULL CHECK (kind IN ('adjust', 'reimburse')),
        amount          bigint NOT NULL CHECK (amount <> 0),
        lost            bigint NOT NULL DEFAULT 0 CHECK (lost BETWEEN 0 AND greatest(0, -amount)),
        job_id          bigint REFERENCES reservations (job_id),
        item_id         bigint,
        reason          text NOT NULL,
        created_by      text NOT NULL,
        created_at      timestamptz NOT NULL,
        available_after bigint NOT NULL CHECK (available_after >= 0),
        once_key        text UNIQUE,
        CONSTRAINT reimbursed_is_of_a_job CHECK ((kind = 'reimburse') = (job_id IS NOT NULL)),
        CONSTRAINT reimbursed_is_given CHECK (kind = 'adjust' OR amount > 0)
    )
"""


def upgrade() -> None:
    _check("ledger_transactions", "ledger_transactions_kind_check", f"kind IN ({KINDS})")
    _check("ledger_entries", "ledger_entries_account_check", f"account IN ({ACCOUNTS})")
    _check("grants", "grants_kind_check", "kind IN ('allowance', 'operator', 'purchase', 'adjustment', 'reimbursement')")
    op.execute(
        "ALTER TABLE balances ADD COLUMN adjusted bigint NOT NULL DEFAULT 0 CHECK (adjusted >= 0),"
        " ADD COLUMN lost bigint NOT NULL DEFAULT 0 CHECK (lost >= 0)"
    )
    _check("balances", "every_credit_has_a_place", "available + held + spent + expired + refunded + adjusted = granted + lost")
    op.execute("ALTER TABLE reservations ADD COLUMN reimbursed bigint NOT NULL DEFAULT 0 CHECK (reimbursed BETWEEN 0 AND spent)")
    op.execute("ALTER TABLE settlements ADD COLUMN reimbursed_at timestamptz CHECK (reimbursed_at IS NULL OR charge = 'spend')")
    op.execute(ADJUSTMENTS)
    op.execute(
        "CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON adjustments "
        "FOR EACH STATEMENT EXECUTE FUNCTION ledger_is_append_only()"
    )


def _check(table: str, name: str, rule: str) -> None:
    op.execute(f"ALTER TABLE {table} DROP CONSTRAINT {name}")
    op.execute(f"ALTER TABLE {table} ADD CONSTRAINT {name} CHECK ({rule})")


def downgrade() -> None:
    raise NotImplementedError("the ledger is not thrown away by a migration")
