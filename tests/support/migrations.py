"""Migrations made for a test."""

from pathlib import Path

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
