"""`optimize` offers one quality, its default: the other was sold and changed neither the provider's input nor the stored file.

A row whose template uses `$quality` is left as it is.
"""

from alembic import op

revision = "0010"
down_revision = "0009"


def upgrade() -> None:
    op.execute(
        """
        UPDATE catalogue_products
        SET options = jsonb_set(options, '{quality,allowed}', jsonb_build_array(options -> 'quality' -> 'default'))
        WHERE name = 'optimize' AND options ? 'quality' AND position('"$quality"' IN input::text) = 0
        """
    )
