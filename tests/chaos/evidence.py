"""What the oracle judges by: the provider's own log, the databases' rows, the event log, the stored files, what sockets told.

Plain values. Nothing of it is a service's word: `collect.py` reads each from where it is kept.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, kw_only=True)
class PaidCall:
    """A creation that arrived at the provider. `began` and `ended` are its prediction's, where it was asked for them."""

    seq: int
    at: float
    account: str
    status: int | None
    lost: bool = False
    prediction_id: str | None = None
    attempt_id: str | None = None
    state: str | None = None
    began: float | None = None
    ended: float | None = None

    @property
    def paid(self) -> bool:
        return self.prediction_id is not None


@dataclass(frozen=True, kw_only=True)
class Asked:
    """A request for a job under one key, over all its repetitions: the final answers, and the jobs that they named."""

    instance_id: str
    key: str
    statuses: tuple[int, ...]
    job_ids: frozenset[int]
    retry_of: int | None = None
    """The job whose failed items were asked for again."""


@dataclass(frozen=True, kw_only=True)
class JobRow:
    """jobs-api's row of a job."""

    id: int
    instance_id: str
    status: str
    decision: str
    price: int
    total: int
    done: int
    failed: int
    canceled: int
    spent: int
    retry_of: int | None = None
    redriven: bool = False
    stop_asked: bool = False


@dataclass(frozen=True, kw_only=True)
class ItemRow:
    """jobs-api's row of an item."""

    id: int
    job_id: int
    instance_id: str
    image_id: str
    status: str
    charge: str | None
    result_key: str | None
    thumbnail_key: str | None


@dataclass(frozen=True, kw_only=True)
class QueueRow:
    """The predictor's row of an item."""

    item_id: int
    instance_id: str
    state: str
    attempts_counted: int
    attempts_max: int
    stop_asked_at: float | None = None
    """In seconds since 1970: when the predictor learned that its job is to be stopped."""


@dataclass(frozen=True, kw_only=True)
class AttemptRow:
    """The predictor's row of an attempt; `granted_at` is in seconds since 1970."""

    id: str
    item_id: int
    number: int
    state: str
    granted_at: float
    prediction_id: str | None
    code: str | None


@dataclass(frozen=True, kw_only=True)
class LetterRow:
    """The predictor's row of an item that was given up."""

    item_id: int
    instance_id: str
    state: str


@dataclass(frozen=True, kw_only=True)
class PredictionRow:
    """The poller's row of a prediction."""

    attempt_id: str
    item_id: int
    instance_id: str
    state: str


@dataclass(frozen=True, kw_only=True)
class BalanceRow:
    """A tenant's balance as credits shows it."""

    instance_id: str
    available: int
    held: int
    spent: int


@dataclass(frozen=True, kw_only=True)
class EntryRow:
    """One entry of the ledger, with its transaction's kind and job."""

    instance_id: str
    transaction_id: int
    kind: str
    job_id: int | None
    account: str
    amount: int


@dataclass(frozen=True, kw_only=True)
class ReservationRow:
    """What was held for a job."""

    job_id: int
    instance_id: str
    state: str
    amount: int
    spent: int
    released: int


@dataclass(frozen=True, kw_only=True)
class SettlementRow:
    """How one item's credits ended."""

    job_id: int
    item_id: int
    charge: str
    amount: int


@dataclass(frozen=True, kw_only=True)
class LogEvent:
    """A message of the event log. `gives_up` is a dead letter's word on which message it was, else None."""

    topic: str
    key: str
    id: str
    type: str
    sequence: int
    at: str
    data: Mapping[str, Any]
    gives_up: str | None = None

    @property
    def name(self) -> str:
        """`ItemFinished` of `darkroom.ItemFinished.v1`."""
        return self.type.split(".")[1]


@dataclass(frozen=True, kw_only=True)
class ClientView:
    """What one shop's page knew at the end, by the rules of the page: REST after a gap, frames otherwise."""

    instance_id: str
    items: Mapping[int, str]
    jobs: Mapping[int, str]
    complaints: Sequence[str]
    """Frames that were missing, came twice, left a terminal state, or were another shop's."""


@dataclass(frozen=True, kw_only=True)
class Pause:
    """A tenant's pause by an operator, in seconds since 1970: surely in force at first, ended no earlier than told."""

    instance_id: str
    in_force_at: float
    ended_at: float


@dataclass(frozen=True, kw_only=True)
class Evidence:
    """Everything of the run's tenants."""

    cap: int
    window_seconds: float
    instances: frozenset[str]
    calls: Sequence[PaidCall] = ()
    asked: Sequence[Asked] = ()
    cancels: Mapping[int, int] = field(default_factory=dict)
    """Jobs that were asked to stop, and the answer's status."""
    pauses: Sequence[Pause] = ()
    jobs: Sequence[JobRow] = ()
    items: Sequence[ItemRow] = ()
    queue: Sequence[QueueRow] = ()
    attempts: Sequence[AttemptRow] = ()
    letters: Sequence[LetterRow] = ()
    predictions: Sequence[PredictionRow] = ()
    balances: Sequence[BalanceRow] = ()
    entries: Sequence[EntryRow] = ()
    reservations: Sequence[ReservationRow] = ()
    settlements: Sequence[SettlementRow] = ()
    unsent: Mapping[str, int] = field(default_factory=dict)
    """Rows in each service's outbox that were not relayed."""
    lag: Mapping[str, int] = field(default_factory=dict)
    """Messages that each consumer group has not committed."""
    events: Sequence[LogEvent] = ()
    files: Mapping[str, str | None] = field(default_factory=dict)
    """What is wrong with each stored file that an item names; None: it is a picture."""
    views: Sequence[ClientView] = ()
