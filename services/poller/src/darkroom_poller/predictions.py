"""Predictions in flight: what is known of one, how it can go on, when to ask for it. Pure."""

import json
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Literal

from darkroom_contracts.envelope import Envelope
from darkroom_contracts.items import RESULTS_MAX, Fault, StoredPicture
from darkroom_contracts.jobs import OutputTerms
from darkroom_contracts.predictions import PredictionCreated
from darkroom_servicekit.operator_detail import operator_detail

from darkroom_poller.json_pointer import PointsNowhere, pointed_at
from darkroom_poller.output_shapes import output_address, output_addresses

State = Literal["IN_FLIGHT", "OUTPUT_READY", "STORED", "FAILED"]

WEBHOOK_PATIENCE = 1.5
"""With a webhook to be expected: the first poll comes after this many usual durations and WEBHOOK_GRACE_SECONDS."""
WEBHOOK_GRACE_SECONDS = 3.0
BLIND_SHARE = 0.5
"""Without one: after this share of the usual duration."""
FIRST_POLL_SECONDS_MIN = 0.5
BACKOFF_SHARE = 0.2
"""Of the usual duration: between the first two polls, so that a model that takes minutes is not asked for every two seconds."""
BACKOFF_SECONDS_FIRST = 2.0
BACKOFF_SECONDS_MAX = 30.0
JITTER = 0.2

MISSES_MIN = 3
"""So many look-ups in a row must miss a prediction, over a time of its own, before it counts as lost."""

PREDICT_SECONDS_MAX = 1_000_000
"""A provider's own figure beyond this is no figure."""

FETCH_BACKOFF_SECONDS_FIRST = 1.0
FETCH_BACKOFF_SECONDS_MAX = 60.0


@dataclass(frozen=True)
class Pending:
    """Not ended. A status that we do not know is not `known`: someone should look."""

    status: str
    known: bool = True


@dataclass(frozen=True)
class Missing:
    """The provider does not show the prediction, or the output of a finished one. One such answer proves nothing."""

    what: Literal["prediction", "output"]


@dataclass(frozen=True)
class Finished:
    """The provider finished the prediction. The terms of its product say where in `output` the picture stands."""

    output: object
    predict_seconds: float | None = None
    completed_at: datetime | None = None
    """By the provider's clock: it keeps the output for so long from then on."""


@dataclass(frozen=True)
class Succeeded:
    """The picture has an address: https, `data:`, or `stored:` and the key under which the predictor stored it."""

    output_address: str
    predict_seconds: float | None = None
    completed_at: datetime | None = None
    more_addresses: tuple[str, ...] = ()
    """Of the pictures behind the first, where the row takes all of a list."""


@dataclass(frozen=True)
class Failed:
    """Ended without a usable output. `code` is one of the platform's stable words, `message` its sentence for a customer.

    `detail` is what the provider said, for operators.
    """

    code: str
    message: str
    retryable: bool
    detail: str | None = None

    @property
    def fault(self) -> Fault:
        """Whose failure it is; the code says it, so that an end which is told again says the same."""
        return FAULTS.get(self.code, "provider")


FAULTS: Mapping[str, Fault] = {
    "moderation": "input",
    "bad-input": "input",
    "output-unusable": "platform",
    "output-lost": "platform",
    "provider-unreachable": "platform",
}
"""By code. A picture that we could not read, fetch or ask about proves nothing against the model or the tenant."""

Progress = Pending | Missing | Finished | Failed
"""As a provider reports it."""

UNUSABLE_OUTPUT = Failed(
    "output-unusable", "The studio sent back something that is not a usable picture. It costs you nothing.", retryable=False
)
TIMED_OUT = Failed("provider-timeout", "The studio took too long over this picture.", retryable=True)
UNREACHABLE = Failed("provider-unreachable", "The studio could not be asked how this picture went.", retryable=True)
OUTPUT_LOST = Failed("output-lost", "The finished picture could not be fetched from the studio in time.", retryable=True)


@dataclass(frozen=True, kw_only=True)
class Prediction:
    """A row of the table, as far as rules and use cases need it. Ages are by the database's clock."""

    attempt_id: str
    instance_id: str
    job_id: int
    item_id: int
    image_id: str
    attempt: int
    provider: str
    account: str
    prediction_id: str
    polls: int
    expected_seconds: float
    overdue_by_seconds: float
    output_address: str | None
    more_addresses: tuple[str, ...]
    pictures: tuple[StoredPicture, ...]
    """Those of several that are stored, in the order of their addresses."""
    predict_seconds: float | None
    ready_for_seconds: float | None
    expires_in_seconds: float | None
    fetch_attempts: int
    gone_attempts: int
    refused_sha256: str | None
    output_terms: OutputTerms | None
    cause_id: str
    correlation_id: str | None
    traceparent: str | None

    @property
    def addresses(self) -> tuple[str, ...]:
        """Of all its pictures."""
        return (self.output_address or "", *self.more_addresses)

    def cause(self) -> Envelope:
        """The envelope of the PredictionCreated that began it, as far as later events need it."""
        return Envelope(
            id=self.cause_id,
            type=PredictionCreated.type_name(),
            source="/services/predictor",
            subject=f"jobs/{self.job_id}/items/{self.item_id}",
            time="",
            dataschema=PredictionCreated.schema_path(),
            correlation_id=self.correlation_id,
            traceparent=self.traceparent,
        )


def first_poll_seconds(expected_seconds: float, *, webhook_expected: bool) -> float:
    """From filing to the first poll."""
    if webhook_expected:
        return expected_seconds * WEBHOOK_PATIENCE + WEBHOOK_GRACE_SECONDS
    return max(FIRST_POLL_SECONDS_MIN, expected_seconds * BLIND_SHARE)


def next_poll_seconds(polls: int, expected_seconds: float, jitter: float) -> float:
    """From the `polls`-th poll (counting from 1) to the next: a fifth of the usual duration, doubling, within 2 and 30 s.

    `jitter` in 0…1 spreads it by ±20 %.
    """
    assert polls >= 1
    first = max(BACKOFF_SECONDS_FIRST, BACKOFF_SHARE * expected_seconds)
    plain = min(BACKOFF_SECONDS_MAX, first * 2.0 ** min(polls - 1, 10))
    return plain * (1 + JITTER * (2 * jitter - 1))


def fetch_retry_seconds(attempts: int, jitter: float) -> float:
    """From the `attempts`-th failed fetch (counting from 1) to the next: 1, 2, 4, … up to 60 s, spread by ±20 %."""
    assert attempts >= 1
    plain = min(FETCH_BACKOFF_SECONDS_MAX, FETCH_BACKOFF_SECONDS_FIRST * 2.0 ** min(attempts - 1, 10))
    return plain * (1 + JITTER * (2 * jitter - 1))


def finished(output: object, metrics: Mapping[str, Any] | None = None, *, completed_at: datetime | None = None) -> Finished:
    """Return a finished prediction's output as progress, with the duration that the provider's metrics state."""
    seconds = (metrics or {}).get("predict_time")
    usable = isinstance(seconds, int | float) and 0 <= seconds <= PREDICT_SECONDS_MAX
    return Finished(output, float(seconds) if usable and seconds is not None else None, completed_at)


def located(finished: Finished, terms: OutputTerms | None) -> Succeeded | Failed:
    """Find the picture's address in the output: where the pointer of `terms` says, else the only address there is.

    Of a list the first counts, or all, up to RESULTS_MAX, if the terms say so.
    """
    pointer = terms.pointer if terms else None
    addresses: Sequence[str | None] = (None,)
    with suppress(PointsNowhere):
        picked = pointed_at(finished.output, pointer or "")
        addresses = output_addresses(picked)[:RESULTS_MAX] if terms and terms.all else (output_address(picked),)
    first, *more = addresses or (None,)
    if first is None:
        where = "no single address" if pointer is None else f"no single picture address at the pointer {json.dumps(pointer)}"
        detail = operator_detail(f"{where} in the output: {json.dumps(finished.output)}")
        return replace(UNUSABLE_OUTPUT, detail=detail)
    return Succeeded(first, finished.predict_seconds, finished.completed_at, tuple(filter(None, more)))
