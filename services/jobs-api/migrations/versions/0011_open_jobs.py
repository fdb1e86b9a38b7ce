"""An index of a tenant's open jobs: every open page asks for them every few seconds, and almost all jobs have ended.

Built without a lock that writers would wait for, so outside a transaction. A build that broke off leaves an index that is not
valid; the next run drops it first. The build itself may wait for old transactions as long as they take: nobody waits for it.
"""

from alembic import op

revision = "0011"
down_revision = "0010"

STATEMENTS = (
    "SET lock_timeout = 0",
    "DROP INDEX CONCURRENTLY IF EXISTS jobs_open",
    "CREATE INDEX CONCURRENTLY jobs_open ON jobs (instance_id, id DESC) WHERE finished_at IS NULL",
    "RESET lock_timeout",
)


def upgrade() -> None:
    with op.get_context().autocommit_block():
        for statement in STATEMENTS:
            op.execute(statement)
