"""Calls without an answer, and calls whose replica died: settled by the provider's own list before anything is sent again.

Found: the attempt goes on as created. Not found for the settling time, by lists that could be read: it did not happen. An
attempt is recognised by its id and token in the webhook address; where there are no webhooks, by an equal input of a
prediction that no attempt owns (any of two equal calls may own it), and never while an equal call is under way.
"""

import asyncio
import hmac
from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta

import structlog
from darkroom_servicekit.auth import token_digest
from darkroom_servicekit.database import UnitOfWork

from darkroom_predictor.attempt_store import AttemptTable, UnknownAttempt
from darkroom_predictor.fail_attempts import FailAttempts, Failure
from darkroom_predictor.fair_queue import Hints
from darkroom_predictor.items import Then
from darkroom_predictor.metrics import PredictorMetrics
from darkroom_predictor.providers.door import Accepted, Listed, LookUpFailed, ProviderDoor
from darkroom_predictor.record_outcomes import EndedCall, RecordOutcomes, SettleTimes

CLOCK_MARGIN = timedelta(seconds=60)
"""How far the provider's clock may be behind ours: a list is read from so long before the first call in question."""

log = structlog.get_logger()


class SettleUnanswered:
    """Settles one provider's unknown attempts, in any replica."""

    def __init__(
        self,
        door: ProviderDoor,
        attempt_table: AttemptTable,
        unit_of_work: UnitOfWork,
        record_outcomes: RecordOutcomes,
        fail_attempts: FailAttempts,
        *,
        metrics: PredictorMetrics,
        tell: Callable[[Mapping[str, Hints]], None],
        times: SettleTimes,
    ) -> None:
        self._door = door
        self._attempt_table = attempt_table
        self._unit_of_work = unit_of_work
        self._record_outcomes = record_outcomes
        self._fail_attempts = fail_attempts
        self._metrics = metrics
        self._tell = tell
        self._times = times

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
        settled = 0
        for account in sorted({attempt.account for attempt in due}):
            settled += await self._settle(account, [attempt for attempt in due if attempt.account == account])
        return settled

    async def _settle(self, account: str, attempts: Sequence[UnknownAttempt]) -> int:
        since = min(attempt.granted_at for attempt in attempts) - CLOCK_MARGIN
        try:
            listed = await self._door.listed_since(account, since)
        except LookUpFailed as error:
            log.warning("provider's list not readable, unanswered calls wait", account=account, error=str(error)[:200])
            return 0
        found = match_by_token(attempts, listed)
        if not self._door.webhook_expected:
            known = await self._attempt_table.known_predictions([one.prediction_id for one in listed])
            found |= match_by_input(attempts, [one for one in listed if one.prediction_id not in known], taken=found)
        lost = [attempt for attempt in attempts if attempt.attempt_id not in found and attempt.overdue]
        await self._write(found, lost)
        for word, count in (("found", len(found)), ("lost", len(lost))):
            if count:
                log.warning("unanswered calls settled", account=account, settled_as=word, calls=count)
                self._metrics.settled.labels(word).inc(count)
        return len(found) + len(lost)

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


def match_by_token(attempts: Sequence[UnknownAttempt], listed: Sequence[Listed]) -> dict[str, Listed]:
    """The predictions whose webhook address carries an attempt's id and its own token."""
    by_attempt = {one.attempt_id: one for one in listed if one.attempt_id and one.callback_token}
    found: dict[str, Listed] = {}
    for attempt in attempts:
        one = by_attempt.get(attempt.attempt_id)
        if one and hmac.compare_digest(token_digest(one.callback_token or ""), attempt.callback_token_sha256):
            found[attempt.attempt_id] = one
    return found


def match_by_input(
    attempts: Sequence[UnknownAttempt], unowned: Sequence[Listed], *, taken: Mapping[str, Listed]
) -> dict[str, Listed]:
    """Predictions that no attempt owns, each given to one attempt with an equal input, oldest call first."""
    free = [one for one in unowned if one.attempt_id is None and one not in taken.values()]
    found: dict[str, Listed] = {}
    for attempt in sorted(attempts, key=lambda attempt: attempt.granted_at):
        if attempt.rivals or attempt.attempt_id in taken:
            continue
        equal = [one for one in free if one.input == attempt.input and one.created_at >= attempt.granted_at - CLOCK_MARGIN]
        if equal:
            found[attempt.attempt_id] = min(equal, key=lambda one: one.created_at)
            free.remove(found[attempt.attempt_id])
    return found
