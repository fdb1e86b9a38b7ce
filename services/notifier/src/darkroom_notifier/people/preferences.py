"""What a person wants to be told on which channel: the defaults, and the rules for addresses. Pure.

E-mail is on for what one waits for, as soon as an address is known. SMS costs money and attention: off until asked for.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, get_args

from email_validator import EmailNotValidError, validate_email

from darkroom_notifier.inbox.kinds import KINDS, Kind
from darkroom_notifier.people.phone_numbers import BadAddress

Channel = Literal["websocket", "email", "sms"]
CHANNELS: tuple[Channel, ...] = get_args(Channel)
Locale = Literal["en", "de"]

EMAIL_RULE = "must be an e-mail address, such as anna@example.com"
EMAIL_CHARACTERS_MAX = 254

_BY_EMAIL: frozenset[Kind] = frozenset({"job.done", "job.failed", "credits.rejected"})

DEFAULTS: Mapping[tuple[Channel, Kind], bool] = {
    (channel, kind): channel == "websocket" or (channel == "email" and kind in _BY_EMAIL)
    for channel in CHANNELS
    for kind in KINDS
}


@dataclass(frozen=True, kw_only=True)
class Person:
    """A recipient and what differs from the defaults. Messages go to confirmed addresses alone."""

    email: str | None = None
    phone: str | None = None
    email_confirmed: bool = False
    phone_confirmed: bool = False
    locale: Locale = "en"
    chosen: Mapping[tuple[Channel, Kind], bool] = field(default_factory=dict)

    def wants(self, channel: Channel, kind: Kind) -> bool:
        """Whether they want to be told of `kind` on `channel`."""
        return self.chosen.get((channel, kind), DEFAULTS[channel, kind])

    def is_confirmed(self, channel: Channel) -> bool:
        """Whether messages may go to the address of a channel."""
        return self.email_confirmed if channel == "email" else self.phone_confirmed


def read_email(text: str) -> str:
    """An address in one spelling: the domain in lower case and without escapes. Raises BadAddress."""
    if len(text) > EMAIL_CHARACTERS_MAX:
        raise BadAddress(EMAIL_RULE)
    try:
        # Reserved domains are let through: whether an address can be reached is the vendor's to find out.
        return validate_email(text, check_deliverability=False, test_environment=True, allow_smtputf8=False).normalized
    except EmailNotValidError as error:
        raise BadAddress(EMAIL_RULE) from error


def suppression_key(address: str) -> str:
    """How an address is compared: vendors report it in any case."""
    return address.lower()
