"""Finds attempts that nobody ends. The poller is told of them again, which makes it follow them, or say once more how they ended.

Nothing is tried again on silence: a poller that is away for an hour still has its results. Only when the provider itself has
forgotten what it made is an attempt given up, its slot freed, and another one made.
"""

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import structlog
from darkroom_servicekit.database import UnitOfWork

from darkroom_predictor.created_events import created_event
from darkroom_predictor.fail_attempts import FailAttempts, Failure
from darkroom_predictor.fair_queue import Hints
from darkroom_predictor.items import Then
from darkroom_predictor.life_store import overdue_attempts, take_to_retell
from darkroom_predictor.metrics import PredictorMetrics
from darkroom_predictor.providers.door import ProviderDoor

LOOK_SECONDS = 30.0
BATCH_MAX = 200
AGAIN_SECONDS = (60.0, 600.0)
"""Between two tellings of one attempt: first, doubling up to the second."""

log = structlog.get_logger()


@dataclass(frozen=True)
class Lifetimes:
    """How long an attempt may live beyond Cancel-After, and how often this is looked at."""

    abandon_seconds: float
    look_seconds: float = LOOK_SECONDS


class KeepAttempts:
    """`run` for ever, for one provider, in any replica."""

    def __init__(
        self,
        door: ProviderDoor,
        unit_of_work: UnitOfWork,
        fail_attempts: FailAttempts,
        metrics: PredictorMetrics,
        *,
        tell: Callable[[Mapping[str, Hints]], None],
        lifetimes: Lifetimes,
    ) -> None:
        self._door = door
        self._unit_of_work = unit_of_work
        self._fail_attempts = fail_attempts
        self._metrics = metrics
        self._tell = tell
        self._lifetimes = lifetimes

    async def run(self) -> None:
        """Look now and then until cancelled."""
        while True:
            await self.look()
            await asyncio.sleep(self._lifetimes.look_seconds)

    async def look(self) -> tuple[int, int]:
        """One look; how many attempts were told of again, and how many given up."""
        async with self._unit_of_work.begin() as transaction:
            overdue = await overdue_attempts(
                transaction,
                self._door.name,
                self._door.accounts,
                abandon_seconds=self._lifetimes.abandon_seconds,
                limit=BATCH_MAX,
            )
            message = "The studio never said how this picture ended."
            failures = [
                Failure(attempt_id=one, code="provider-timeout", message=message, then=Then.RETRY, ours=True) for one in overdue
            ]
            hints = await self._fail_attempts(transaction, failures)
            transaction.after_commit(lambda: self._tell(hints))
        async with self._unit_of_work.begin() as transaction:
            silent = await take_to_retell(transaction, self._door.name, limit=BATCH_MAX, again_seconds=AGAIN_SECONDS)
            for one in silent:
                event = created_event(one, webhook_expected=self._door.webhook_expected, at=transaction.now)
                transaction.publish(event, cause=one.attempt.item.cause)
        if overdue:
            self._metrics.silent.labels("given-up").inc(len(overdue))
            log.error("attempts given up, nobody said how they ended", provider=self._door.name, attempts=overdue)
        if silent:
            self._metrics.silent.labels("told-again").inc(len(silent))
            names = [one.attempt.attempt_id for one in silent]
            log.warning("attempts without an end, the poller is told again", provider=self._door.name, attempts=names)
        return len(silent), len(overdue)
