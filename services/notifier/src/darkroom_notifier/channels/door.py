"""The interface of all vendors: a message goes in, the vendor's id comes out, or a failure that says what to do about it.

A vendor's door sends once and keeps nothing. The queue decides by the failure's class whether to try again and when, and by what
the failure blames whether the whole account is paused.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Literal, Protocol

TryAgain = Literal["soon", "later", "unknown", "never"]
"""`unknown`: the vendor may have taken the message, so each further attempt may be a second copy."""

Blames = Literal["message", "tenant", "account"]
"""`account`: every message to this vendor would fail. `tenant`: perhaps so, but a tenant's choice of addresses can cause it."""

Confirm = Callable[[], Awaitable[None]]
"""Called right before the step that cannot be taken back; raises when the message is no longer this sender's."""


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
        blames: Blames = "message",
    ) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.again = again
        self.after_seconds = after_seconds
        self.suppress = suppress
        self.blames: Blames = blames


async def confirm_nothing() -> None:
    """For a message that only one sender can have."""


class Door(Protocol):
    """A vendor. `account` names what an outage concerns; `at_once_max` is how many messages it takes at the same time."""

    vendor: str
    account: str
    at_once_max: int

    async def send(self, message: Outgoing, *, confirm: Confirm = confirm_nothing) -> str | None:
        """Hand it over; the vendor's id of it, if it gives one. Raises SendFailed, and what `confirm` raises."""

    async def close(self) -> None:
        """Close the connections."""


def unreachable(vendor: str, error: Exception) -> SendFailed:
    """No connection was made, so nothing was sent."""
    told = f"{vendor} could not be reached: {type(error).__name__}"
    return SendFailed("vendor-unreachable", told, again="soon", blames="account")


def too_slow(vendor: str, error: Exception) -> SendFailed:
    """The connection ended or the time was over before the message was handed over, so nothing was sent."""
    told = f"{vendor} did not get as far as taking the message: {type(error).__name__}"
    return SendFailed("vendor-slow", told, again="soon", blames="account")


def unanswered(vendor: str, error: Exception) -> SendFailed:
    """The vendor may have the message or not; it is tried again at growing intervals, under the same Message-ID."""
    return SendFailed("vendor-silent", f"{vendor} did not answer: {type(error).__name__}", again="unknown", blames="account")


def refused_key(vendor: str) -> SendFailed:
    """The vendor does not accept our key: an operator has to act, so there is no hurry."""
    return SendFailed("vendor-refused-key", f"{vendor} does not accept the key", again="later", blames="account")
