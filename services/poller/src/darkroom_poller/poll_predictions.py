"""Asks providers for predictions whose webhook has not come: the reconciler. One loop, woken for the earliest that is due.

Replicas share the work by claiming rows and share one budget of look-ups, so more replicas never mean more requests.
"""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from math import inf

import structlog
from darkroom_servicekit.database import UnitOfWork
from darkroom_servicekit.logs import log_context
from darkroom_servicekit.loops import set_within

from darkroom_poller.metrics import PollerMetrics
from darkroom_poller.poll_store import Accounts, claim_polls, seconds_to_next_poll
from darkroom_poller.predictions import TIMED_OUT, UNREACHABLE, Missing, Pending, Prediction, Progress
from darkroom_poller.providers.door import Provider, ProviderThrottled, ProviderUnavailable
from darkroom_poller.record_progress import FromPoll, RecordProgress

LOOK_AGAIN_SECONDS = 5.0
"""When nothing is known to be due sooner: another replica may have filed something."""
DUE_AGAIN_SECONDS_MIN = 0.1
BURST_SECONDS = 2.0
"""The budget of this long may be spent at once."""
CLAIM_SECONDS = 30.0
"""A claimed poll that its replica never made is due again after this."""
AT_ONCE_MAX = 32
NO_ANSWER = Pending("unreachable")

log = structlog.get_logger()


@dataclass(frozen=True)
class PollLimits:
    """How much may be asked for, and how long an overdue prediction waits for a provider that does not answer."""

    per_minute: int
    unreachable_seconds_max: float


class PollPredictions:
    """`run` for ever; `wake` when something was filed."""

    def __init__(
        self,
        unit_of_work: UnitOfWork,
        providers: Mapping[str, Provider],
        record: RecordProgress,
        metrics: PollerMetrics,
        limits: PollLimits,
    ) -> None:
        self._uow = unit_of_work
        self._providers = providers
        self._accounts = {name: provider.accounts for name, provider in providers.items()}
        self._record = record
        self._metrics = metrics
        self._limits = limits
        self._woken = asyncio.Event()
        self._wake_at = 0.0
        self._paused_until: dict[tuple[str, str], float] = {}

    def wake(self, in_seconds: float) -> None:
        """Something becomes due in `in_seconds`; only what is earlier than planned disturbs the sleep."""
        if asyncio.get_running_loop().time() + in_seconds < self._wake_at:
            self._woken.set()

    async def run(self) -> None:
        """Poll what is due until cancelled."""
        clock = asyncio.get_running_loop().time
        while True:
            self._woken.clear()
            self._wake_at = inf  # whatever is filed from here on may be missed by the look-up below
            asked = await self._poll_due()
            async with self._uow.read() as connection:
                seconds = await seconds_to_next_poll(connection, self._not_paused(clock()))
            wait = LOOK_AGAIN_SECONDS if seconds is None else min(LOOK_AGAIN_SECONDS, seconds)
            # Accounts whose pause ends earlier are looked at then.
            wait = min([wait, *(until - clock() for until in self._paused_until.values() if until > clock())])
            wait = max(wait, DUE_AGAIN_SECONDS_MIN if asked else 60 / self._limits.per_minute)
            self._wake_at = clock() + wait
            await set_within(self._woken, wait)

    def _not_paused(self, now: float) -> Accounts:
        """The accounts that may be asked now."""
        return {
            provider: [account for account in accounts if self._paused_until.get((provider, account), 0.0) <= now]
            for provider, accounts in self._accounts.items()
        }

    async def _poll_due(self) -> int:
        accounts = self._not_paused(asyncio.get_running_loop().time())
        async with self._uow.begin() as transaction:
            due = await claim_polls(
                transaction,
                accounts,
                per_minute=self._limits.per_minute,
                burst_seconds=BURST_SECONDS,
                lease_seconds=CLAIM_SECONDS,
            )
        places = asyncio.Semaphore(AT_ONCE_MAX)
        async with asyncio.TaskGroup() as group:
            for prediction in due:
                group.create_task(self._poll(prediction, places))
        return len(due)

    async def _poll(self, prediction: Prediction, places: asyncio.Semaphore) -> None:
        async with places:
            with log_context(job_id=prediction.job_id, item_id=prediction.item_id, attempt_id=prediction.attempt_id):
                progress = await self._ask(prediction)
                if progress is None:
                    given_up = prediction.overdue_by_seconds >= self._limits.unreachable_seconds_max
                    progress = UNREACHABLE if given_up else NO_ANSWER
                elif isinstance(progress, Pending) and prediction.overdue_by_seconds >= 0:
                    progress = await self._cancel(prediction)
        answered = progress != NO_ANSWER
        await self._record.submit(
            FromPoll(prediction.attempt_id, prediction.polls, prediction.expected_seconds, progress, answered)
        )

    async def _ask(self, prediction: Prediction) -> Progress | None:
        """The provider's answer; None when there is none."""
        try:
            provider = self._providers.get(prediction.provider)
            if provider is None:
                raise ProviderUnavailable(f"no adapter for the provider {prediction.provider}")
            progress = await provider.look_up(prediction.account, prediction.prediction_id)
        except ProviderUnavailable as error:
            self._pause(prediction, error)
            self._metrics.polls.labels(prediction.provider, "failed").inc()
            log.warning("provider gives no answer", error=str(error)[:200])
            return None
        except Exception as error:  # one strange answer must not stop the polls of all others
            self._metrics.polls.labels(prediction.provider, "failed").inc()
            log.error("look-up failed unexpectedly", exc_info=error)
            return None
        self._count(prediction, progress)
        return progress

    def _pause(self, prediction: Prediction, error: ProviderUnavailable) -> None:
        """The provider counts requests by account: the others are asked on."""
        if isinstance(error, ProviderThrottled):
            until = asyncio.get_running_loop().time() + error.pause_seconds
            self._paused_until[prediction.provider, prediction.account] = until

    def _count(self, prediction: Prediction, progress: Progress) -> None:
        unknown = isinstance(progress, Pending) and not progress.known
        outcome = "unknown" if unknown else "pending" if isinstance(progress, Pending) else "ended"
        outcome = "missing" if isinstance(progress, Missing) else outcome
        self._metrics.polls.labels(prediction.provider, outcome).inc()
        if isinstance(progress, Pending) and unknown:
            log.error("provider reports a status that we do not know", status=progress.status[:50])

    async def _cancel(self, prediction: Prediction) -> Progress:
        """Close an overdue prediction that was asked for just now and has not ended, unless it ends at the last moment.

        While the provider cannot be told, it may run and be paid for: then it is not closed, but for so long only.
        """
        self._metrics.overdue.inc()
        log.warning("prediction is overdue, cancelling it", overdue_by_seconds=round(prediction.overdue_by_seconds, 1))
        try:
            after = await self._providers[prediction.provider].cancel(prediction.account, prediction.prediction_id)
        except ProviderUnavailable as error:
            self._pause(prediction, error)
            log.warning("prediction not cancelled", error=str(error)[:200])
            given_up = prediction.overdue_by_seconds >= self._limits.unreachable_seconds_max
            return UNREACHABLE if given_up else NO_ANSWER
        return TIMED_OUT if isinstance(after, Pending) else after
