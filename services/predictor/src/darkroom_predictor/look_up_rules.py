"""Rules of settling by the provider's list: what to ask for, which listed prediction belongs to which call. Pure."""

import hmac
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from darkroom_servicekit.auth import token_digest

from darkroom_predictor.attempt_store import UnknownAttempt
from darkroom_predictor.providers.door import Listed

CLOCK_MARGIN = timedelta(seconds=60)
"""How far the provider's clock may differ from ours."""
MADE_WITHIN = timedelta(seconds=120)
"""From a grant to the prediction, the provider's own delay included."""
WINDOW_SPAN = timedelta(seconds=120)
"""Calls that were granted within this time are looked up together."""


@dataclass(frozen=True, kw_only=True)
class Window:
    """A part of the provider's list: predictions created from `since` on and before `until`, and the calls they may belong to."""

    since: datetime
    until: datetime
    attempts: Sequence[UnknownAttempt]


@dataclass(frozen=True, kw_only=True)
class Reading:
    """What could be read of a window, newest first. `complete`: nothing of it is hidden."""

    listed: Sequence[Listed]
    complete: bool

    def decides(self, attempt: UnknownAttempt) -> bool:
        """Whether the attempt's prediction, had one been made, would be among what was read."""
        times = [one.created_at for one in self.listed if one.created_at]
        return self.complete or (bool(times) and attempt.granted_at - CLOCK_MARGIN > min(times))


def windows(attempts: Sequence[UnknownAttempt]) -> list[Window]:
    """Short parts of the list that together hold whatever these calls may have made, the oldest first."""
    groups: list[list[UnknownAttempt]] = []
    for attempt in sorted(attempts, key=lambda one: one.granted_at):
        if groups and attempt.granted_at - groups[-1][0].granted_at <= WINDOW_SPAN:
            groups[-1].append(attempt)
        else:
            groups.append([attempt])
    return [
        Window(
            since=group[0].granted_at - CLOCK_MARGIN,
            until=group[-1].granted_at + MADE_WITHIN + CLOCK_MARGIN,
            attempts=group,
        )
        for group in groups
    ]


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
    """Predictions that no attempt owns and that show no webhook, each given to one attempt with an equal input.

    The oldest call comes first. Of an entry without a readable time the provider's own filter vouches for the time.
    """
    free = [one for one in unowned if not one.has_webhook and one not in taken.values()]
    found: dict[str, Listed] = {}
    for attempt in sorted(attempts, key=lambda attempt: attempt.granted_at):
        if attempt.rivals or attempt.attempt_id in taken:
            continue
        earliest = attempt.granted_at - CLOCK_MARGIN
        equal = [one for one in free if one.input == attempt.input and (one.created_at or earliest) >= earliest]
        if equal:
            found[attempt.attempt_id] = min(equal, key=lambda one: one.created_at or earliest)
            free.remove(found[attempt.attempt_id])
    return found
