"""What can be told to the simulated Replicate while it runs (`PUT /sandbox/replicate`), for all accounts alike."""

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator
from pydantic.alias_generators import to_camel

from darkroom_sandbox.pictures.formats import OutputFormat
from darkroom_sandbox.replicate.limits import LOW_CREDIT_PER_MINUTE, Credit
from darkroom_sandbox.replicate.odd_downloads import FirstDownload, OutputMetadata
from darkroom_sandbox.replicate.output import OutputShape

Rate = Annotated[float, Field(ge=0, le=1)]
FailingStatus = Annotated[str, Field(pattern=r"^5[0-9][0-9]$")]
CREATE_SECONDS_MAX = 600
TURNS_MAX = 1_000


class _Options(BaseModel):
    model_config = ConfigDict(
        extra="forbid", frozen=True, strict=True, alias_generator=to_camel, populate_by_name=True, allow_inf_nan=False
    )


class Seconds(_Options):
    """How long a prediction takes: drawn evenly between the two."""

    min: float = Field(default=2, ge=0, le=86_400)
    max: float = Field(default=4, ge=0, le=86_400)

    @model_validator(mode="after")
    def _ordered(self) -> "Seconds":
        if self.min > self.max:
            raise ValueError("min must not be above max")
        return self


class WebhookOptions(_Options):
    """What goes wrong with webhooks."""

    lose_rate: float = Field(default=0, ge=0, le=1)
    repeat_rate: float = Field(default=0, ge=0, le=1)
    delay_seconds: float = Field(default=0, ge=0, le=3_600)
    shuffle: bool = False


class ReplicateOptions(_Options):
    """All of them, at their defaults."""

    seconds: Seconds = Seconds()
    fail_rate: Rate = Field(default=0, description="share of predictions that fail for good (moderation, E005)")
    transient_rate: Rate = Field(default=0, description="share of predictions that fail in passing")
    transient_prompt: str = Field(
        default="", max_length=200, description="predictions whose prompt contains this text fail in passing, always; empty: none"
    )
    create_seconds: float = Field(
        default=0.02, ge=0, le=CREATE_SECONDS_MAX, description="how long a creation takes before its prediction is made"
    )
    create_seconds_in_turn: list[Annotated[float, Field(ge=0, le=CREATE_SECONDS_MAX)]] | None = Field(
        default=None,
        min_length=1,
        max_length=TURNS_MAX,
        description="`createSeconds` of the next creations, in turn and from the start again",
    )
    lost_answer_rate: Rate = Field(
        default=0, description="share of creations whose prediction is made and whose connection is closed without an answer"
    )
    create_status_rate: dict[FailingStatus, Rate] = Field(
        default={"503": 0, "504": 0},
        description='shares of creations whose prediction is made and answered with that status: {"503": 0.1}',
    )
    answers_at_once: bool = Field(
        default=False, description="a creation is answered with the ended prediction, as if it came with `Prefer: wait`"
    )
    answers_in_two: bool = Field(
        default=False, description="head and body of every answer are written a moment apart; over TLS that is two records"
    )
    limit_per_minute: int = Field(default=500, ge=0, le=10_000_000, description="creations accepted in a rolling minute")
    credit: Credit = Field(default="enough", description="the credit of every account")
    webhook: WebhookOptions = WebhookOptions()
    look_up_404_rate: Rate = Field(
        default=0, description="share of look-ups of a prediction younger than `lookUp404Seconds` that are answered 404"
    )
    look_up_404_seconds: float = Field(default=30, ge=0, le=86_400, description="the age up to which `lookUp404Rate` applies")
    list_lag_seconds: float = Field(
        default=0, ge=0, le=86_400, description="a prediction appears in lists only so long after its creation"
    )
    list_echoes_webhook: bool = Field(default=True, description="whether lists show `webhook` and `webhook_events_filter`")
    list_fail_page: int | None = Field(
        default=None, ge=1, le=1_000_000, description="this page of every list, counted from 1, is answered 500"
    )
    output_kept_seconds: float = Field(
        default=3_600, ge=0, le=31_536_000, description="how long after its end a prediction keeps input and output"
    )
    image: Literal["real", "instant"] = Field(default="real", description="`instant` answers a ready-made picture")
    output: OutputShape = Field(
        default="address",
        description='`list` is `["https://…"]`, `dict` is `{"image": "https://…"}`, `data` is a `data:` address with the picture',
    )
    list_length: int = Field(
        default=1, ge=1, le=20, description="addresses in an output that is a `list`, all of the same picture"
    )
    output_format: OutputFormat | None = Field(
        default=None,
        description="the format of every picture, whatever the input asks for; `heic` is always the ready-made picture",
    )
    output_metadata: OutputMetadata = Field(
        default="none", description="a chunk that PNG outputs carry: compressed text of 1.6 MB, junk EXIF, a wrong checksum"
    )
    first_download: FirstDownload = Field(
        default="good",
        description="how the first download of every output goes: packed by `gzip`, with the wrong type, without a length, "
        "half of it without a length, empty, a page of HTML, a redirect to the same address; later ones go well",
    )
    output_url: str | None = Field(
        default=None,
        max_length=20_000_000,
        description="an http:, https: or data: address to answer in place of the picture's own",
    )
    reject_unknown_input: bool = Field(
        default=True, description="whether an input field that the model does not know is refused with 422; else it is ignored"
    )

    @field_validator("seconds", mode="before")
    @classmethod
    def _one_number(cls, value: object) -> object:
        """`"seconds": 0` is short for min and max alike."""
        if isinstance(value, int | float) and not isinstance(value, bool):
            return {"min": value, "max": value}
        return value

    @field_validator("output_url")
    @classmethod
    def _an_address(cls, value: str | None) -> str | None:
        if value is not None and not value.startswith(("http://", "https://", "data:")):
            raise ValueError("must be an http:, https: or data: address")
        return value

    @field_validator("create_status_rate")
    @classmethod
    def _at_most_all(cls, value: dict[str, float]) -> dict[str, float]:
        if sum(value.values()) > 1:
            raise ValueError("the shares must not add up to more than 1")
        return value

    @property
    def creations_per_minute(self) -> int:
        """What the account's credit leaves of the limit."""
        return min(self.limit_per_minute, LOW_CREDIT_PER_MINUTE) if self.credit == "low" else self.limit_per_minute

    def changed_by(self, changes: Mapping[str, Any]) -> "ReplicateOptions":
        """These options with `changes` laid over them, groups merged. Raises pydantic.ValidationError naming the field."""
        merged = self.model_dump(by_alias=True)
        groups = {to_camel(name) for name, value in self if isinstance(value, _Options)}
        for name, value in changes.items():
            merged[name] = {**merged[name], **value} if name in groups and isinstance(value, dict) else value
        return ReplicateOptions.model_validate(merged)


class CurrentOptions:
    """Holder of the options in force, shared by all parts of the simulated Replicate."""

    def __init__(self) -> None:
        self.now = ReplicateOptions()
        self._creations = 0

    def change(self, changes: Mapping[str, Any]) -> ReplicateOptions:
        """Puts changed options in force, all or none of them."""
        self.now = self.now.changed_by(changes)
        self._creations = 0
        return self.now

    def next_create_seconds(self) -> float:
        """How long the next creation takes."""
        turns = self.now.create_seconds_in_turn
        if not turns:
            return self.now.create_seconds
        self._creations += 1
        return turns[(self._creations - 1) % len(turns)]

    def reset(self) -> None:
        """Back to the defaults."""
        self.now = ReplicateOptions()
