"""The list's parameters: status filter, limit, and a cursor that only we read. Pure."""

import base64
import binascii
from dataclasses import dataclass

from darkroom_servicekit.problems import FieldError

from darkroom_jobs_api.jobs.rules import JOB_STATUSES, JobStatus

LIMIT_DEFAULT = 20
LIMIT_MAX = 100
ID_MAX = 2**63 - 1
CURSOR_PREFIX = b"j1:"


@dataclass(frozen=True)
class Page:
    """Which jobs are asked for; `before` is the cursor's job id."""

    statuses: tuple[JobStatus, ...]
    before: int | None
    limit: int


def read_page(status: str | None, limit: str | None, cursor: str | None) -> Page | list[FieldError]:
    """The page asked for, or every rule that the parameters break."""
    statuses, number, before = _statuses(status), _limit(limit), _before(cursor)
    broken = [part for part in (statuses, number, before) if isinstance(part, FieldError)]
    if isinstance(statuses, FieldError) or isinstance(number, FieldError) or isinstance(before, FieldError):
        return broken
    return Page(statuses, before, number)


def cursor_of(before: int | None) -> str | None:
    """The cursor for the page that begins below this job id."""
    return None if before is None else base64.urlsafe_b64encode(CURSOR_PREFIX + str(before).encode()).rstrip(b"=").decode()


def _statuses(text: str | None) -> tuple[JobStatus, ...] | FieldError:
    if text is None:
        return JOB_STATUSES
    wanted = {part.strip() for part in text.split(",")}
    chosen = tuple(status for status in JOB_STATUSES if status in wanted)
    if len(chosen) < len(wanted):
        return FieldError(field="status", rule=f"must be one or more of {', '.join(JOB_STATUSES)}, separated by commas")
    return chosen


def _limit(text: str | None) -> int | FieldError:
    if text is None:
        return LIMIT_DEFAULT
    if text.isascii() and text.isdecimal() and len(text) <= 6 and 1 <= int(text) <= LIMIT_MAX:
        return int(text)
    return FieldError(field="limit", rule=f"must be a number from 1 to {LIMIT_MAX}")


def _before(cursor: str | None) -> int | FieldError | None:
    if cursor is None:
        return None
    try:
        decoded = base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        decoded = b""
    number = decoded.removeprefix(CURSOR_PREFIX)
    if decoded.startswith(CURSOR_PREFIX) and number.isdigit() and len(number) <= 19 and 1 <= int(number) <= ID_MAX:
        return int(number)
    return FieldError(field="cursor", rule="must be a nextCursor of this list")


def read_id(text: str) -> int | None:
    """A job's number in a path; None when it cannot be one."""
    if text.isascii() and text.isdecimal() and len(text) <= 19 and 1 <= int(text) <= ID_MAX:
        return int(text)
    return None
