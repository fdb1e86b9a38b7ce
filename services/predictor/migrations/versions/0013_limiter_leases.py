"""The lease of a limiter's rebuild, and the format in which its epoch is kept in Redis.

`seen_at` is when anybody held the lease last, and `doubt_seconds` how far the database's clock then was ahead of what was seen to
pass: until `doubt_until` attempts are taken for so much younger.

A version from before this one does not name the format and so cannot begin an epoch any more: it stays closed beside a newer one,
instead of rebuilding against it.
"""

from alembic import op

revision = "0013"
down_revision = "0012"

STATEMENTS = (
    """
    CREATE TABLE limiter_leases (
        provider   text PRIMARY KEY,
        owner      text NOT NULL,
        token      bigint NOT NULL,
        expires_at timestamptz NOT NULL,
        seen_at    timestamptz NOT NULL,
        doubt_until   timestamptz NOT NULL DEFAULT '-infinity',
        doubt_seconds double precision NOT NULL DEFAULT 0
    )
    """,
    "ALTER TABLE limiters ADD COLUMN format integer NOT NULL DEFAULT 2",
    "ALTER TABLE limiters ALTER COLUMN format DROP DEFAULT",
)


def upgrade() -> None:
    for statement in STATEMENTS:
        op.execute(statement)
