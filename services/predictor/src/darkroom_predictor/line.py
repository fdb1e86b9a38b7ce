"""One provider's line through a replica: door, fair queue, limiter, dispatcher, settling. Built once per provider."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from uuid import uuid4

import structlog
from darkroom_servicekit.runtime import Runtime
from darkroom_servicekit.storage import ObjectStore

from darkroom_predictor.attempt_store import AttemptTable
from darkroom_predictor.cancel_predictions import CancelPredictions
from darkroom_predictor.cancel_store import CancelTable
from darkroom_predictor.claim_turns import ClaimTurns
from darkroom_predictor.dispatcher import DispatchBounds, Dispatcher
from darkroom_predictor.fail_attempts import FailAttempts
from darkroom_predictor.fair_queue import FairQueue, Hints, LimiterClosed
from darkroom_predictor.fault_store import forget_mended
from darkroom_predictor.give_up_models import GiveUpModels
from darkroom_predictor.heed_answers import HeedAnswers
from darkroom_predictor.judge_refusals import JudgeRefusals
from darkroom_predictor.keep_attempts import KeepAttempts, Lifetimes
from darkroom_predictor.limiter import Limiter
from darkroom_predictor.limiter_controls import BreakerBounds, LimiterControls
from darkroom_predictor.limits import AccountLimits
from darkroom_predictor.limits_store import LimitsTable
from darkroom_predictor.metrics import PredictorMetrics
from darkroom_predictor.name_accounts import NameAccounts
from darkroom_predictor.providers.door import ProviderDoor
from darkroom_predictor.queue_store import QueueTable
from darkroom_predictor.read_lists import ReadLists
from darkroom_predictor.rebuild_lease import RebuildLease
from darkroom_predictor.record_outcomes import RecordOutcomes, SettleTimes
from darkroom_predictor.request_budget import RequestBudget
from darkroom_predictor.settings import PredictorSettings
from darkroom_predictor.settle_unanswered import SettleUnanswered
from darkroom_predictor.stage_outputs import StageOutputs
from darkroom_predictor.stray_predictions import StrayPredictions
from darkroom_predictor.terms_store import TermsTable
from darkroom_predictor.write_outcomes import WriteOutcomes

SENDER_SHARE = 0.8
"""Of D: the last moment at which a call may leave; the rest is for the wire."""

FAULT_SETTLED_SECONDS = 2.0
"""A fault is recorded before its model's breaker opens."""

log = structlog.get_logger()

Tell = Callable[[Mapping[str, Hints]], None]


class ProviderLine:
    """What carries one provider's items in this replica."""

    def __init__(
        self,
        runtime: Runtime,
        settings: PredictorSettings,
        door: ProviderDoor,
        *,
        others: Sequence[str],
        limits: Sequence[AccountLimits],
        fail_attempts: FailAttempts,
        metrics: PredictorMetrics,
        tell: Tell,
    ) -> None:
        unit_of_work = runtime.unit_of_work
        owner = f"{settings.replica_name()}:{uuid4()}"
        self.door = door
        self.queue = FairQueue(
            settings.redis_url,
            door.name,
            window_seconds=settings.window_seconds,
            grant_seconds_max=settings.grant_seconds_max,
            others=others,
        )
        self.controls = LimiterControls(self.queue, _breaker_bounds(settings))
        attempt_table = AttemptTable(unit_of_work, door.name, owner=owner, former_owners=f"{settings.replica_name()}:")
        times = _settle_times(settings)
        budget = RequestBudget(unit_of_work, door.name, per_minute=settings.provider_requests_per_minute)
        self.cancel, self.cancel_strays = (
            CancelPredictions(door, unit_of_work, metrics, budget=budget, table=table)
            for table in (CancelTable(door.name, "attempts"), CancelTable(door.name, "stray_predictions"))
        )
        self.strays = StrayPredictions(door.name, metrics, cancels_due=self.cancel_strays.wake)
        self.record_outcomes = record_outcomes = RecordOutcomes(
            fail_attempts,
            webhook_expected=door.webhook_expected,
            times=times,
            strays=self.strays,
            cancels_due=self.cancel.wake,
        )
        self.limits = LimitsTable(unit_of_work, door.name, defaults=limits)
        guarded_seconds = settings.window_seconds + settings.grant_seconds_max
        self.limiter = Limiter(
            self.queue,
            QueueTable(unit_of_work, door.name),
            attempt_table,
            TermsTable(unit_of_work),
            limits=self.limits,
            lease=RebuildLease(unit_of_work, door.name, guarded_seconds=guarded_seconds),
            name_accounts=NameAccounts(unit_of_work, door.name, door.accounts, guarded_seconds=guarded_seconds),
            guarded_seconds=guarded_seconds,
        )
        self.dispatcher = Dispatcher(
            door,
            self.queue,
            self.limiter,
            ClaimTurns(unit_of_work, door.name, owner=owner, lease_seconds=settings.call_lease_seconds),
            WriteOutcomes(unit_of_work, record_outcomes, tell, stage_outputs=StageOutputs(_storage(settings))),
            HeedAnswers(
                self.controls,
                metrics,
                judge=JudgeRefusals(unit_of_work),
                throttle_seconds=settings.throttle_seconds,
                retry_seconds=settings.account_stop_seconds,
            ),
            metrics,
            bounds=_dispatch_bounds(settings),
        )
        self.settle = SettleUnanswered(
            ReadLists(door, budget),
            attempt_table,
            unit_of_work,
            record_outcomes,
            fail_attempts,
            metrics=metrics,
            tell=tell,
            times=times,
        )
        self.keep_attempts = KeepAttempts(
            door, unit_of_work, fail_attempts, metrics, tell=tell, lifetimes=Lifetimes(settings.attempt_abandon_seconds)
        )
        self._give_up_models = GiveUpModels(
            unit_of_work, door.name, self.controls, tell=tell, wait_seconds_max=settings.model_wait_seconds_max
        )
        self._metrics = metrics
        self._unit_of_work = unit_of_work
        self._repair_every_seconds = settings.repair_every_seconds

    def start(self, runtime: Runtime) -> None:
        """Register the loops, and what is to be closed."""
        runtime.loop(f"dispatch {self.door.name}", self.dispatcher.run)
        runtime.loop(f"settle {self.door.name}", self.settle.run)
        runtime.loop(f"cancel {self.door.name}", self.cancel.run)
        runtime.loop(f"strays {self.door.name}", self.cancel_strays.run)
        runtime.loop(f"attempts {self.door.name}", self.keep_attempts.run)
        runtime.loop(f"repair {self.door.name}", self._keep_repaired)
        runtime.on_close(self.door.close)
        runtime.on_close(self.queue.close)
        runtime.on_close(self.dispatcher.close)

    async def _keep_repaired(self) -> None:
        while True:
            found = await self.limiter.repair()
            await self._give_up_models()
            await self._forget_mended_faults()
            if found:
                self._metrics.repaired.inc(found)
                self.dispatcher.tell(Hints())
            await asyncio.sleep(self._repair_every_seconds)

    async def _forget_mended_faults(self) -> None:
        """A model whose breaker has closed is no longer closed for a fault of ours."""
        try:
            closed = [one.model for one in await self.controls.models() if one.open_seconds is not None]
        except LimiterClosed:
            return
        async with self._unit_of_work.begin() as transaction:
            mended = await forget_mended(transaction, self.door.name, closed, settled_seconds=FAULT_SETTLED_SECONDS)
        if mended:
            log.warning("models closed for a fault of ours are called again", provider=self.door.name, models=mended)


def _breaker_bounds(settings: PredictorSettings) -> BreakerBounds:
    return BreakerBounds(
        failures=settings.breaker_failures,
        tenants=settings.breaker_tenants,
        pause_seconds=settings.breaker_pause_seconds,
        pause_seconds_max=settings.breaker_pause_seconds_max,
    )


def _storage(settings: PredictorSettings) -> ObjectStore | None:
    return ObjectStore(settings.storage_url) if settings.storage_url else None


def _settle_times(settings: PredictorSettings) -> SettleTimes:
    return SettleTimes(
        every_seconds=settings.look_up_every_seconds,
        unanswered_seconds=settings.unknown_settle_seconds,
        retell_margin_seconds=settings.retell_margin_seconds,
    )


def _dispatch_bounds(settings: PredictorSettings) -> DispatchBounds:
    return DispatchBounds(
        turns_max=settings.turns_max,
        calls_max=settings.calls_max,
        send_within_seconds=settings.grant_seconds_max * SENDER_SHARE,
    )
