"""The right to rebuild a provider's limiter: a row in Postgres that its holder renews, and that others take when it has run out.

It spares work and is no fence: a holder that was frozen and wakes may still write. What it then writes is of an older epoch, or
has a smaller token than the next holder's, and is ignored.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from uuid import uuid4

import structlog
from darkroom_servicekit.database import UnitOfWork
from darkroom_servicekit.outages import is_outage

LEASE_SECONDS = 5.0
"""How long a frozen or vanished replica can hold up the others."""
RENEW_SECONDS = 1.5
ASK_SECONDS = 0.2

# A lease that ends later than any lease may is of a clock that has been set back since.
TAKE = """
    INSERT INTO limiter_leases AS l (provider, owner, token, expires_at)
    VALUES (:provider, :owner, 1, clock_timestamp() + make_interval(secs => :lease_seconds))
    ON CONFLICT (provider) DO UPDATE SET owner = excluded.owner, token = l.token + 1, expires_at = excluded.expires_at
    WHERE l.expires_at < clock_timestamp()
       OR l.expires_at > clock_timestamp() + make_interval(secs => 2 * :lease_seconds)
    RETURNING token
"""
RENEW = """
    UPDATE limiter_leases SET expires_at = clock_timestamp() + make_interval(secs => :lease_seconds)
    WHERE provider = :provider AND owner = :owner
"""
END = "UPDATE limiter_leases SET expires_at = '-infinity' WHERE provider = :provider AND owner = :owner"

log = structlog.get_logger()


class RebuildLease:
    """One provider's."""

    def __init__(self, unit_of_work: UnitOfWork, provider: str, *, lease_seconds: float = LEASE_SECONDS) -> None:
        self._unit_of_work = unit_of_work
        self._provider = provider
        self._lease_seconds = lease_seconds

    @asynccontextmanager
    async def held(self) -> AsyncIterator[int]:
        """Wait for the lease and hold it; yields its token, which is larger with every holder."""
        owner = str(uuid4())
        while (token := await self._take(owner)) is None:  # noqa: ASYNC110  # what ends the wait is in the database
            await asyncio.sleep(ASK_SECONDS)
        renewing = asyncio.create_task(self._renew(owner))
        try:
            yield token
        finally:
            renewing.cancel()
            await asyncio.wait([renewing])
            await self._end(owner)

    async def _take(self, owner: str) -> int | None:
        async with self._unit_of_work.begin() as transaction:
            token: int | None = (await transaction.execute(TAKE, self._values(owner))).scalar_one_or_none()
            return token

    async def _renew(self, owner: str) -> None:
        while True:
            await asyncio.sleep(RENEW_SECONDS)
            try:
                async with self._unit_of_work.begin() as transaction:
                    await transaction.execute(RENEW, self._values(owner))
            except Exception as error:
                if not is_outage(error):
                    raise
                log.warning("the lease of the rebuild is not renewed", provider=self._provider, error=repr(error)[:200])

    async def _end(self, owner: str) -> None:
        try:
            async with self._unit_of_work.begin() as transaction:
                await transaction.execute(END, {"provider": self._provider, "owner": owner})
        except Exception as error:
            if not is_outage(error):
                raise
            log.warning("the lease of the rebuild runs out by itself", provider=self._provider, error=repr(error)[:200])

    def _values(self, owner: str) -> dict[str, object]:
        return {"provider": self._provider, "owner": owner, "lease_seconds": self._lease_seconds}
