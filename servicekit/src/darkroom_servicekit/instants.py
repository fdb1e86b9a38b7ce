"""Times that callers send: aware, and within what the tables and our own arithmetic can hold. Pure."""

from datetime import UTC, datetime, timedelta
from typing import Annotated

from pydantic import AfterValidator, AwareDatetime

EARLIEST = datetime(1970, 1, 1, tzinfo=UTC)
LATEST = datetime(9999, 1, 1, tzinfo=UTC)
OFFSET_MAX = timedelta(hours=24)


def storable(at: datetime) -> datetime:
    """Return an aware time in UTC. Raises ValueError outside EARLIEST to LATEST."""
    # The bounds are compared without the offset first: near year 1 and 9999 a conversion to UTC overflows.
    naive = at.replace(tzinfo=None)
    if not EARLIEST.replace(tzinfo=None) - OFFSET_MAX <= naive <= LATEST.replace(tzinfo=None) + OFFSET_MAX:
        raise ValueError(_rule())
    if not EARLIEST <= at <= LATEST:
        raise ValueError(_rule())
    return at.astimezone(UTC)


def _rule() -> str:
    return f"must lie between {EARLIEST.year} and {LATEST.year}"


Instant = Annotated[AwareDatetime, AfterValidator(storable)]
"""A field of a body that is a time."""
