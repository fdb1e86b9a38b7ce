"""Records what webhooks and polls say of predictions, many at a time: one transaction for all that came while the last ran.

A terminal state is never overwritten, whatever comes in whatever order; a webhook counts only with its attempt's own token.
"""

import hmac
import random
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import structlog
from darkroom_contracts.items import PredictionSeen
from darkroom_contracts.topics import PLATFORM_KEY
from darkroom_servicekit.database import Transaction, UnitOfWork
from darkroom_servicekit.group_commit import GroupCommit

from darkroom_poller import poll_store
from darkroom_poller.early_store import EarlyWebhook, lock_to_park, park
from darkroom_poller.end_events import failed_event
from darkroom_poller.metrics import PollerMetrics
from darkroom_poller.predictions import (
    OUTPUT_LOST,
    Failed,
    Finished,
    Missing,
    Pending,
    Prediction,
    Progress,
    Succeeded,
    located,
    next_poll_seconds,
)
from darkroom_poller.store import Known, lock_known, mark_failed, mark_ready

SPACING_SECONDS = 0.02
"""Between transactions under load: a webhook is answered this much later at most, and one transaction serves many."""

Outcome = Literal["accepted", "progress", "repeated", "early", "forged"]

log = structlog.get_logger()


@dataclass(frozen=True)
class FromWebhook:
    """A webhook whose signature was good."""

    provider: str
    attempt_id: str
    token_sha256: str
    body: dict[str, Any]
    progress: Progress


@dataclass(frozen=True)
class FromPoll:
    """The provider's answer about a prediction that we asked for. `answered`: it said something of it."""

    attempt_id: str
    polls: int
    expected_seconds: float
    progress: Progress
    answered: bool = True


Report = FromWebhook | FromPoll


@dataclass(frozen=True)
class Collectors:
    """Where outputs go at once: how many more this replica takes now, and the way in."""

    owner: str
    lease_seconds: float
    kept_seconds: float
    room: Callable[[], int]
    take: Callable[[Sequence[Prediction]], None]
    wake: Callable[[], None]


class RecordProgress:
    """`submit` a report; its outcome comes back once it is committed."""

    def __init__(
        self, unit_of_work: UnitOfWork, collectors: Collectors, metrics: PollerMetrics, *, missing_seconds: float
    ) -> None:
        self._uow = unit_of_work
        self._missing_seconds = missing_seconds
        self._collectors = collectors
        self._metrics = metrics
        self._group: GroupCommit[Report, Outcome] = GroupCommit(self._record, spacing_seconds=SPACING_SECONDS)

    async def submit(self, report: Report) -> Outcome:
        """Record a report. Raises what the database raises, and TooManyWaiting."""
        return await self._group.submit(report)

    async def _record(self, reports: list[Report]) -> Sequence[Outcome]:
        async with self._uow.begin() as transaction:
            ids = list(dict.fromkeys(report.attempt_id for report in reports))
            known = await lock_known(transaction, ids)
            if any(_is_early(report, known) for report in reports):
                await lock_to_park(transaction)
                known |= await lock_known(transaction, [attempt_id for attempt_id in ids if attempt_id not in known])
                early = [report for report in reports if isinstance(report, FromWebhook) and _is_early(report, known)]
                if early:
                    await park(transaction, [EarlyWebhook(one.attempt_id, one.token_sha256, one.body) for one in early])
                    _tell_of(transaction, early)
            outcomes = _judge(reports, known)
            accepted = {report.attempt_id: report for report, said in zip(reports, outcomes, strict=True) if said == "accepted"}
            ends = {name: _end_of(report.progress, known[name]) for name, report in accepted.items()}
            await self._apply(transaction, ends, lost=await self._count_misses(transaction, reports))
            await poll_store.reschedule(transaction, _next_polls(reports, outcomes))
        return outcomes

    async def _count_misses(self, transaction: Transaction, reports: Sequence[Report]) -> set[str]:
        """Keep the count of look-ups that found nothing; the attempts whose predictions are lost."""
        polls = [report for report in reports if isinstance(report, FromPoll)]
        found = [report.attempt_id for report in polls if report.answered and isinstance(report.progress, Pending)]
        missed = [report.attempt_id for report in polls if isinstance(report.progress, Missing)]
        await poll_store.mark_found(transaction, found)
        lost = await poll_store.mark_missing(transaction, missed, missing_seconds=self._missing_seconds)
        if lost:
            log.error("the provider does not know predictions any more", attempts=sorted(lost))
        return lost

    async def _apply(self, transaction: Transaction, ends: Mapping[str, Succeeded | Failed], *, lost: Collection[str]) -> None:
        outputs = {name: end for name, end in ends.items() if isinstance(end, Succeeded)}
        failures = {name: end for name, end in ends.items() if isinstance(end, Failed)}
        failures = dict.fromkeys(lost, OUTPUT_LOST) | failures
        ours = await mark_ready(
            transaction,
            outputs,
            owner=self._collectors.owner,
            lease_seconds=self._collectors.lease_seconds,
            lease_max=self._collectors.room(),
            kept_seconds=self._collectors.kept_seconds,
        )
        if ours:
            transaction.after_commit(lambda: self._collectors.take(ours))
        if len(ours) < len(outputs):
            transaction.after_commit(self._collectors.wake)
        for ended in await mark_failed(transaction, failures, from_ready=False):
            publish_failure(transaction, ended, failures[ended.attempt_id], self._metrics)


def publish_failure(transaction: Transaction, ended: Prediction, failure: Failed, metrics: PollerMetrics) -> None:
    """Tell that a prediction ended without a result."""
    metrics.ends.labels(failure.code).inc()
    transaction.publish(failed_event(ended, failure), cause=ended.cause())


def _tell_of(transaction: Transaction, early: Sequence[FromWebhook]) -> None:
    """Tell the attempts' owner: where its call's answer was lost, this is how it hears that the prediction was made."""
    for one in early:
        seen = PredictionSeen(
            instance_id=PLATFORM_KEY,
            provider=one.provider,
            attempt_id=one.attempt_id,
            prediction_id=str(one.body["id"]),
            callback_token_sha256=one.token_sha256,
        )
        transaction.publish(seen)


def _is_early(report: Report, known: dict[str, Known]) -> bool:
    """A webhook that tells of a prediction's end before it is filed; one without its output, too."""
    return report.attempt_id not in known and isinstance(report, FromWebhook) and not isinstance(report.progress, Pending)


def _judge(reports: Sequence[Report], known: dict[str, Known]) -> list[Outcome]:
    """What each report is; of several that end one prediction the first is accepted."""
    outcomes: list[Outcome] = []
    taken: set[str] = set()
    for report in reports:
        filed = known.get(report.attempt_id)
        if isinstance(report, FromWebhook) and filed and not _fits(report, filed):
            outcomes.append("forged")
        elif isinstance(report.progress, Pending) or (isinstance(report.progress, Missing) and filed):
            outcomes.append("progress")
        elif filed is None:
            outcomes.append("early" if isinstance(report, FromWebhook) else "repeated")
        elif filed.state != "IN_FLIGHT" or report.attempt_id in taken:
            outcomes.append("repeated")
        else:
            taken.add(report.attempt_id)
            outcomes.append("accepted")
    return outcomes


def _end_of(progress: Progress, filed: Known) -> Succeeded | Failed:
    assert isinstance(progress, Finished | Failed), "only ends are accepted"
    return located(progress, filed.output_terms) if isinstance(progress, Finished) else progress


def _fits(report: FromWebhook, filed: Known) -> bool:
    same_token = hmac.compare_digest(report.token_sha256, filed.token_sha256)
    return same_token and report.body.get("id") == filed.prediction_id


def _next_polls(reports: Sequence[Report], outcomes: Sequence[Outcome]) -> dict[str, float]:
    """What is not known goes on being asked for; where a webhook told of an end that it does not show, at once."""
    told = zip(reports, outcomes, strict=True)
    delays = {one.attempt_id: 0.0 for one, said in told if said == "progress" and isinstance(one.progress, Missing)}
    return delays | {
        report.attempt_id: next_poll_seconds(report.polls, report.expected_seconds, random.random())
        for report in reports
        if isinstance(report, FromPoll) and isinstance(report.progress, Pending | Missing)
    }
