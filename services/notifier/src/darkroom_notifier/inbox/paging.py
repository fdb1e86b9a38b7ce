"""The inbox list's parameters: limit, cursor and filter, read strictly. Pure."""

import base64
import binascii
from dataclasses import dataclass

from darkroom_servicekit.problems import FieldError

LIMIT_DEFAULT = 20
LIMIT_MAX = 100
SEQUENCE_DIGITS_MAX = 18
CURSOR_PREFIX = b"n1:"
FLAGS = {"true": True, "false": False}


@dataclass(frozen=True)
class Page:
    """Which notifications are asked for; `before` is the cursor's sequence."""

    limit: int
    before: int | None
    unread: bool


def read_page(limit: str | None, cursor: str | None, unread: str | None) -> Page | list[FieldError]:
    """The page asked for, or every rule that the parameters break."""
    broken: list[FieldError] = []
    number, before, flag = _limit(limit), _before(cursor), FLAGS.get(unread or "false")
    if number is None:
        broken.append(FieldError(field="limit", rule=f"must be a number from 1 to {LIMIT_MAX}"))
    if cursor is not None and before is None:
        broken.append(FieldError(field="cursor", rule="must be a nextCursor of this list"))
    if flag is None:
        broken.append(FieldError(field="unread", rule="must be true or false"))
    return broken or Page(number or LIMIT_DEFAULT, before, bool(flag))


def cursor_of(sequence: int) -> str:
    """The cursor for the page below this sequence."""
    return base64.urlsafe_b64encode(CURSOR_PREFIX + str(sequence).encode()).rstrip(b"=").decode()


def _limit(text: str | None) -> int | None:
    if text is None:
        return LIMIT_DEFAULT
    good = text.isascii() and text.isdecimal() and len(text) <= 6 and 1 <= int(text) <= LIMIT_MAX
    return int(text) if good else None


def _before(cursor: str | None) -> int | None:
    try:
        decoded = base64.b64decode((cursor or "") + "=" * (-len(cursor or "") % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        return None
    number = decoded.removeprefix(CURSOR_PREFIX)
    good = decoded.startswith(CURSOR_PREFIX) and number.isdigit() and len(number) <= SEQUENCE_DIGITS_MAX
    return int(number) if good else None
