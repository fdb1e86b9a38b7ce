"""The poller's part of the doctor: predictions that nobody asks after or fetches, and what is known of attempts.

It mends by waking the loops that poll and fetch anyway.
"""

from collections.abc import Callable, Sequence
from typing import Any

from darkroom_servicekit.database import UnitOfWork
from darkroom_servicekit.doctor import FOUND_MAX, Doctor, Thing, uuids
from sqlalchemy import text

from darkroom_poller.poll_store import HAS_ACCOUNT, Accounts, account_lists

AGE = "extract(epoch FROM clock_timestamp() - {})::float8 AS age_seconds"
LATE = "{} < clock_timestamp() - make_interval(secs => :older)"
UNPOLLED = text(
    f"""
    SELECT attempt_id::text AS id, instance_id, polls || ' polls' AS state, {AGE.format("next_poll_at")}
    FROM predictions p WHERE state = 'IN_FLIGHT' AND {LATE.format("next_poll_at")} AND {HAS_ACCOUNT}
    ORDER BY next_poll_at LIMIT {FOUND_MAX}
    """  # noqa: S608 - our own constants
)
UNKNOWN_ACCOUNTS = text(
    f"""
    SELECT attempt_id::text AS id, instance_id, 'of ' || account AS state, {AGE.format("filed_at")}
    FROM predictions p WHERE state = 'IN_FLIGHT' AND {LATE.format("filed_at")} AND NOT ({HAS_ACCOUNT})
    ORDER BY filed_at LIMIT {FOUND_MAX}
    """  # noqa: S608 - our own constants
)
UNFETCHED = text(
    f"""
    SELECT attempt_id::text AS id, instance_id, fetch_attempts || ' tries' AS state, {AGE.format("fetch_after")}
    FROM predictions
    WHERE state = 'OUTPUT_READY' AND {LATE.format("fetch_after")} AND (lease_until IS NULL OR {LATE.format("lease_until")})
    ORDER BY expires_at LIMIT {FOUND_MAX}
    """  # noqa: S608 - our own constants
)
OPEN = text(
    f"""
    SELECT attempt_id::text AS id, instance_id, state, {AGE.format("filed_at")}
    FROM predictions
    WHERE state IN ('IN_FLIGHT', 'OUTPUT_READY') AND {LATE.format("filed_at")}
      AND (:after = '' OR attempt_id > CAST(nullif(:after, '') AS uuid))
    ORDER BY attempt_id LIMIT {FOUND_MAX}
    """  # noqa: S608 - our own constants
)
KNOWN = text(
    f"""
    SELECT attempt_id::text AS id, instance_id, state, {AGE.format("coalesce(ended_at, filed_at)")}
    FROM predictions WHERE attempt_id = ANY(CAST(:ids AS uuid[]))
    """  # noqa: S608 - our own constants
)


class PollerDoctor:
    """Looks; mends by `poll_now` and `fetch_now`."""

    def __init__(
        self, unit_of_work: UnitOfWork, accounts: Accounts, poll_now: Callable[[], None], fetch_now: Callable[[], None]
    ) -> None:
        self._unit_of_work = unit_of_work
        self._accounts = account_lists(accounts)
        self._poll_now = poll_now
        self._fetch_now = fetch_now

    def register(self, doctor: Doctor) -> None:
        """Hand it all to the service's door."""
        doctor.finds("poll", "predictions not asked after in time", self._unpolled, repair=("ask now", self.poll))
        doctor.finds("output", "outputs that nobody fetches", self._unfetched, repair=("fetch now", self.fetch))
        doctor.finds("account", "predictions of accounts that have no token: kept until the token is back", self._without_account)
        doctor.has_open("predictions", self._open)
        doctor.knows("predictions", self._known)

    async def poll(self, ids: Sequence[str]) -> int:
        self._poll_now()
        return len(ids)

    async def fetch(self, ids: Sequence[str]) -> int:
        self._fetch_now()
        return len(ids)

    async def _unpolled(self, older_seconds: float) -> list[Thing]:
        return await self._things(UNPOLLED, {"older": older_seconds} | self._accounts)

    async def _without_account(self, older_seconds: float) -> list[Thing]:
        return await self._things(UNKNOWN_ACCOUNTS, {"older": older_seconds} | self._accounts)

    async def _unfetched(self, older_seconds: float) -> list[Thing]:
        return await self._things(UNFETCHED, {"older": older_seconds})

    async def _open(self, after: str, older_seconds: float) -> list[Thing]:
        return await self._things(OPEN, {"after": after, "older": older_seconds})

    async def _known(self, ids: Sequence[str]) -> list[Thing]:
        return await self._things(KNOWN, {"ids": uuids(ids)})

    async def _things(self, statement: Any, values: dict[str, Any]) -> list[Thing]:
        async with self._unit_of_work.read() as connection:
            return [Thing.model_validate(dict(row)) for row in (await connection.execute(statement, values)).mappings()]
