"""Takes what outside systems said out of stored notifications; older versions put it in parentheses at the end of an error.

The table is walked in batches that commit by themselves. A run that is cut off starts again and changes nothing twice.
"""

from uuid import UUID

from alembic import op
from sqlalchemy import text

revision = "0004"
down_revision = "0003"

HEARD = r" \(.*\)\.$"
BATCH_ROWS = 1000
LAST_OF_BATCH = text(
    """
    SELECT id FROM (SELECT id FROM notifications WHERE id > CAST(:after AS uuid) ORDER BY id LIMIT :limit) AS batch
    ORDER BY id DESC LIMIT 1
    """
)
CLEAN = text(
    """
    UPDATE notifications SET data = jsonb_set(data, '{error}', to_jsonb(regexp_replace(data->>'error', :heard, '.')))
    WHERE id > CAST(:after AS uuid) AND id <= CAST(:last AS uuid) AND data->>'error' ~ :heard
    """
)
BEFORE_ALL = UUID(int=0)


def upgrade() -> None:
    with op.get_context().autocommit_block():
        connection = op.get_bind()
        after = BEFORE_ALL
        while last := connection.execute(LAST_OF_BATCH, {"after": after, "limit": BATCH_ROWS}).scalar_one_or_none():
            connection.execute(CLEAN, {"after": after, "last": last, "heard": HEARD})
            after = last


def downgrade() -> None:
    """What was taken out stays out."""
