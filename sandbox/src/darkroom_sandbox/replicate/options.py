"""What can be told to the simulated Replicate while it runs (`PUT /sandbox/replicate`), for all accounts alike."""

from collections.abc import Mapping
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator
from pydantic.alias_generators import to_camel

from darkroom_sandbox.replicate.limits import LOW_CREDIT_PER_MINUTE, Credit


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
    fail_rate: float = Field(default=0, ge=0, le=1)
    transient_rate: float = Field(default=0, ge=0, le=1)
    transient_prompt: str = Field(default="", max_length=200)
    """Predictions whose prompt contains this fail as `transientRate` would let them, every time; empty: none."""
    create_seconds: float = Field(default=0.02, ge=0, le=600)
    lost_answer_rate: float = Field(default=0, ge=0, le=1)
    limit_per_minute: int = Field(default=500, ge=0, le=10_000_000)
    credit: Credit = "enough"
    webhook: WebhookOptions = WebhookOptions()
    output_kept_seconds: float = Field(default=3_600, ge=0, le=31_536_000)
    image: Literal["real", "instant"] = "real"
    output_url: str | None = Field(default=None, max_length=20_000_000)

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

    @property
    def creations_per_minute(self) -> int:
        """What the account's credit leaves of the limit."""
        return min(self.limit_per_minute, LOW_CREDIT_PER_MINUTE) if self.credit == "low" else self.limit_per_minute

    def changed_by(self, changes: Mapping[str, Any]) -> "ReplicateOptions":
        """These options with `changes` laid over them, groups merged. Raises pydantic.ValidationError naming the field."""
        merged = self.model_dump(by_alias=True)
        for name, value in changes.items():
            group = merged.get(name)
            merged[name] = {**group, **value} if isinstance(group, dict) and isinstance(value, dict) else value
        return ReplicateOptions.model_validate(merged)


class CurrentOptions:
    """Holder of the options in force, shared by all parts of the simulated Replicate."""

    def __init__(self) -> None:
        self.now = ReplicateOptions()

    def change(self, changes: Mapping[str, Any]) -> ReplicateOptions:
        """Puts changed options in force, all or none of them."""
        self.now = self.now.changed_by(changes)
        return self.now

    def reset(self) -> None:
        """Back to the defaults."""
        self.now = ReplicateOptions()
