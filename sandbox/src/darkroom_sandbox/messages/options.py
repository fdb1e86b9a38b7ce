"""What can be told to the simulated SendGrid and Twilio while they run and the SMTP server
(`PUT /sandbox/sendgrid`, `/sandbox/twilio`, `/sandbox/smtp`)."""

from collections.abc import Mapping
from typing import Any, Generic, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, Field
from pydantic.alias_generators import to_camel


class _Options(BaseModel):
    model_config = ConfigDict(
        extra="forbid", frozen=True, strict=True, alias_generator=to_camel, populate_by_name=True, allow_inf_nan=False
    )


class ReportOptions(_Options):
    """What goes wrong with delivery webhooks. `url`: where SendGrid's and the SMS of people go; null: the platform. Twilio's
    reports go where each SMS says."""

    url: str | None = Field(default=None, max_length=2_000)
    lose_rate: float = Field(default=0, ge=0, le=1)
    repeat_rate: float = Field(default=0, ge=0, le=1)
    delay_seconds: float = Field(default=0.2, ge=0, le=3_600)
    shuffle: bool = False


class VendorOptions(_Options):
    """Of both vendors. `failRate`: answered 500, nothing sent. `lostAnswerRate`: sent, the connection closes unanswered."""

    seconds: float = Field(default=0.02, ge=0, le=600)
    fail_rate: float = Field(default=0, ge=0, le=1)
    lost_answer_rate: float = Field(default=0, ge=0, le=1)
    limit_per_minute: int = Field(default=6_000, ge=0, le=10_000_000)
    webhook: ReportOptions = ReportOptions()


class SendGridOptions(VendorOptions):
    """What becomes of an e-mail after it was taken."""

    bounce_rate: float = Field(default=0, ge=0, le=1)
    block_rate: float = Field(default=0, ge=0, le=1)
    defer_rate: float = Field(default=0, ge=0, le=1)


class TwilioOptions(VendorOptions):
    """What becomes of an SMS after it was taken."""

    undelivered_rate: float = Field(default=0, ge=0, le=1)


class SmtpOptions(_Options):
    """`commandSeconds`: before each reply. `refuseSender`: MAIL FROM is answered 550 5.7.1. `failRate`: the content is answered
    451. `silentAfterData`: the message is taken, and nothing is answered."""

    command_seconds: float = Field(default=0, ge=0, le=600)
    refuse_sender: bool = False
    fail_rate: float = Field(default=0, ge=0, le=1)
    silent_after_data: bool = False


class EventRequest(_Options):
    """An event of a mail that is reported now. `ageSeconds`: how long ago it says that it happened."""

    event: Literal["delivered", "open", "click", "bounce", "unsubscribe", "group_unsubscribe", "group_resubscribe", "spamreport"]
    to: str = Field(min_length=3, max_length=320)
    message_id: str | None = None
    age_seconds: int = Field(default=0, ge=0, le=31_536_000)


class IncomingSms(_Options):
    """An SMS that a person sends to the number that wrote to them."""

    sender: str = Field(alias="from", pattern=r"^\+[1-9][0-9]{6,14}$")
    body: str = Field(min_length=1, max_length=1_600)


V = TypeVar("V", bound=_Options)


class CurrentVendorOptions(Generic[V]):
    """Holder of one vendor's options in force."""

    def __init__(self, defaults: V) -> None:
        self._defaults = defaults
        self.now = defaults

    def change(self, changes: Mapping[str, Any]) -> V:
        """Puts changed options in force, all or none of them. Raises pydantic.ValidationError naming the field."""
        merged = self.now.model_dump(by_alias=True)
        for name, value in changes.items():
            group = merged.get(name)
            merged[name] = {**group, **value} if isinstance(group, dict) and isinstance(value, dict) else value
        self.now = type(self._defaults).model_validate(merged)
        return self.now

    def reset(self) -> None:
        """Back to the defaults."""
        self.now = self._defaults
