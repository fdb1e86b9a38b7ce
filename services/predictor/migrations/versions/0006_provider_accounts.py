"""What operators have set of the provider accounts' limits; what is null is the settings'."""

from alembic import op

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    op.execute(
        """
        CREATE TABLE provider_accounts (
            provider       text NOT NULL,
            account        text NOT NULL,
            cap_per_minute integer CHECK (cap_per_minute >= 0),
            burst          integer CHECK (burst >= 1),
            concurrency    integer CHECK (concurrency >= 1),
            changed_by     text NOT NULL,
            changed_at     timestamptz NOT NULL DEFAULT clock_timestamp(),
            PRIMARY KEY (provider, account)
        )
        """
    )
