"""When a vendor account is paused, when one message is tried, and when sending goes on. Pure.

An account is paused when several messages in a row failed for a reason that concerns the account. While it is paused one message
at a time is a trial; the others wait without an attempt. One success ends the pause.
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from uuid import UUID

FAILING_MAX = 5
"""So many different messages (or tenants, where a tenant's addresses can be the cause) fail before the account is paused."""
TRIAL_SECONDS_FIRST = 10.0
TRIAL_SECONDS_MAX = 300.0


@dataclass(frozen=True, kw_only=True)
class AccountState:
    """What is known of a vendor account. `failing`: what failed since the last success."""

    failing: frozenset[str] = frozenset()
    paused_at: datetime | None = None
    trials: int = 0
    next_trial_at: datetime | None = None
    trial_message: UUID | None = None
    error_code: str | None = None
    error: str | None = None


@dataclass(frozen=True, kw_only=True)
class AccountFailure:
    """The latest failure that concerns the account. `after_seconds`: the vendor's own wish."""

    code: str
    message: str
    after_seconds: float | None = None


@dataclass(frozen=True, kw_only=True)
class Outcomes:
    """What a batch of attempts says of the account. `ended`: the messages whose attempts ended, however."""

    ended: frozenset[UUID]
    succeeded: bool = False
    failing: frozenset[str] = frozenset()
    failure: AccountFailure | None = None


def admitted(state: AccountState, now: datetime, wanted: int) -> int:
    """How many messages may be claimed now, of `wanted`."""
    if state.paused_at is None or state.next_trial_at is None:
        return wanted
    return min(wanted, 1) if state.next_trial_at <= now else 0


def with_trial(state: AccountState, message: UUID, until: datetime) -> AccountState:
    """The state while `message` is tried; `until` is when its sender counts as dead."""
    return replace(state, trial_message=message, next_trial_at=until)


def after_outcomes(state: AccountState, outcomes: Outcomes, now: datetime, *, jitter: float) -> AccountState:
    """The state after some attempts have ended. `jitter` is between 0 and 1."""
    if outcomes.succeeded:
        return AccountState()
    if state.paused_at is not None:
        return _after_trial(state, outcomes, now, jitter=jitter)
    if outcomes.failure is None:
        return state
    failing = state.failing | outcomes.failing
    told = replace(state, failing=failing, error_code=outcomes.failure.code, error=outcomes.failure.message)
    if len(failing) < FAILING_MAX:
        return told
    return replace(told, paused_at=now, trials=0, next_trial_at=_next_trial(now, 0, outcomes.failure, jitter=jitter))


def _after_trial(state: AccountState, outcomes: Outcomes, now: datetime, *, jitter: float) -> AccountState:
    """Messages that were under way when the pause began say nothing new: only the trial counts."""
    if state.trial_message is None or state.trial_message not in outcomes.ended:
        return state
    if outcomes.failure is None:  # the trial ended for a reason of its own, such as a bad address: try another message
        return replace(state, trial_message=None, next_trial_at=now)
    return replace(
        state,
        trials=state.trials + 1,
        trial_message=None,
        next_trial_at=_next_trial(now, state.trials + 1, outcomes.failure, jitter=jitter),
        error_code=outcomes.failure.code,
        error=outcomes.failure.message,
    )


def _next_trial(now: datetime, trials: int, failure: AccountFailure, *, jitter: float) -> datetime:
    doubled = min(TRIAL_SECONDS_FIRST * 2.0 ** min(trials, 10), TRIAL_SECONDS_MAX)
    return now + timedelta(seconds=max(doubled * (0.5 + 0.5 * jitter), failure.after_seconds or 0.0))
