"""A product's row may say what its output may be; a job keeps the terms that it was sold under.

Null in a row: no terms. Null in a job: sold without terms, as all jobs from before; the platform's defaults hold.
"""

from alembic import op

revision = "0012"
down_revision = "0011"

STATEMENTS = (
    "ALTER TABLE catalogue_products ADD COLUMN output jsonb",
    "ALTER TABLE jobs ADD COLUMN output_terms jsonb",
)


def upgrade() -> None:
    for statement in STATEMENTS:
        op.execute(statement)
