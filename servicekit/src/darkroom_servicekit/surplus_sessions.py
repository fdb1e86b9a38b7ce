"""Closes the database sessions that a pool opened for a burst and has not needed since.

A session costs PostgreSQL up to 7 MB (its caches of tables, statements and plans), which it keeps until the session ends.
SQLAlchemy's pool grows to the most sessions that were ever in use at the same time and never shrinks by itself.
"""

import asyncio
from collections.abc import Callable
from time import monotonic
from typing import Any

import structlog
from sqlalchemy.event import listens_for
from sqlalchemy.ext.asyncio import AsyncEngine
from sqlalchemy.pool import ConnectionPoolEntry, PoolProxiedConnection

SURPLUS_AFTER_SECONDS = 60.0
"""Longer than most loops pause, so that the sessions that their turns need stay open."""
LOOK_EVERY_SECONDS = 10.0
CLOSE_SECONDS_MAX = 5.0

log = structlog.get_logger()


class SurplusSessions:
    """The sessions that rest in the pool of one engine.

    The pool must hand out the session that was used last (`pool_use_lifo`); otherwise all of them are used in turn and none is
    surplus. `watch`: seconds that only grow.
    """

    def __init__(self, engine: AsyncEngine, *, watch: Callable[[], float] = monotonic) -> None:
        self._watch = watch
        self._resting: dict[ConnectionPoolEntry, float] = {}
        pool = engine.sync_engine.pool

        @listens_for(pool, "checkin")
        def put_back(_connection: Any, entry: ConnectionPoolEntry) -> None:
            self._resting[entry] = self._watch()

        @listens_for(pool, "checkout")
        def take(_connection: Any, entry: ConnectionPoolEntry, _proxy: PoolProxiedConnection) -> None:
            self._resting.pop(entry, None)

    async def run(self) -> None:
        """Close sessions as they become surplus, until cancelled."""
        while True:
            await asyncio.sleep(LOOK_EVERY_SECONDS)
            await self.close_surplus()

    async def close_surplus(self) -> int:
        """Close the sessions that have rested for too long and return how many. The pool opens new ones when it needs them."""
        oldest = self._watch() - SURPLUS_AFTER_SECONDS
        closed = 0
        for entry in list(self._resting):
            # Asked for each again: while another one was being closed, this one may have been in use.
            if self._resting.get(entry, oldest) < oldest:
                del self._resting[entry]
                closed += await self._close(entry)
        return closed

    async def _close(self, entry: ConnectionPoolEntry) -> bool:
        """Close the session of `entry`; False if it has none."""
        connection = entry.driver_connection
        if connection is None:
            return False
        entry.invalidate(soft=True)  # whoever takes the entry from now on gets a new session
        try:
            await connection.close(timeout=CLOSE_SECONDS_MAX)
        except (OSError, TimeoutError) as error:  # asyncpg has dropped the connection all the same
            log.debug("surplus session dropped", error=repr(error))
        return True
