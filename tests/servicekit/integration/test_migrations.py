"""Migrations: one run at a time per database, every one of them under the lock and with limits of its own."""

import asyncio
import os
import sys
from pathlib import Path

import asyncpg
import pytest
from darkroom_servicekit.migrate import migrate
from support.migrations import write_migrations
from support.stack import StackAddresses, fresh_database

ROUNDS = 3
RUNS_AT_ONCE = 3


@pytest.mark.parametrize("revision", ["0001", "0002", "0003"])
async def test_every_migration_runs_under_the_lock_and_with_limits_of_its_own(
    database_url: str, tmp_path: Path, revision: str
) -> None:
    await asyncio.to_thread(migrate, write_migrations(tmp_path, ["0001", "0002", "0003"]), database_url)
    connection = await asyncpg.connect(database_url)
    noted = await connection.fetchrow(f"SELECT * FROM t{revision}")
    await connection.close()
    assert dict(noted) == {"lock_timeout": "5s", "statement_timeout": "0", "locks": 1}


async def _migrate_credits(database_url: str) -> str:
    """What one run of the migration job said when it failed; nothing when it did not."""
    run = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "darkroom_servicekit.migrate",
        "credits",
        env={**os.environ, "DARKROOM_DATABASE_URL": database_url},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    said, _ = await run.communicate()
    return said.decode() if run.returncode else ""


async def test_runs_at_once_wait_for_one_another(parts: StackAddresses) -> None:
    for _ in range(ROUNDS):
        async with fresh_database(parts, "credits") as url:
            failures = await asyncio.gather(*(_migrate_credits(url) for _ in range(RUNS_AT_ONCE)))
            assert failures == [""] * RUNS_AT_ONCE
