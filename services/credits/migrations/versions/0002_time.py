"""Time in the books: grants end, plans renew, and what leaves an account unspent has accounts of its own."""

from alembic import op

revision = "0002"
down_revision = "0001"

KINDS = "'grant', 'hold', 'spend', 'release', 'expire', 'refund'"
ACCOUNTS = "'available', 'held', 'spent', 'granted', 'expired', 'refunded'"


def upgrade() -> None:
    _check("ledger_transactions", "ledger_transactions_kind_check", f"kind IN ({KINDS})")
    _check("ledger_entries", "ledger_entries_account_check", f"account IN ({ACCOUNTS})")
    _check("grants", "grants_kind_check", "kind IN ('allowance', 'operator', 'purchase')")
    op.execute("ALTER TABLE ledger_transactions ADD COLUMN grant_id bigint REFERENCES grants (id)")
    op.execute(
        "ALTER TABLE grants ADD COLUMN owed bigint NOT NULL DEFAULT 0 CHECK (owed >= 0),"
        " ADD CONSTRAINT owed_or_available CHECK (owed = 0 OR remaining = 0)"
    )
    op.execute(
        "ALTER TABLE balances ADD COLUMN expired bigint NOT NULL DEFAULT 0 CHECK (expired >= 0),"
        " ADD COLUMN refunded bigint NOT NULL DEFAULT 0 CHECK (refunded >= 0),"
        " ADD COLUMN anchored_at timestamptz,"
        " ADD COLUMN plan_key text"
    )
    op.execute("UPDATE balances SET anchored_at = period_started_at")
    _check("balances", "every_credit_has_a_place", "available + held + spent + expired + refunded = granted")
    op.execute("ALTER TABLE balances ADD CONSTRAINT renewal_has_an_anchor CHECK (renews_at IS NULL OR anchored_at IS NOT NULL)")
    op.execute("ALTER TABLE reservations ADD COLUMN product text NOT NULL DEFAULT 'optimize'")
    op.execute("CREATE INDEX grants_that_end ON grants (expires_at) WHERE remaining > 0 AND expires_at IS NOT NULL")
    op.execute("CREATE INDEX balances_that_renew ON balances (renews_at) WHERE renews_at IS NOT NULL")
    op.execute("CREATE INDEX reservations_open_since ON reservations (created_at) WHERE state = 'OPEN'")
    op.execute("CREATE INDEX spent_by_day ON ledger_transactions (instance_id, created_at) WHERE kind = 'spend'")


def _check(table: str, name: str, rule: str) -> None:
    op.execute(f"ALTER TABLE {table} DROP CONSTRAINT {name}")
    op.execute(f"ALTER TABLE {table} ADD CONSTRAINT {name} CHECK ({rule})")


def downgrade() -> None:
    raise NotImplementedError("the ledger is not thrown away by a migration")
