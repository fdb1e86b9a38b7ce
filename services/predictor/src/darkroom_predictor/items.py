"""An item of the queue as the predictor sees it, and what a failed attempt means for it. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum

from darkroom_contracts.envelope import Envelope
from darkroom_contracts.jobs import OutputTerms

JITTER_SHARE = 0.2
"""A backoff is stretched or shortened by up to this share, so that retries of one outage do not come back as one."""
OUT_OF_ATTEMPTS = "out-of-attempts"
"""The code of an item whose failures by their nature allow another attempt, but which has none left: a dead letter."""


@dataclass(frozen=True, kw_only=True)
class Item:
    """What events and retries need to know of an item. `cause` is the envelope of its ItemRequested."""

    item_id: int
    instance_id: str
    job_id: int
    image_id: str
    provider: str
    model: str
    expected_seconds: float
    cancel_after_seconds: int
    attempts_max: int
    backoff_seconds: Sequence[float]
    attempts: int
    attempts_counted: int
    reached_provider: bool
    redriven: bool = False
    caller_fields: Sequence[str] | None = None
    """The keys of its input that the caller fills; None: not known."""
    output_terms: OutputTerms | None = None
    """What its ItemRequested says of the provider's output, for the poller; None: nothing."""
    cause: Envelope
    stopped_by: Envelope | None = None
    """The request to cancel it, while it could not end at once."""


class Then(Enum):
    """What a failure by its nature allows."""

    RETRY = "counted, tried again after a backoff while attempts are left"
    RETURN = "not counted: back to the head of its tenant, its turn not charged"
    END = "never tried again"


@dataclass(frozen=True, kw_only=True)
class Wait:
    """The item waits again, for at least so long."""

    delay_seconds: float
    counted: bool


@dataclass(frozen=True, kw_only=True)
class End:
    """The item has failed for good."""

    code: str


@dataclass(frozen=True)
class Stop:
    """The item was asked to be cancelled, and now it can be."""


def after_failure(item: Item, then: Then, code: str, *, chance: float) -> Wait | End | Stop:
    """What becomes of an item whose attempt (already in `attempts_counted`) failed. `chance` in [0, 1) is the jitter.

    An item that is to be cancelled is not tried again; what failed for good by itself has failed, asked or not.
    """
    if then is Then.END:
        return End(code=code)
    if item.stopped_by is not None:
        return Stop()
    if then is Then.RETURN:
        return Wait(delay_seconds=0.0, counted=False)
    if item.attempts_counted >= item.attempts_max:
        return End(code=OUT_OF_ATTEMPTS)
    place = min(item.attempts_counted, len(item.backoff_seconds)) - 1
    backoff = item.backoff_seconds[place] if item.backoff_seconds else 0.0
    return Wait(delay_seconds=backoff * (1 + JITTER_SHARE * (2 * chance - 1)), counted=True)
