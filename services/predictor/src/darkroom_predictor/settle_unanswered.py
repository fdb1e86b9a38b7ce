"""Calls without an answer, and calls whose replica died: settled by the provider's own list before anything is sent again.

A call whose prediction is listed goes on as created. A call that is not listed after the settling time, in a list that could
be read, did not happen. An attempt is recognised by its id and token in the webhook address; where the list shows no webhooks,
by an equal input of a prediction that no attempt owns (any of two equal calls may own it), and never while an equal call is
under way. The list is read in short windows of time, so that what cannot be read hides no more than its own window.
"""

import asyncio
from collections.abc import Callable, Mapping, Sequence

import structlog
from darkroom_servicekit.auth import token_digest
from darkroom_servicekit.database import UnitOfWork
from darkroom_servicekit.doctor import uuids

from darkroom_predictor.attempt_store import AttemptTable, UnknownAttempt
from darkroom_predictor.fail_attempts import FailAttempts, Failure
from darkroom_predictor.fair_queue import Hints
from darkroom_predictor.items import Then
from darkroom_predictor.look_up_rules import Reading, Window, match_by_input, match_by_token, windows
from darkroom_predictor.metrics import PredictorMetrics
from darkroom_predictor.providers.door import Accepted, Listed
from darkroom_predictor.read_lists import BudgetSpent, ReadLists
from darkroom_predictor.record_outcomes import EndedCall, RecordOutcomes, SettleTimes
from darkroom_predictor.stray_store import SeenPrediction

FAILED_WINDOWS_MAX = 3
"""After so many windows of an account that could not be read, its list is left alone until the next round."""

log = structlog.get_logger()


class SettleUnanswered:
    """Settles one provider's unknown attempts, in any replica."""

    def __init__(
        self,
        lists: ReadLists,
        attempt_table: AttemptTable,
        unit_of_work: UnitOfWork,
        record_outcomes: RecordOutcomes,
        fail_attempts: FailAttempts,
        *,
        metrics: PredictorMetrics,
        tell: Callable[[Mapping[str, Hints]], None],
        times: SettleTimes,
    ) -> None:
        self._lists = lists
        self._door = lists.door
        self._attempt_table = attempt_table
        self._unit_of_work = unit_of_work
        self._record_outcomes = record_outcomes
        self._fail_attempts = fail_attempts
        self._metrics = metrics
        self._tell = tell
        self._times = times
        self._begin_with: dict[str, int] = {}
        """By account, the window with which the next round begins."""

    async def run(self) -> None:
        """Settle until cancelled."""
        while True:
            await self.settle_due()
            await asyncio.sleep(self._times.every_seconds)

    async def settle_due(self) -> int:
        """Look up what is due; how many were settled."""
        due = await self._attempt_table.due_for_look_up(
            self._door.accounts, every_seconds=self._times.every_seconds, settle_seconds=self._times.unanswered_seconds
        )
        accounts = sorted({attempt.account for attempt in due})
        async with asyncio.TaskGroup() as group:
            tasks = [
                group.create_task(self._settle(account, [attempt for attempt in due if attempt.account == account]))
                for account in accounts
            ]
        return sum(task.result() for task in tasks)

    async def _settle(self, account: str, attempts: Sequence[UnknownAttempt]) -> int:
        """Read the windows in turn, beginning behind those of the last round, so that none keeps the others from being read."""
        settled = unread = 0
        found = windows(attempts)
        first = self._begin_with.get(account, 0) % len(found)
        for read, window in enumerate(found[first:] + found[:first]):
            self._begin_with[account] = first + read
            try:
                reading = await self._lists.read(account, window)
            except BudgetSpent:
                log.warning("no requests left, unanswered calls wait", account=account)
                return settled
            self._begin_with[account] += 1
            settled += await self._settle_window(account, window, reading)
            unread += not reading.complete
            if unread == FAILED_WINDOWS_MAX:
                break
        return settled

    async def _settle_window(self, account: str, window: Window, reading: Reading) -> int:
        attempts = window.attempts
        await self._record_strays(reading.listed)
        found = match_by_token(attempts, reading.listed)
        silent = [one for one in reading.listed if not one.has_webhook]
        known = await self._attempt_table.known_predictions([one.prediction_id for one in silent]) if silent else set()
        if known and self._door.webhook_expected:
            self._metrics.listed_without_webhook.inc(len(known))
            log.error("provider lists our predictions without their webhooks: looking for inputs", account=account)
        if not any(one.attempt_id for one in reading.listed):
            found |= match_by_input(attempts, [one for one in silent if one.prediction_id not in known], taken=found)
        lost = [one for one in attempts if one.attempt_id not in found and one.overdue and reading.decides(one)]
        await self._write(found, lost)
        for word, count in (("found", len(found)), ("lost", len(lost))):
            if count:
                log.warning("unanswered calls settled", account=account, settled_as=word, calls=count)
                self._metrics.settled.labels(word).inc(count)
        return len(found) + len(lost)

    async def _record_strays(self, listed: Sequence[Listed]) -> None:
        """Record listed predictions whose webhook address carries an ended attempt's id and its own token."""
        known = set(uuids([one.attempt_id for one in listed if one.attempt_id]))
        seen = [
            SeenPrediction(
                attempt_id=one.attempt_id, prediction_id=one.prediction_id, token_sha256=token_digest(one.callback_token)
            )
            for one in listed
            if one.attempt_id in known and one.attempt_id and one.callback_token
        ]
        if seen:
            async with self._unit_of_work.begin() as transaction:
                await self._record_outcomes.strays.record(transaction, seen, found_by="list")

    async def _write(self, found: Mapping[str, Listed], lost: Sequence[UnknownAttempt]) -> None:
        ended = [EndedCall(attempt_id=one, outcome=Accepted(prediction_id=listed.prediction_id)) for one, listed in found.items()]
        failures = [
            Failure(
                attempt_id=one.attempt_id,
                code="provider-error",
                message=f"The studio did not answer ({one.message}).",
                then=Then.RETRY,
                never_made=True,
            )
            for one in lost
        ]
        if not ended and not failures:
            return
        async with self._unit_of_work.begin() as transaction:
            await self._record_outcomes(transaction, ended)
            hints = await self._fail_attempts(transaction, failures)
            transaction.after_commit(lambda: self._tell(hints))
