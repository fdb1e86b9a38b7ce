"""Which account each name of an older version means; older versions named accounts after their place in the list of tokens."""

from alembic import op
from darkroom_servicekit.former_account_names import ACCOUNT_NAMES_V1

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute(ACCOUNT_NAMES_V1)
