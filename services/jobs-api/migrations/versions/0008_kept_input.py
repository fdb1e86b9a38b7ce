"""A job keeps the template of its provider input; a job that could not be released says why and when it is tried again.

Jobs from before have no template and are filled by the catalogue's row as it stands when they are released.
"""

from alembic import op

revision = "0008"
down_revision = "0007"

STATEMENTS = (
    "ALTER TABLE jobs ADD COLUMN input_template jsonb",
    "ALTER TABLE jobs ADD COLUMN release_after timestamptz",
    "ALTER TABLE jobs ADD COLUMN release_error text",
)


def upgrade() -> None:
    for statement in STATEMENTS:
        op.execute(statement)
