"""What credits cost by card, as credits told of it: so that a quote can name the top-up that covers what is missing."""

from alembic import op

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    op.execute(
        """
        CREATE TABLE credit_prices_seen (
            version            integer PRIMARY KEY,
            currency           text NOT NULL,
            minor_per_thousand bigint NOT NULL,
            credits_min        bigint NOT NULL,
            credits_max        bigint NOT NULL,
            valid_from         timestamptz NOT NULL
        )
        """
    )


def downgrade() -> None:
    op.execute("DROP TABLE credit_prices_seen")
