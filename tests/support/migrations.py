"""Migrations made for a test."""

from pathlib import Path
from shutil import copy2

MIGRATION = """
from alembic import op

revision = "{revision}"
down_revision = {down}


def upgrade() -> None:
    op.execute("CREATE TABLE t{revision} AS SELECT current_setting('lock_timeout') AS lock_timeout,"
               " current_setting('statement_timeout') AS statement_timeout,"
               " (SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND pid = pg_backend_pid()) AS locks")
"""


def write_migrations(folder: Path, revisions: list[str]) -> Path:
    """Migrations that each note, in a table of their own, under which limits they ran."""
    versions = folder / "versions"
    versions.mkdir(parents=True, exist_ok=True)
    for down, revision in zip([None, *revisions], revisions, strict=False):
        text = MIGRATION.format(revision=revision, down=f'"{down}"' if down else None)
        (versions / f"{revision}_test.py").write_text(text)
    return folder


def migrations_until(folder: Path, migrations: Path, revision: str) -> Path:
    """Copy a service's migrations up to `revision`, as an older version had them, into `folder`; return the copy."""
    versions = folder / "versions"
    versions.mkdir(parents=True, exist_ok=True)
    for path in (migrations / "versions").glob("*.py"):
        if path.name[: len(revision)] <= revision:
            copy2(path, versions)
    return folder
