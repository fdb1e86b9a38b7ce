"""What vendors report of messages, in one set of words, and what follows from it. Pure.

Reports come late, twice and out of order: a status never takes the place of a later one.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal, get_args
from uuid import UUID

Status = Literal[
    "processed", "deferred", "sent", "delivered", "undelivered", "bounced", "blocked", "dropped", "unsubscribed", "complained"
]
STATUSES: tuple[Status, ...] = get_args(Status)
_RANKS: dict[str, int] = {"processed": 1, "deferred": 2, "sent": 2, "unsubscribed": 4, "complained": 4}
_END_RANK = 3

NOT_DELIVERED: frozenset[str] = frozenset({"undelivered", "bounced", "blocked", "dropped"})

SUPPRESSING: dict[str, str] = {"bounced": "bounced", "unsubscribed": "unsubscribed", "complained": "complained"}
"""Statuses after which an address is not written to any more, with the reason. A blocked message is no reason: that passes."""


@dataclass(frozen=True, kw_only=True)
class Report:
    """One status of one message, as a vendor tells it. `event_id` is the vendor's own, or made of what makes it unique."""

    event_id: str
    status: Status
    happened_at: datetime
    message_id: UUID | None = None
    provider_ids: tuple[str, ...] = ()
    address: str = ""
    detail: str | None = None


def latest(before: str | None, new: str) -> str:
    """The status that stands after both."""
    return new if before is None or _rank(new) >= _rank(before) else before


def _rank(status: str) -> int:
    return _RANKS.get(status, _END_RANK)
