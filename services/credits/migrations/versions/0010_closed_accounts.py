"""Where each account was cut by the daily close: by its newest ledger transaction that was closed, not by a time.

One row for a tenant and a close in which something of it was closed, so there are never more rows than the ledger has. The rows of
`close_balances` stay; the first close of this version adds up the whole ledger, as the first close ever did.
"""

from alembic import op

revision = "0010"
down_revision = "0009"

CLOSED_ACCOUNTS = """
    CREATE TABLE closed_accounts (
        instance_id    text NOT NULL,
        close_id       bigint NOT NULL REFERENCES closes (id),
        transaction_id bigint NOT NULL,
        available      bigint NOT NULL,
        held           bigint NOT NULL,
        spent          bigint NOT NULL,
        granted        bigint NOT NULL,
        expired        bigint NOT NULL,
        refunded       bigint NOT NULL,
        adjusted       bigint NOT NULL,
        lost           bigint NOT NULL,
        PRIMARY KEY (instance_id, close_id),
        FOREIGN KEY (instance_id, transaction_id) REFERENCES ledger_transactions (instance_id, id),
        CONSTRAINT sums_to_zero CHECK (available + held + spent + granted + expired + refunded + adjusted + lost = 0)
    )
"""


def upgrade() -> None:
    op.execute(CLOSED_ACCOUNTS)
    op.execute(
        "CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON closed_accounts "
        "FOR EACH STATEMENT EXECUTE FUNCTION ledger_is_append_only()"
    )


def downgrade() -> None:
    raise NotImplementedError("the ledger is not thrown away by a migration")
