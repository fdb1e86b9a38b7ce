"""Events of notifier, on `darkroom.notifications`: how a message to a person ended. They name the person, never the address."""

from typing import ClassVar, Literal

from pydantic import Field

from darkroom_contracts.event import Event

MessageChannel = Literal["email", "sms"]


class NotificationEvent(Event):
    """An event about one message to one person."""

    topic: ClassVar[str] = "darkroom.notifications"

    message_id: str = Field(description="our own id of the message; vendors carry it along")
    notification_id: str
    kind: str = Field(description="what it tells, such as `job.done`")
    channel: MessageChannel
    subject_id: str = Field(description="whom it is for, within the tenant")
    vendor: str = Field(description="who carried it, such as `sendgrid`")
    attempts: int = Field(ge=0)
    job_id: int | None = None

    def subject(self) -> str:
        return f"messages/{self.message_id}"

    def correlation_id(self) -> str | None:
        return None if self.job_id is None else str(self.job_id)


class NotificationSent(NotificationEvent):
    """A vendor took the message over. Whether it arrived is told later, by the vendor's own reports."""

    provider_message_id: str | None = None


class NotificationFailed(NotificationEvent):
    """The message will not be sent: refused for good, out of attempts, or the address is suppressed."""

    code: str
    message: str
