"""Ends a process that has work and does not do it, so that it is started afresh.

A client of Kafka can stall without a word: a fetcher after a rebalance, a member that never gets to join, a producer whose
sender has died. Whatever has not moved for long is looked at from outside, over connections of its own, before the process
is ended: where there is nothing to do, or Kafka or the database are away themselves, a new process would be no better.
What is found must last as long again: after an outage the process has that time to go on by itself.
"""

import asyncio
import os
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from time import monotonic

import structlog
from aiokafka.errors import KafkaError

from darkroom_servicekit.doctor import Thing
from darkroom_servicekit.outages import is_outage

LOOK_EVERY_SECONDS = 10.0
EXIT_STALLED = 75
NAMED_MAX = 3

log = structlog.get_logger()


@dataclass(frozen=True)
class Watched:
    """Something that is to move. `left_undone`: what has waited for so many seconds; raises where nobody can say."""

    name: str
    unmoved_seconds: Callable[[], float]
    left_undone: Callable[[float], Awaitable[list[Thing]]]


class Stalls:
    """All that one process watches; `run` for ever."""

    def __init__(self, *, stall_seconds: float, clock: Callable[[], float] = monotonic) -> None:
        self._stall_seconds = stall_seconds
        self._clock = clock
        self._found_at: dict[str, float] = {}
        self._watched: list[Watched] = []

    def watch(self, watched: Watched) -> None:
        """End the process when it leaves work undone without moving."""
        self._watched.append(watched)

    async def run(self) -> None:
        """Look now and then until cancelled."""
        while True:
            await asyncio.sleep(LOOK_EVERY_SECONDS)
            await self.look()

    async def look(self) -> None:
        """Look once."""
        for watched in self._watched:
            left = await self._left_undone(watched)
            if not left:
                self._found_at.pop(watched.name, None)
            elif self._clock() - self._found_at.setdefault(watched.name, self._clock()) >= self._stall_seconds:
                named = [f"{thing.id}: {thing.state}" for thing in left[:NAMED_MAX]]
                log.critical("stalled, ending the process", what=watched.name, left_undone=named)
                os._exit(EXIT_STALLED)

    async def _left_undone(self, watched: Watched) -> list[Thing]:
        if watched.unmoved_seconds() < self._stall_seconds:
            return []
        try:
            return await watched.left_undone(self._stall_seconds)
        except Exception as error:
            if not isinstance(error, KafkaError) and not is_outage(error):
                raise
            log.warning("what does not move waits for something else", what=watched.name, error=repr(error)[:200])
            return []
