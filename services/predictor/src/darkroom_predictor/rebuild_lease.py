"""The right to rebuild a provider's limiter: a row in Postgres that its holder renews, and that others take when it has run out.

It spares work and is no fence: a holder that was frozen and wakes may still write. What it then writes is of an older epoch, or
has a smaller token than the next holder's, and is ignored.
"""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from time import monotonic
from uuid import uuid4

import structlog
from darkroom_servicekit.database import UnitOfWork
from darkroom_servicekit.outages import is_outage

LEASE_SECONDS = 5.0
"""How long a frozen or vanished replica can hold up the others."""
RENEW_SECONDS = 1.5
ASK_SECONDS = 0.2
STEP_SECONDS = 0.5
"""A clock that gains more than that on a process' watch was set."""
UNSEEN_SECONDS = 45.0
"""When nobody has held the lease for longer than that, the time since may be a step of the database's clock."""

# A lease that ends later than any lease may is of a clock that has been set back since.
TAKE = """
    INSERT INTO limiter_leases AS l (provider, owner, token, expires_at, seen_at)
    VALUES (:provider, :owner, 1, clock_timestamp() + make_interval(secs => :lease_seconds), clock_timestamp())
    ON CONFLICT (provider) DO UPDATE SET owner = excluded.owner, token = l.token + 1, expires_at = excluded.expires_at
    WHERE l.expires_at < clock_timestamp()
       OR l.expires_at > clock_timestamp() + make_interval(secs => 2 * CAST(:lease_seconds AS double precision))
    RETURNING token, extract(epoch FROM clock_timestamp())::float8 AS now, extract(epoch FROM seen_at)::float8 AS seen_at
"""
SEE = """
    UPDATE limiter_leases SET seen_at = clock_timestamp(),
        doubt_seconds = CASE WHEN doubt_until > clock_timestamp() THEN doubt_seconds ELSE 0 END
            + CAST(:ahead_seconds AS double precision),
        doubt_until = CASE WHEN CAST(:ahead_seconds AS double precision) > 0
                           THEN clock_timestamp() + make_interval(secs => CAST(:guarded_seconds AS double precision))
                           ELSE doubt_until END
    WHERE provider = :provider
    RETURNING CASE WHEN doubt_until > clock_timestamp() THEN doubt_seconds ELSE 0 END
"""
RENEW = """
    UPDATE limiter_leases SET expires_at = clock_timestamp() + make_interval(secs => :lease_seconds)
    WHERE provider = :provider AND owner = :owner
"""
END = "UPDATE limiter_leases SET expires_at = '-infinity' WHERE provider = :provider AND owner = :owner"

log = structlog.get_logger()


@dataclass(frozen=True, kw_only=True)
class Held:
    """A held lease. `token` is larger with every holder.

    `doubt_seconds`: by so much the database's clock may have been set forward within the last W + D.
    """

    token: int
    doubt_seconds: float


class RebuildLease:
    """One provider's. `guarded_seconds`: W + D."""

    def __init__(
        self,
        unit_of_work: UnitOfWork,
        provider: str,
        *,
        guarded_seconds: float,
        lease_seconds: float = LEASE_SECONDS,
        watch: Callable[[], float] = monotonic,
    ) -> None:
        self._unit_of_work = unit_of_work
        self._provider = provider
        self._guarded_seconds = guarded_seconds
        self._lease_seconds = lease_seconds
        self._watch = watch
        self._seen: tuple[float, float] | None = None
        """The database's clock and this process' watch at the last hold."""

    @asynccontextmanager
    async def held(self) -> AsyncIterator[Held]:
        """Wait for the lease and hold it."""
        owner = str(uuid4())
        while (held := await self._take(owner)) is None:  # noqa: ASYNC110  # what ends the wait is in the database
            await asyncio.sleep(ASK_SECONDS)
        renewing = asyncio.create_task(self._renew(owner))
        try:
            yield held
        finally:
            renewing.cancel()
            await asyncio.wait([renewing])
            await self._end(owner)

    async def _take(self, owner: str) -> Held | None:
        async with self._unit_of_work.begin() as transaction:
            row = (await transaction.execute(TAKE, self._values(owner))).first()
            if row is None:
                return None
            ahead = clock_ahead(row.now, row.seen_at, self._seen, self._watch())
            self._seen = row.now, self._watch()
            values = {"provider": self._provider, "ahead_seconds": ahead, "guarded_seconds": self._guarded_seconds}
            doubt: float = (await transaction.execute(SEE, values)).scalar_one()
        if ahead:
            log.warning("the database's clock stepped forward, or nobody saw time pass", provider=self._provider, seconds=ahead)
        return Held(token=row.token, doubt_seconds=doubt)

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


def clock_ahead(now: float, seen_at: float, last: tuple[float, float] | None, watch: float) -> float:
    """By how many seconds the database's clock may have been set forward since it was seen last; 0 where all is as it should be.

    `seen_at`: when anybody saw it; `last`: this clock and this process' watch when the process itself did.
    """
    if last is not None:
        ahead = (now - last[0]) - (watch - last[1])
        return ahead if ahead > STEP_SECONDS else 0.0
    return now - seen_at if now - seen_at > UNSEEN_SECONDS else 0.0
