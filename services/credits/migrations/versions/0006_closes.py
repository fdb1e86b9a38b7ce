"""The daily close: what the books were at the end of each day of UTC, and what did not agree."""

from alembic import op

revision = "0006"
down_revision = "0005"

# A day is closed once; a close that an operator asks for has no day.
CLOSES = """
    CREATE TABLE closes (
        id          bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
        day         date UNIQUE,
        until       timestamptz NOT NULL,
        closed_at   timestamptz NOT NULL,
        asked_by    text,
        differences integer NOT NULL CHECK (differences >= 0),
        report      jsonb NOT NULL,
        CONSTRAINT daily_or_asked_for CHECK ((day IS NULL) = (asked_by IS NOT NULL))
    )
"""

# Every account at the end of a day, so that the next close adds up a day and not the whole past.
CLOSE_BALANCES = """
    CREATE TABLE close_balances (
        close_id    bigint NOT NULL REFERENCES closes (id),
        instance_id text NOT NULL,
        account     text NOT NULL,
        amount      bigint NOT NULL,
        PRIMARY KEY (close_id, instance_id, account)
    )
"""


def upgrade() -> None:
    op.execute(CLOSES)
    op.execute(CLOSE_BALANCES)
    for table in ("closes", "close_balances"):
        op.execute(
            f"CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON {table} "
            "FOR EACH STATEMENT EXECUTE FUNCTION ledger_is_append_only()"
        )
    op.execute("CREATE INDEX ledger_by_time ON ledger_transactions USING brin (created_at)")
    op.execute("CREATE INDEX refunds_by_grant ON ledger_transactions (grant_id) WHERE kind = 'refund'")


def downgrade() -> None:
    raise NotImplementedError("the ledger is not thrown away by a migration")
