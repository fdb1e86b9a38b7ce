"""Notifications that an older version stored: the migration takes what outside systems said out of their errors."""

import asyncio
from pathlib import Path

import asyncpg
from darkroom_servicekit.migrate import migrate
from support.migrations import migrations_until
from support.service import SERVICES
from support.stack import StackAddresses, fresh_database

OLD = """
    INSERT INTO notifications (id, event_id, instance_id, kind, job_id, data, created_at)
    SELECT gen_random_uuid(), gen_random_uuid(), 'shop-a', $2, number, CAST($3 AS jsonb), now()
    FROM generate_series(1, CAST($1 AS integer)) AS number
"""
HEARD = '{"error": "The studio could not be reached (OSError: 10.2.0.7\\nport 443).", "productName": "Mug (blue)."}'
CLEAN = '{"error": "The studio refused this picture.", "productName": "Mug (blue)."}'
WITHOUT = '{"productName": "Mug (blue)."}'
MORE_THAN_A_BATCH = 2_500


async def test_stored_errors_lose_what_outside_systems_said(parts: StackAddresses, tmp_path: Path) -> None:
    migrations = SERVICES / "notifier" / "migrations"
    async with fresh_database(parts, "notifier") as url:
        await asyncio.to_thread(migrate, migrations_until(tmp_path, migrations, "0003"), url)
        connection = await asyncpg.connect(url)
        try:
            await connection.execute(OLD, MORE_THAN_A_BATCH, "job.failed", HEARD)
            await connection.execute(OLD, 1, "job.failed", CLEAN)
            await connection.execute(OLD, 1, "job.done", WITHOUT)
            await asyncio.to_thread(migrate, migrations, url)
            found = await connection.fetch(
                "SELECT data->>'error', data->>'productName', count(*) FROM notifications GROUP BY 1, 2"
            )
        finally:
            await connection.close()
    assert {tuple(row) for row in found} == {
        ("The studio could not be reached.", "Mug (blue).", MORE_THAN_A_BATCH),
        ("The studio refused this picture.", "Mug (blue).", 1),
        (None, "Mug (blue).", 1),
    }
