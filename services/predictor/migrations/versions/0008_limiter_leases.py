"""The lease of a limiter's rebuild, and the format in which its epoch is kept in Redis.

A version from before this one does not name the format and so cannot begin an epoch any more: it stays closed beside a newer one,
instead of rebuilding against it.
"""

from alembic import op

revision = "0008"
down_revision = "0007"

STATEMENTS = (
    """
    CREATE TABLE limiter_leases (
        provider   text PRIMARY KEY,
        owner      text NOT NULL,
        token      bigint NOT NULL,
        expires_at timestamptz NOT NULL
    )
    """,
    "ALTER TABLE limiters ADD COLUMN format integer NOT NULL DEFAULT 2",
    "ALTER TABLE limiters ALTER COLUMN format DROP DEFAULT",
)


def upgrade() -> None:
    for statement in STATEMENTS:
        op.execute(statement)
