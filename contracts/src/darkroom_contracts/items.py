"""Events of poller, on `darkroom.items`: how a prediction at the provider ended."""

from typing import ClassVar, Literal

from pydantic import Field

from darkroom_contracts.event import Event, Fact, ItemEvent


class StoredPicture(Fact):
    """A picture in our own object storage, under a content-addressed key."""

    key: str = Field(description="object key; its address is the media address, `/media/`, and the key")
    thumbnail_key: str
    width: int
    height: int
    size_bytes: int
    format: str = Field(description="`jpg`, `png` or `webp`")
    sha256: str


RESULTS_MAX = 10
"""The pictures of one item."""


class ItemCompleted(ItemEvent):
    """The provider's output is in our storage, with a thumbnail."""

    topic: ClassVar[str] = "darkroom.items"

    attempt: int = Field(ge=1)
    attempt_id: str
    prediction_id: str
    result: StoredPicture
    more: tuple[StoredPicture, ...] = Field(
        default=(), max_length=RESULTS_MAX - 1, description="the others, where the row takes all pictures of a list"
    )
    predict_seconds: float | None = Field(default=None, description="the provider's own figure")


Fault = Literal["input", "provider", "platform"]
"""Whose failure it is: the picture's and its instructions', the provider's, or the platform's own."""


class PredictionFailed(ItemEvent):
    """A prediction ended without a usable output; the predictor decides whether another attempt follows."""

    topic: ClassVar[str] = "darkroom.items"

    attempt: int = Field(ge=1)
    attempt_id: str
    prediction_id: str
    code: str
    message: str = Field(description="a sentence for a customer, by the code alone")
    detail: str | None = Field(default=None, description="what was heard, for operators only; never shown to a customer")
    retryable: bool
    fault: Fault = Field(
        default="provider",
        description="whose failure it is; a failure of the platform (output not fetched, not stored, nobody could be asked) says "
        "nothing about the provider, the model or the tenant",
    )


class PredictionSeen(Event):
    """A provider's signed webhook told of a prediction that no PredictionCreated has told of yet.

    Its writer does not know whose it is, so its tenant is `_platform`. It proves nothing by itself: the attempt's owner compares
    the token's digest.
    """

    topic: ClassVar[str] = "darkroom.items"

    provider: str
    attempt_id: str
    prediction_id: str
    callback_token_sha256: str = Field(description="hex digest of the token that the webhook came with")

    def subject(self) -> str:
        return f"attempts/{self.attempt_id}"
