"""Which schema a service needs: the newest file in `services/<name>/migrations/versions`.

A service compares the database's revision with it and is not ready until they agree. Running migrations is `migrate.py`,
apart, because Alembic's ten megabytes are of no use in a service that serves.
"""

import re
from pathlib import Path

REVISION = re.compile(r'^revision\s*(?::\s*str)?\s*=\s*"([^"]+)"', re.MULTILINE)
DOWN_REVISION = re.compile(r'^down_revision\s*(?::[^=]*)?=\s*"([^"]+)"', re.MULTILINE)


def newest_revision(migrations: Path) -> str | None:
    """The head of a service's migrations, read from the files without running them; None when there are none."""
    texts = [path.read_text() for path in sorted((migrations / "versions").glob("*.py"))]
    revisions = {match[1] for text in texts if (match := REVISION.search(text))}
    ancestors = {match[1] for text in texts if (match := DOWN_REVISION.search(text))}
    heads = revisions - ancestors
    assert len(heads) <= 1, f"more than one head in {migrations}: {sorted(heads)}"
    return heads.pop() if heads else None
