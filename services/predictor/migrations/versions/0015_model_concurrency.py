"""How many predictions of a model may be in flight; a model without a row: as many as the provider's accounts allow."""

from alembic import op

revision = "0015"
down_revision = "0014"


def upgrade() -> None:
    op.execute(
        """
        CREATE TABLE provider_models (
            provider    text NOT NULL,
            model       text NOT NULL,
            concurrency integer NOT NULL CHECK (concurrency > 0),
            changed_by  text NOT NULL,
            changed_at  timestamptz NOT NULL DEFAULT clock_timestamp(),
            PRIMARY KEY (provider, model)
        )
        """
    )
