"""The one door to all vendors: a message goes in, the vendor's id comes out, or a failure that says what to do about it.

A door sends once and keeps nothing. Whether to try again, when and how often is the queue's to decide, by the failure's class.
"""

from dataclasses import dataclass
from typing import Literal, Protocol

TryAgain = Literal["soon", "later", "never"]


@dataclass(frozen=True, kw_only=True)
class Outgoing:
    """A message as it leaves. `html`, `subject` and `unsubscribe_url` are for e-mail; vendors carry `message_id` along."""

    message_id: str
    to: str
    text: str
    subject: str = ""
    html: str | None = None
    unsubscribe_url: str | None = None


class SendFailed(Exception):
    """The vendor did not take it, or we cannot know. `suppress`: why the address should not be written to any more."""

    def __init__(
        self,
        code: str,
        message: str,
        *,
        again: TryAgain,
        after_seconds: float | None = None,
        suppress: Literal["bounced", "unsubscribed"] | None = None,
    ) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.again = again
        self.after_seconds = after_seconds
        self.suppress = suppress


class Door(Protocol):
    """A vendor."""

    vendor: str

    async def send(self, message: Outgoing) -> str | None:
        """Hand it over; the vendor's id of it, if it gives one. Raises SendFailed and nothing else."""

    async def close(self) -> None:
        """Let go of the connections."""


def unreachable(vendor: str, error: Exception) -> SendFailed:
    """No connection was made, so nothing was sent."""
    return SendFailed("vendor-unreachable", f"{vendor} could not be reached: {type(error).__name__}", again="soon")


def unanswered(vendor: str, error: Exception) -> SendFailed:
    """The vendor may have it or not. Trying again may send it twice; not trying, never: a person rather hears twice."""
    return SendFailed("vendor-silent", f"{vendor} did not answer: {type(error).__name__}", again="soon")


def refused_key(vendor: str) -> SendFailed:
    """The vendor does not accept our key: an operator has to act, so there is no hurry."""
    return SendFailed("vendor-refused-key", f"{vendor} does not accept the key", again="later")
