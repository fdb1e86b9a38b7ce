"""What can be told to the simulated Stripe while it runs (`PUT /sandbox/stripe`), for all accounts alike."""

from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel, ConfigDict, Field
from pydantic.alias_generators import to_camel

API_VERSION = "2026-10-28.endive"
"""The newest; calls that ask for none get it."""


class _Options(BaseModel):
    model_config = ConfigDict(
        extra="forbid", frozen=True, strict=True, alias_generator=to_camel, populate_by_name=True, allow_inf_nan=False
    )


class WebhookOptions(_Options):
    """What goes wrong with webhooks."""

    lose_rate: float = Field(default=0, ge=0, le=1)
    repeat_rate: float = Field(default=0, ge=0, le=1)
    delay_seconds: float = Field(default=0, ge=0, le=3_600)
    shuffle: bool = False


class AdaptivePricing(_Options):
    """Customers pay in a currency of their own, if one is named: so much of it for one of ours."""

    currency: str | None = Field(default=None, pattern="^[a-z]{3}$")
    rate: float = Field(default=1, gt=0, le=100_000)


class StripeOptions(_Options):
    """All of them, at their defaults."""

    webhook: WebhookOptions = WebhookOptions()
    webhook_version: str = Field(default=API_VERSION, pattern=r"^\d{4}-\d{2}-\d{2}(\.[a-z]+)?$")
    """The API version in whose shapes events are sent; calls are answered in the version that they ask for."""
    adaptive_pricing: AdaptivePricing = AdaptivePricing()
    """For payments from now on. Before 2025-03-30 objects are in the customer's currency, since then in ours."""
    fail_rate: float = Field(default=0, ge=0, le=1)
    """Calls answered with a 500 before anything was done."""
    stored_fail_rate: float = Field(default=0, ge=0, le=1)
    """Calls with an Idempotency-Key that are done, but answered with a 500 that is kept under the key."""
    fail_ids: str = Field(default="", max_length=10_000)
    """`id,…`: every call about one of these objects is answered with a 500."""
    lost_answer_rate: float = Field(default=0, ge=0, le=1)
    """Calls that are done, but whose connection closes without an answer."""

    def changed_by(self, changes: Mapping[str, Any]) -> "StripeOptions":
        """These options with `changes` laid over them, groups merged. Raises pydantic.ValidationError naming the field."""
        merged = self.model_dump(by_alias=True)
        for name, value in changes.items():
            group = merged.get(name)
            merged[name] = {**group, **value} if isinstance(group, dict) and isinstance(value, dict) else value
        return StripeOptions.model_validate(merged)


class CurrentStripeOptions:
    """Holder of the options in force."""

    def __init__(self) -> None:
        self.now = StripeOptions()

    def change(self, changes: Mapping[str, Any]) -> StripeOptions:
        """Puts changed options in force, all or none of them."""
        self.now = self.now.changed_by(changes)
        return self.now

    def reset(self) -> None:
        """Back to the defaults."""
        self.now = StripeOptions()
