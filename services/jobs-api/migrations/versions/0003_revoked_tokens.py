"""Tokens that were given back before their time: the digest of each, until it would have ended by itself."""

from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    op.execute(
        """
        CREATE TABLE revoked_tokens (
            digest      text PRIMARY KEY,
            instance_id text NOT NULL,
            revoked_at  timestamptz NOT NULL,
            expires_at  timestamptz NOT NULL
        )
        """
    )
    op.execute("CREATE INDEX revoked_tokens_expires_at ON revoked_tokens (expires_at)")


def downgrade() -> None:
    op.execute("DROP TABLE revoked_tokens")
