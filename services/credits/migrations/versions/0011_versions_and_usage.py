"""Indexes: accounts on an old version of a plan without periods, and credits given back by day.

Built without a lock that writers would wait for, so outside a transaction. A build that broke off leaves an index that is not
valid; the next run drops it first. The build itself may wait for old transactions as long as they take: nobody waits for it.
"""

from alembic import op

revision = "0011"
down_revision = "0010"

INDEXES = {
    "balances_without_periods": "balances (plan, plan_version) WHERE renews_at IS NULL",
    "reimbursed_by_day": "ledger_transactions (instance_id, created_at) WHERE kind = 'reimburse'",
}


def upgrade() -> None:
    with op.get_context().autocommit_block():
        op.execute("SET lock_timeout = 0")
        for name, what in INDEXES.items():
            op.execute(f"DROP INDEX CONCURRENTLY IF EXISTS {name}")
            op.execute(f"CREATE INDEX CONCURRENTLY {name} ON {what}")
        op.execute("RESET lock_timeout")


def downgrade() -> None:
    for name in INDEXES:
        op.execute(f"DROP INDEX {name}")
