"""Where a service's migrations are, and which is the newest: the schema that the service's code needs (see `schema.py`).

Running migrations is `migrate.py`, apart, because Alembic's ten megabytes are of no use in a service that serves.
"""

import re
from pathlib import Path

REVISION = re.compile(r'^revision\s*(?::\s*str)?\s*=\s*"([^"]+)"', re.MULTILINE)
DOWN_REVISION = re.compile(r'^down_revision\s*(?::[^=]*)?=\s*"([^"]+)"', re.MULTILINE)


class NoMigrations(Exception):
    """A service was installed without its migrations; nobody could say whether the schema fits."""


def migrations_of(package: Path) -> Path:
    """The folder of migrations of the service whose package lies at `package`. Raises NoMigrations.

    In the source tree it stands beside `src`; in a wheel it is a part of the package.
    """
    for folder in (package / "migrations", package.parents[1] / "migrations"):
        if (folder / "versions").is_dir():
            return folder
    raise NoMigrations(f"no migrations belong to {package}")


def newest_revision(migrations: Path) -> str:
    """The head of a service's migrations, read from the files without running them. Raises NoMigrations."""
    texts = [path.read_text() for path in sorted((migrations / "versions").glob("*.py"))]
    revisions = {match[1] for text in texts if (match := REVISION.search(text))}
    ancestors = {match[1] for text in texts if (match := DOWN_REVISION.search(text))}
    heads = revisions - ancestors
    assert len(heads) <= 1, f"more than one head in {migrations}: {sorted(heads)}"
    if not heads:
        raise NoMigrations(f"no migrations in {migrations}")
    return heads.pop()
