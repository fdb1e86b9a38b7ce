"""A notifier killed with its frames in Redis and its batch not yet committed: the batch comes again, the frames do not."""

import asyncpg
from darkroom_contracts.predictions import ItemStarted
from support.kafka import Log
from support.notifier_process import Ground, example, notifier_process, page, token_for
from support.service import eventually, migrated

BARRIER = 4711
HOLD_COMMITS = (
    f"""
    CREATE FUNCTION hold() RETURNS trigger LANGUAGE plpgsql
    AS $$BEGIN PERFORM pg_advisory_xact_lock({BARRIER}); RETURN NULL; END$$
    """,
    """
    CREATE CONSTRAINT TRIGGER hold AFTER INSERT ON inbox
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION hold()
    """,
)
WAITING = """
    FROM pg_locks
    WHERE locktype = 'advisory' AND NOT granted AND objid = $1
    AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
"""
HELD = f"SELECT count(*) {WAITING}"
END_THE_HELD = f"SELECT bool_and(pg_terminate_backend(pid, 30000)) {WAITING}"
"""Also waits until its connection is gone: what was only told to end could still take the lock once it is free."""


async def test_a_death_between_filing_and_commit_doubles_nothing(
    log: Log, database_url: str, redis_url: str, tenant: str
) -> None:
    ground = Ground(log, await migrated("notifier", database_url), redis_url)
    token = token_for(tenant)
    database = await asyncpg.connect(database_url)
    try:
        for statement in HOLD_COMMITS:
            await database.execute(statement)
        await database.execute("SELECT pg_advisory_lock($1)", BARRIER)

        async with notifier_process(ground) as victim, page(victim.url, token=token) as witness:
            position = witness.position
            await log.publish(example(ItemStarted, tenant, item_id=1))
            await witness.frames(1)

            async def its_commit_is_held() -> bool:
                return bool(await database.fetchval(HELD, BARRIER) == 1)

            await eventually(its_commit_is_held)  # the frames are out before COMMIT is even sent
            victim.process.kill()
            await victim.process.wait()

        assert await database.fetchval(END_THE_HELD, BARRIER) is True
        assert await database.fetchval("SELECT count(*) FROM inbox") == 0
        await database.execute("SELECT pg_advisory_unlock($1)", BARRIER)

        async with notifier_process(ground) as heir, page(heir.url, token=token, position=position) as again:
            await log.publish(example(ItemStarted, tenant, item_id=2))
            frames = await again.frames(2)
        assert again.recovered is True
        assert [frame["data"]["itemId"] for frame in frames] == [1, 2]

        async def both_are_committed() -> bool:
            return bool(await database.fetchval("SELECT count(*) FROM inbox") == 2)

        await eventually(both_are_committed)
    finally:
        await database.close()
