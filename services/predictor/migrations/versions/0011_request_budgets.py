"""The budget of requests beside creations, shared by all replicas."""

from alembic import op

revision = "0011"
down_revision = "0010"


def upgrade() -> None:
    op.execute(
        """
        CREATE TABLE request_budgets (
            provider  text NOT NULL,
            account   text NOT NULL,
            next_free timestamptz NOT NULL,
            PRIMARY KEY (provider, account)
        )
        """
    )
