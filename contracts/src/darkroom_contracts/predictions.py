"""Events of predictor, on `darkroom.predictions`: an item's turn, its attempts, the ends that the predictor
decides, and the terms under which a tenant takes its turns."""

from datetime import datetime
from typing import Any, ClassVar

from pydantic import Field

from darkroom_contracts.customer_text import CustomerText
from darkroom_contracts.event import Event, Fact, ItemEvent
from darkroom_contracts.jobs import OutputTerms


class ItemStarted(ItemEvent):
    """The predictor took the item for an attempt; the paid call comes next."""

    topic: ClassVar[str] = "darkroom.predictions"

    attempt: int = Field(ge=1)


class PredictionCreated(ItemEvent):
    """The provider accepted an attempt. `output` is set where the provider answers at once."""

    topic: ClassVar[str] = "darkroom.predictions"

    attempt: int = Field(ge=1)
    attempt_id: str = Field(description="UUID of the attempt")
    callback_token_sha256: str = Field(description="hex digest of the token in the attempt's webhook address")
    provider: str
    account: str = Field(description="the provider account that was charged, by our name for it")
    model: str
    prediction_id: str
    expected_seconds: float
    cancel_after_seconds: int
    webhook_expected: bool = Field(description="whether the provider was given a webhook address")
    output: Any | None = None
    output_terms: OutputTerms | None = Field(default=None, description="as `ItemRequested.output` says")
    output_key: str | None = Field(
        default=None,
        description="where the provider answered with the output itself: the key of its first picture in the platform's storage, "
        "for readers that do not know `output_keys`",
    )
    output_keys: dict[str, str] = Field(
        default_factory=dict,
        description="pictures that came inside `output`, where it has null now: their keys in the storage, by JSON pointer",
    )
    created_at: datetime


class AttemptFailed(ItemEvent):
    """An attempt ended without a result and another one follows."""

    topic: ClassVar[str] = "darkroom.predictions"

    attempt: int = Field(ge=1)
    code: str
    message: str = Field(description="a sentence for a customer, by the code alone")
    detail: str | None = Field(default=None, description="what was heard, for operators only; never shown to a customer")
    retry_at: datetime


class ItemFailed(ItemEvent):
    """An item will not be tried again."""

    topic: ClassVar[str] = "darkroom.predictions"

    attempt: int = Field(ge=0, description="attempts made")
    code: str = Field(description="a stable word, such as `moderation`, `bad-input`, `provider-error`, `out-of-attempts`")
    message: CustomerText = Field(description="a sentence for a customer, by the class of the last failure alone")
    detail: str | None = Field(default=None, description="what was heard, for operators only; never shown to a customer")
    reached_provider: bool
    ours: bool = Field(
        default=False,
        description="the platform failed, or what the provider made cannot be used: the item's credits are given back",
    )


class ItemCanceled(ItemEvent):
    """An item was stopped on request."""

    topic: ClassVar[str] = "darkroom.predictions"

    reached_provider: bool


class PastAttempt(Fact):
    """One attempt of an item that was given up, as it ended."""

    number: int = Field(ge=1)
    account: str
    code: str | None = None
    message: str | None = Field(default=None, description="what was heard, for operators")
    prediction_id: str | None = Field(default=None, description="where the provider had accepted it")
    started_at: datetime
    ended_at: datetime | None = None


class ItemGivenUp(ItemEvent):
    """An item ran out of attempts: the dead letter with its whole history, beside the `ItemFailed` that ends it."""

    topic: ClassVar[str] = "darkroom.predictor.dead-letters"

    code: str = Field(description="how its last attempt failed")
    message: str = Field(description="what was heard, for operators")
    attempts: tuple[PastAttempt, ...]


class DeadLettersRedriven(Event):
    """An operator has dead letters tried again: items of one job, to be made anew, or messages, sent again as they were."""

    topic: ClassVar[str] = "darkroom.predictions"

    redrive_id: str
    redriven_by: str
    dead_letter_ids: tuple[str, ...]
    job_id: int | None = Field(default=None, description="the job of the items; absent for messages")
    item_ids: tuple[int, ...] = ()

    def subject(self) -> str:
        return super().subject() if self.job_id is None else f"jobs/{self.job_id}"

    def correlation_id(self) -> str | None:
        return None if self.job_id is None else str(self.job_id)


class MessagesRedriven(Event):
    """An operator has messages handled again by the one service that could not handle them, from its own table."""

    topic: ClassVar[str] = "darkroom.redrives"

    redrive_id: str
    service: str = Field(description="the service that filed the messages")
    dead_letter_ids: tuple[str, ...]


class MessagesDropped(Event):
    """Nothing will be done about messages that one service could not handle: it deletes them from its own table."""

    topic: ClassVar[str] = "darkroom.redrives"

    service: str = Field(description="the service that filed the messages")
    dead_letter_ids: tuple[str, ...]


class TenantTermsChanged(Event):
    """An operator changed a tenant's terms. What a plan changes is told by `PlanChanged`."""

    topic: ClassVar[str] = "darkroom.predictions"

    weight: float = Field(gt=0, description="in force from now on: the operator's, else the plan's, else 1")
    cap_per_minute: int | None = Field(default=None, ge=1, description="in force; none: no cap of its own")
    requests_per_minute: int | None = Field(default=None, ge=1, description="for each principal; none: the platform's")
    paused: bool
    own_weight: float | None = Field(default=None, gt=0, description="as the operator has set it; none: the plan's counts")
    own_cap_per_minute: int | None = Field(default=None, ge=1, description="likewise")
    concurrency: int | None = Field(default=None, ge=1, description="predictions in flight; none: as many as there is room")
    changed_by: str = Field(description="the operator's subject")
