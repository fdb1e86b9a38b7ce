"""Events of jobs-api, on `darkroom.jobs`: what was asked for, and how it ended."""

from datetime import datetime
from typing import Any, ClassVar, Literal

from pydantic import Field

from darkroom_contracts.customer_text import CustomerText
from darkroom_contracts.event import Fact, ItemEvent, JobEvent

JobEnd = Literal["DONE", "FAILED", "CANCELED"]
ItemEnd = Literal["DONE", "FAILED", "CANCELED"]
Charge = Literal["spend", "release"]


class JobRequested(JobEvent):
    """A job was accepted for a decision on its credits. It carries totals, not items: a job may hold thousands."""

    topic: ClassVar[str] = "darkroom.jobs"

    product: str = Field(description="the catalogue row, such as `optimize`")
    product_id: str = Field(description="the shop's own product")
    product_name: str
    price_version: int = Field(description="the version of the price the job was sold at")
    price_credits: int = Field(ge=0, description="credits for one item")
    items_total: int = Field(ge=1)
    subject_id: str | None = Field(default=None, description="who asked, within the tenant")
    retry_of: int | None = Field(default=None, description="the job whose failed items it tries again")
    requested_at: datetime

    @property
    def amount_credits(self) -> int:
        """What the whole job costs, in credits."""
        return self.price_credits * self.items_total


class RetryPolicy(Fact):
    """How often and how patiently an item's failed attempts are repeated."""

    attempts_max: int = Field(default=3, ge=1)
    backoff_seconds: tuple[float, ...] = (1.0, 2.0, 4.0)


OutputKind = Literal["jpg", "png", "webp", "avif", "heic", "tiff", "gif"]
"""A picture's format, found by its bytes."""


class OutputTerms(Fact):
    """Where the picture stands in the provider's output, and what it may be. What is absent is the platform's default."""

    pointer: str | None = Field(
        default=None,
        max_length=200,
        pattern=r"^(/([^~/]|~[01])*)*$",
        description="JSON pointer (RFC 6901) to the picture, or to a list: its first; absent: the one that is there",
    )
    all: bool = Field(default=False, description="every picture of a list counts, up to ten, not its first alone")
    kinds: tuple[OutputKind, ...] | None = Field(default=None, min_length=1, description="formats that count; absent: all")
    bytes_max: int | None = Field(default=None, ge=1)
    pixels_max: int | None = Field(default=None, ge=1, description="width times height, decoded")


class ItemRequested(ItemEvent):
    """An item may start: its credits are held. Carries all that predictor and poller need, so neither calls back."""

    topic: ClassVar[str] = "darkroom.jobs"

    product: str
    provider: str = Field(description="which provider adapter carries it, such as `replicate`")
    model: str = Field(description="the provider's model id")
    input: dict[str, Any] = Field(description="the provider's input, mapped from the caller's request by the catalogue")
    caller_fields: tuple[str, ...] | None = Field(
        default=None, description="the keys of `input` that the caller's request fills; the others are the catalogue's own"
    )
    expected_seconds: float = Field(gt=0, description="the model's usual duration, for the poller's schedule")
    cancel_after_seconds: int = Field(ge=5, description="the provider gives up after this long (Cancel-After)")
    retry: RetryPolicy = RetryPolicy()
    output: OutputTerms | None = Field(default=None, description="of the row that the job was sold under")
    redriven: bool = Field(default=False, description="made again by an operator: it waits behind its tenant's fresh work")
    requested_at: datetime


class JobCancelRequested(JobEvent):
    """Someone asked that a job be stopped. No ItemRequested of the job comes after it."""

    topic: ClassVar[str] = "darkroom.jobs"

    reason: str | None = None


class ItemFinished(ItemEvent):
    """An item reached its terminal state, and what that does to its credits. Once per item."""

    topic: ClassVar[str] = "darkroom.jobs"

    status: ItemEnd
    charge: Charge = Field(description="`spend`: its credits are kept; `release`: they are given back")
    items_total: int
    items_done: int = Field(description="of the job, with this one")
    items_failed: int
    items_canceled: int
    error: CustomerText | None = Field(default=None, description="a sentence for a customer")
    detail: str | None = Field(default=None, description="what was heard, for operators only; never shown to a customer")
    result_key: str | None = Field(default=None, description="of an item that is DONE: its picture's object key")
    thumbnail_key: str | None = None


class JobFinished(JobEvent):
    """All items of a job have ended, or its credits were refused. Once per job, unless an operator has it told again."""

    topic: ClassVar[str] = "darkroom.jobs"

    product_id: str
    product_name: str
    status: JobEnd
    items_total: int
    items_done: int
    items_failed: int
    items_canceled: int
    items_spent: int = Field(description="how many items' credits are kept; the others' are given back")
    error: CustomerText | None = None
    told_again: bool = Field(default=False, description="said before: for whoever did not act on it; no person is told again")
