"""Gives tokens back before their time. The table is the truth; Redis, which every service asks, is filled from it.

The row is committed first. A process that dies before it has told Redis tells it at its next start, and a Redis that forgot is
filled again within seconds. Only digests are kept, each until its token would have ended by itself.
"""

import asyncio
from datetime import datetime, timedelta

import structlog
from darkroom_servicekit.auth import CLOCK_LEEWAY_SECONDS, INSTANCE_TOKEN_AGE_MAX, Principal, token_digest
from darkroom_servicekit.database import UnitOfWork
from darkroom_servicekit.revocation import Revocations
from redis.exceptions import RedisError
from sqlalchemy import text

LOOK_SECONDS = 10.0
"""How long a Redis that lost its memory may take a revoked token for a good one."""
LEEWAY = timedelta(seconds=CLOCK_LEEWAY_SECONDS)

REVOKE = text(
    """
    INSERT INTO revoked_tokens (digest, instance_id, revoked_at, expires_at) VALUES (:digest, :instance_id, :now, :expires_at)
    ON CONFLICT DO NOTHING
    """
)
STILL_GOOD = text("SELECT digest, expires_at FROM revoked_tokens WHERE expires_at > :now")
FORGET = text(
    """
    DELETE FROM revoked_tokens WHERE digest IN (
        SELECT digest FROM revoked_tokens WHERE expires_at <= :now LIMIT :limit FOR UPDATE SKIP LOCKED
    )
    """
)
FORGET_ROWS_MAX = 1_000
"""With each token that comes in: far more than one, so that no old ones pile up."""

log = structlog.get_logger()


class RevokedTokens:
    """Every token that was given back and would still be good. `run` for ever."""

    def __init__(self, unit_of_work: UnitOfWork, revocations: Revocations) -> None:
        self._uow = unit_of_work
        self._revocations = revocations
        self._to_fill = True

    async def give_back(self, who: Principal, token: str) -> None:
        """Revoke a token that we have checked."""
        digest = token_digest(token)
        async with self._uow.begin() as transaction:
            now = transaction.now
            expires_at = (who.expires_at or now + INSTANCE_TOKEN_AGE_MAX) + LEEWAY
            row = {"digest": digest, "instance_id": who.instance_id, "now": now, "expires_at": expires_at}
            await transaction.execute(REVOKE, row)
            await transaction.execute(FORGET, {"now": now, "limit": FORGET_ROWS_MAX})
        try:
            await self._revocations.add({digest: (expires_at - now).total_seconds()})
        except (RedisError, OSError) as error:
            self._to_fill = True
            log.warning("a revoked token is told to Redis later", error=repr(error)[:200])

    async def run(self) -> None:
        """Fill Redis at the start, and whenever it has forgotten."""
        while True:
            try:
                await self.fill_if_needed()
            except (RedisError, OSError) as error:
                log.warning("revoked tokens are told to Redis later", error=repr(error)[:200])
            await asyncio.sleep(LOOK_SECONDS)

    async def fill_if_needed(self) -> None:
        """Tell Redis all that it has to know, unless it knows. Raises RedisError."""
        if not self._to_fill and await self._revocations.are_filled():
            return
        self._to_fill = False
        try:
            left = await self._still_good()
            if left:
                await self._revocations.add(left)
            await self._revocations.note_filled()
        except BaseException:
            self._to_fill = True
            raise

    async def _still_good(self) -> dict[str, float]:
        """The seconds left of each token by its digest."""
        async with self._uow.begin() as transaction:
            now: datetime = transaction.now
            rows = (await transaction.execute(STILL_GOOD, {"now": now})).all()
        return {row.digest: (row.expires_at - now).total_seconds() for row in rows}
