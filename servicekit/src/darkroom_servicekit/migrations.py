"""Alembic per service: `services/<name>/migrations/versions`, run as a job before the services start.

A service compares the database's revision with the newest file it was shipped with, and is not ready until they agree.
"""

import re
from pathlib import Path

from alembic import command
from alembic.config import Config

REVISION = re.compile(r'^revision\s*(?::\s*str)?\s*=\s*"([^"]+)"', re.MULTILINE)
DOWN_REVISION = re.compile(r'^down_revision\s*(?::[^=]*)?=\s*"([^"]+)"', re.MULTILINE)
SCRIPTS = Path(__file__).parent / "alembic"


def newest_revision(migrations: Path) -> str | None:
    """The head of a service's migrations, read from the files without running them; None when there are none."""
    texts = [path.read_text() for path in sorted((migrations / "versions").glob("*.py"))]
    revisions = {match[1] for text in texts if (match := REVISION.search(text))}
    ancestors = {match[1] for text in texts if (match := DOWN_REVISION.search(text))}
    heads = revisions - ancestors
    assert len(heads) <= 1, f"more than one head in {migrations}: {sorted(heads)}"
    return heads.pop() if heads else None


def migrate(migrations: Path, database_url: str) -> None:
    """Bring a database to the newest revision. Waits for a concurrent run; locks nothing longer than the template allows."""
    config = Config()
    config.set_main_option("script_location", str(SCRIPTS))
    config.set_main_option("version_locations", str(migrations / "versions"))
    config.set_main_option("path_separator", "newline")
    config.attributes["database_url"] = database_url
    command.upgrade(config, "head")
