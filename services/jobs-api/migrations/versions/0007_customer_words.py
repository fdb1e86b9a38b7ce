"""Takes what outside systems said out of the errors that customers read; older versions put it in parentheses at the end."""

from alembic import op

revision = "0007"
down_revision = "0006"

HEARD = r" \(.*\)\.$"


def upgrade() -> None:
    for table in ("items", "jobs"):
        op.execute(f"UPDATE {table} SET error = regexp_replace(error, '{HEARD}', '.') WHERE error ~ '{HEARD}'")  # noqa: S608


def downgrade() -> None:
    """What was taken out stays out."""
