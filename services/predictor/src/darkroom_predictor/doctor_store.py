"""SQL of the doctor: what stands still in the queue's tables, and what they know of items and attempts. It only reads.

Ages are the database's own, so nothing is compared with another clock.
"""

from collections.abc import Sequence
from typing import Any

from darkroom_servicekit.database import Transaction, UnitOfWork
from darkroom_servicekit.doctor import FOUND_MAX, Thing, uuids
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from darkroom_predictor.queue_store import ITEM_COLUMNS, QUEUED_PROVIDERS
from darkroom_predictor.watch_store import WITHOUT_ACCOUNT

# A dead letter or the last attempt tells how an item ended; one that has neither was stopped. An item whose last attempt failed
# has failed where that ended it: it may have been stopped instead, or ended by a late result. Where no row says it, nor do we.
LAST = """
    LEFT JOIN dead_letters letter ON letter.item_id = q.item_id AND letter.kind = 'item'
    LEFT JOIN LATERAL (
        SELECT id, number, account, state, code, message, callback_token_sha256, prediction_id, granted_at, ended_at
        FROM attempts a WHERE a.item_id = q.item_id ORDER BY number DESC LIMIT 1
    ) last ON true
"""
OUTCOME = """
    CASE WHEN q.state <> 'ENDED' THEN q.state WHEN letter.id IS NOT NULL THEN 'FAILED' WHEN last.state = 'DONE' THEN 'DONE'
         WHEN last.state IS NULL OR (q.cancel_requested_at IS NOT NULL AND NOT q.reached_provider) THEN 'CANCELED'
         WHEN q.cancel_requested_at IS NULL AND q.ended_at < last.ended_at + interval '1 second' THEN 'FAILED'
         ELSE 'UNCLEAR' END
"""
EXPIRED_CALLS = """
    SELECT a.id::text AS id, q.instance_id, 'of ' || a.owner AS state, a.lease_until AS since
    FROM attempts a JOIN queue_items q USING (item_id) WHERE a.state = 'CALLING'
"""
UNSETTLED_CALLS = """
    SELECT a.id::text AS id, q.instance_id, a.account AS state, a.settle_at AS since
    FROM attempts a JOIN queue_items q USING (item_id) WHERE a.state = 'UNKNOWN'
"""
LONE_CLAIMS = f"""
    SELECT q.item_id::text AS id, q.instance_id, q.state, coalesce(last.ended_at, q.queued_at) AS since
    FROM queue_items q {LAST} WHERE q.state IN ('CLAIMED', 'SENT') AND coalesce(last.state, 'FAILED') = 'FAILED'
"""  # noqa: S608 - our own constants
UNKNOWN_ACCOUNTS = f"""
    SELECT a.id::text AS id, q.instance_id, a.state || ' of ' || a.account AS state, a.granted_at AS since
    FROM attempts a JOIN queue_items q USING (item_id) WHERE {WITHOUT_ACCOUNT}
"""  # noqa: S608 - our own constants
UNSERVED_ITEMS = f"""
    SELECT q.item_id::text AS id, q.instance_id, 'for ' || q.provider AS state, q.queued_at AS since
    FROM queue_items q WHERE q.state = 'QUEUED' AND q.provider IN (
        SELECT provider FROM ({QUEUED_PROVIDERS}) queued WHERE provider <> ALL(CAST(:served AS text[]))
    )
"""  # noqa: S608 - our own constants
OUR_FAULTS = """
    SELECT provider || ' ' || model AS id, NULL AS instance_id, code || ': ' || detail AS state, since FROM model_faults
"""
OPEN_STRAYS = """
    SELECT prediction_id AS id, instance_id, 'of attempt ' || attempt_id || ' at ' || account AS state, found_at AS since
    FROM stray_predictions WHERE cancel_at IS NOT NULL
"""
OPEN_LETTERS = """
    SELECT id::text AS id, instance_id, service || ' ' || code AS state, created_at AS since
    FROM dead_letters WHERE state = 'open'
"""
STALE = """
    SELECT *, {age} FROM ({found}) found
    WHERE since < clock_timestamp() - make_interval(secs => :older) ORDER BY since LIMIT {most}
"""
AGE = "extract(epoch FROM clock_timestamp() - since)::float8 AS age_seconds"
NOT_WAITING = text(
    f"""
    SELECT *, {AGE} FROM (
        SELECT told.item_id::text AS id, coalesce(q.instance_id, '') AS instance_id, coalesce(q.state, 'unknown') AS state,
               CASE WHEN q.item_id IS NULL THEN clock_timestamp() - make_interval(secs => :older)
                    ELSE coalesce(q.ended_at, last.granted_at, q.queued_at) END AS since
        FROM unnest(CAST(:items AS bigint[])) AS told (item_id) LEFT JOIN queue_items q USING (item_id) {LAST}
        WHERE q.state IS DISTINCT FROM 'QUEUED'
    ) found WHERE since <= clock_timestamp() - make_interval(secs => :older)
    """  # noqa: S608 - our own constants
)
AT_PROVIDER = text(
    f"""
    SELECT a.id::text AS id, q.instance_id, a.state, {AGE.replace("since", "a.granted_at")}
    FROM attempts a JOIN queue_items q USING (item_id)
    WHERE a.state = 'CREATED' AND a.granted_at < clock_timestamp() - make_interval(secs => :older)
      AND (:after = '' OR a.id > CAST(nullif(:after, '') AS uuid))
    ORDER BY a.id LIMIT {FOUND_MAX}
    """  # noqa: S608 - our own constants
)
KNOWN_ITEMS = text(
    f"""
    SELECT q.item_id::text AS id, q.instance_id, {OUTCOME} AS state, {AGE.replace("since", "coalesce(q.ended_at, q.queued_at)")}
    FROM queue_items q {LAST} WHERE q.item_id = ANY(CAST(:ids AS bigint[]))
    """  # noqa: S608 - our own constants
)
KNOWN_ATTEMPTS = text(
    f"""
    SELECT a.id::text AS id, a.state, {AGE.replace("since", "coalesce(a.ended_at, a.granted_at)")}
    FROM attempts a WHERE a.id = ANY(CAST(:ids AS uuid[]))
    """  # noqa: S608 - our own constants
)
WAITING = text(
    """
    SELECT item_id, instance_id, job_id, redriven, model, provider, state = 'QUEUED' AS waits,
           greatest(0, coalesce(extract(epoch FROM not_before - clock_timestamp()), 0))::float8 AS delay_seconds
    FROM queue_items WHERE item_id = ANY(CAST(:ids AS bigint[]))
    """
)
ENDS = f"""
    SELECT {ITEM_COLUMNS}, {OUTCOME} AS outcome, last.id::text AS attempt_id, last.number, last.account, last.code, last.message,
           last.callback_token_sha256, last.prediction_id, letter.code AS letter_code, letter.message AS letter_message
    FROM queue_items q {LAST} WHERE q.item_id = ANY(CAST(:ids AS bigint[])) AND q.state = 'ENDED'
"""  # noqa: S608 - our own constants
LOCK_LONE = """
    SELECT q.item_id FROM queue_items q
    WHERE q.item_id = ANY(CAST(:ids AS bigint[])) AND q.state IN ('CLAIMED', 'SENT')
      AND NOT EXISTS (SELECT 1 FROM attempts a WHERE a.item_id = q.item_id AND a.state <> 'FAILED')
    ORDER BY q.item_id FOR UPDATE
"""
RETELL_NOW = """
    UPDATE attempts SET retell_at = clock_timestamp() WHERE id = ANY(CAST(:ids AS uuid[])) AND state = 'CREATED'
"""


class DoctorTable:
    """What the doctor reads."""

    def __init__(self, unit_of_work: UnitOfWork) -> None:
        self._unit_of_work = unit_of_work

    async def stale(self, found: str, older_seconds: float, **values: Any) -> list[Thing]:
        """Return the oldest rows of one of the statements above that have been so for that long."""
        statement = text(STALE.format(age=AGE, found=found, most=FOUND_MAX))
        return await self._things(statement, {"older": older_seconds} | values)

    async def not_waiting(self, items: Sequence[int], older_seconds: float) -> list[Thing]:
        """Those of the items that do not wait for a turn, and have not for so long."""
        return await self._things(NOT_WAITING, {"items": list(items), "older": older_seconds})

    async def at_provider(self, after: str, older_seconds: float) -> list[Thing]:
        return await self._things(AT_PROVIDER, {"after": after, "older": older_seconds})

    async def items(self, ids: Sequence[int]) -> list[Thing]:
        return await self._things(KNOWN_ITEMS, {"ids": list(ids)})

    async def attempts(self, ids: Sequence[str]) -> list[Thing]:
        return await self._things(KNOWN_ATTEMPTS, {"ids": uuids(ids)})

    async def places(self, ids: Sequence[int]) -> Sequence[Any]:
        """Rows with item_id, instance_id, job_id, redriven, model, provider, waits, delay_seconds."""
        async with self._unit_of_work.read() as connection:
            return (await connection.execute(WAITING, {"ids": list(ids)})).all()

    async def _things(self, statement: Any, values: dict[str, Any]) -> list[Thing]:
        async with self._unit_of_work.read() as connection:
            return await read_things(connection, statement, values)


async def read_things(connection: AsyncConnection, statement: Any, values: dict[str, Any]) -> list[Thing]:
    return [Thing.model_validate(dict(row)) for row in (await connection.execute(statement, values)).mappings()]


async def ends_of(transaction: Transaction, ids: Sequence[int]) -> Sequence[Any]:
    """How these items ended: rows with ITEM_COLUMNS, `outcome`, and their last attempt."""
    return (await transaction.execute(ENDS, {"ids": list(ids)})).all()


async def lock_lone_claims(transaction: Transaction, ids: Sequence[int]) -> list[int]:
    """Those of the items that are taken although every attempt of theirs has failed; locked."""
    return list((await transaction.execute(LOCK_LONE, {"ids": list(ids)})).scalars())


async def retell_now(transaction: Transaction, attempts: Sequence[str]) -> int:
    """The poller is to be told of these again at the next look; how many the provider still has."""
    return (await transaction.execute(RETELL_NOW, {"ids": uuids(attempts)})).rowcount
