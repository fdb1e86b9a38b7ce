"""Idempotency keys are forgotten as fast as they come, however many there are."""

from support.jobs_api import request_body, running_jobs_api
from support.service import eventually
from support.stack import StackAddresses

OLD_KEYS = 25_000
INSERT = """
    INSERT INTO idempotency_keys (instance_id, subject, route, key, fingerprint, job_id, answer_due_at, created_at)
    SELECT 'other', 'owner', 'route', 'key-' || n, 'digest', $1, now(), now() - interval '25 hours'
    FROM generate_series(1, $2::int) AS n
"""


async def test_all_old_keys_are_gone_soon_after_the_start(parts: StackAddresses) -> None:
    async with running_jobs_api(parts) as first:
        job_id = (await first.shop().submit(request_body(), key="new")).json()["job"]["id"]
        await first.rows(INSERT, job_id, OLD_KEYS)
        async with first.second_replica() as _:

            async def only_the_new_key_is_left() -> bool:
                return [row["key"] for row in await first.rows("SELECT key FROM idempotency_keys LIMIT 2")] == ["new"]

            await eventually(only_the_new_key_is_left)
