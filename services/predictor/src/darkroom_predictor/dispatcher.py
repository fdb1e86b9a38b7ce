"""Turns into calls: fair turns are taken, claimed and called, without waiting for the slow calls of the last round.

It sleeps until something may start: woken by filed items and freed places, or by the limiter's own word when. Of any state it
holds nothing that a crash could lose: attempts are written before, and settled by look-up after.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, replace
from time import monotonic

import structlog
import uuid_utils
from darkroom_servicekit.loops import set_within
from darkroom_servicekit.operator_detail import operator_detail

from darkroom_predictor.claim_turns import Call, ClaimTurns
from darkroom_predictor.fair_queue import FairQueue, Grant, Hints, LimiterClosed, Turns
from darkroom_predictor.heed_answers import HeedAnswers
from darkroom_predictor.limiter import Limiter
from darkroom_predictor.metrics import PredictorMetrics
from darkroom_predictor.providers.door import Accepted, Creation, Outcome, ProviderDoor, Unanswered
from darkroom_predictor.record_outcomes import EndedCall
from darkroom_predictor.write_outcomes import WriteOutcomes

SLEEP_SECONDS_MAX = 5.0
"""A dispatcher looks by itself this often: for what other replicas filed or freed and died before they could use it."""
ENDING_SECONDS_MAX = 12.0
HINTS_MAX = 10_000

log = structlog.get_logger()


@dataclass(frozen=True, kw_only=True)
class DispatchBounds:
    """The dispatcher's bounds. `send_within_seconds` of a grant lies below D, so that the wire has its share of it."""

    turns_max: int
    calls_max: int
    send_within_seconds: float


class Dispatcher:
    """The dispatcher of one provider in this replica."""

    def __init__(
        self,
        door: ProviderDoor,
        queue: FairQueue,
        limiter: Limiter,
        claim_turns: ClaimTurns,
        write_outcome: WriteOutcomes,
        heed: HeedAnswers,
        metrics: PredictorMetrics,
        *,
        bounds: DispatchBounds,
    ) -> None:
        self._door = door
        self._queue = queue
        self._limiter = limiter
        self._claim_turns = claim_turns
        self._write_outcome = write_outcome
        self._heed = heed
        self._metrics = metrics
        self._bounds = bounds
        self._hints = Hints()
        self._woken = asyncio.Event()
        self._calls: set[asyncio.Task[None]] = set()
        self.rounds = 0
        self._asked_at = monotonic()
        metrics.watch_rounds(door.name, lambda: monotonic() - self._asked_at)

    def tell(self, hints: Hints) -> None:
        """Redis should hear of this, and something may start. Never fails: a lost hint is repaired from the table."""
        self._hints.add(hints)
        self._woken.set()

    async def run(self) -> None:
        """Dispatch until cancelled; raises when a dependency is away, to be started again by its loop."""
        while True:
            self._woken.clear()
            try:
                await self._limiter.ensure_open()
                wait_seconds = await self._round()
                self._asked_at = monotonic()
            except LimiterClosed as error:
                self._queue.leave()
                log.warning("limiter closed, rebuilding", provider=self._door.name, reason=str(error))
                continue
            if wait_seconds != 0:
                await set_within(self._woken, min(SLEEP_SECONDS_MAX, SLEEP_SECONDS_MAX if wait_seconds is None else wait_seconds))

    async def close(self) -> None:
        """Let the calls under way end and be recorded."""
        if self._calls:
            await asyncio.wait(self._calls, timeout=ENDING_SECONDS_MAX)

    async def _round(self) -> float | None:
        """Take turns and start their calls; when to come again."""
        self.rounds += 1
        await self._pass_on_hints()
        places = min(self._bounds.turns_max, self._bounds.calls_max - len(self._calls))
        if places <= 0:
            return None
        attempt_ids = [str(uuid_utils.uuid7()) for _ in range(places)]
        turns = await self._queue.take(attempt_ids, self._door.accounts)
        if turns.grants:
            self._metrics.grants.inc(len(turns.grants))
            calls = await self._claim(turns)
            for call in calls:
                task = asyncio.create_task(self._call(call))
                self._calls.add(task)
                task.add_done_callback(self._ended)
            if len(calls) < len(turns.grants):
                self._burn(turns.grants, calls)
        return turns.wait_seconds

    async def _pass_on_hints(self) -> None:
        hints, self._hints = self._hints, Hints()
        if not hints:
            return
        try:
            await self._queue.tell(hints)
            await self._heed.runs(hints.ran)
        except BaseException:
            # Telling Redis twice changes nothing; what is too much to keep is repaired from the table.
            hints.add(self._hints)
            self._hints = hints if len(hints) <= HINTS_MAX else Hints()
            raise

    async def _claim(self, turns: Turns) -> list[Call]:
        try:
            return await self._claim_turns(turns)
        except BaseException:
            # The table could not be written: the items wait on, at the head; their turns are burned.
            given_back = [(grant.place, grant.attempt_id) for grant in turns.grants]
            released = [(grant.account, grant.attempt_id) for grant in turns.grants]
            self._hints.add(Hints(given_back=given_back, released=released))
            self._metrics.burned.labels(reason="not-claimed").inc(len(turns.grants))
            raise

    def _burn(self, grants: Sequence[Grant], calls: Sequence[Call]) -> None:
        """Turns whose item was not waiting any more: their place in the window stays used, their slot is freed."""
        claimed = {call.grant.attempt_id for call in calls}
        unused = [(grant.account, grant.attempt_id) for grant in grants if grant.attempt_id not in claimed]
        self._metrics.burned.labels(reason="not-waiting").inc(len(unused))
        self.tell(Hints(released=unused))

    async def _call(self, call: Call) -> None:
        claimed = call.claimed
        creation = Creation(
            attempt_id=claimed.attempt_id,
            account=claimed.account,
            model=claimed.item.model,
            input_json=claimed.input_json,
            cancel_after_seconds=claimed.item.cancel_after_seconds,
            callback_token=call.callback_token,
            send_before=call.grant.asked_at + self._bounds.send_within_seconds,
        )
        outcome = await self._create(creation)
        if not isinstance(outcome, Accepted):  # it goes into logs, rows and events, and may repeat the webhook address
            outcome = replace(outcome, message=operator_detail(outcome.message))
        outcome = await self._heed.judge(claimed.item, outcome)
        self._metrics.outcome(outcome, provider=claimed.item.provider, model=claimed.item.model)
        if await self._heed(claimed.account, claimed.item, outcome, probe=call.grant.probe):
            self._woken.set()
        try:
            await self._write_outcome(EndedCall(attempt_id=claimed.attempt_id, outcome=outcome, step=call.grant.step))
        except Exception as error:
            # Its lease runs out, and then a look-up settles it.
            log.error("outcome not recorded", attempt_id=claimed.attempt_id, error=repr(error)[:300])

    async def _create(self, creation: Creation) -> Outcome:
        try:
            return await self._door.create(creation)
        except Exception as error:  # a fault of ours must not lose what may have been paid for
            log.error("the provider's door failed", attempt_id=creation.attempt_id, exc_info=error)
            return Unanswered(message=f"{type(error).__name__}: {error}", ours=True)

    def _ended(self, task: asyncio.Task[None]) -> None:
        if len(self._calls) >= self._bounds.calls_max:
            self._woken.set()
        self._calls.discard(task)
