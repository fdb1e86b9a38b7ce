"""The chart of accounts and a tenant's account: pure. Every credit moves from one account to another, so all sum to zero.

Of the accounts only those that credits come from go below zero: `granted`, and `lost` (what an operator took that was not there
any more). The others refuse to.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal, get_args

from darkroom_contracts.credits import Balances

from darkroom_credits.plans import NEW_ACCOUNT_PLAN

Kind = Literal["grant", "hold", "spend", "release", "expire", "refund", "restore", "adjust", "deduct", "loss", "reimburse"]
AccountName = Literal["available", "held", "spent", "granted", "expired", "refunded", "adjusted", "lost"]

POSTINGS: Mapping[Kind, tuple[AccountName, AccountName]] = {
    "grant": ("granted", "available"),
    "hold": ("available", "held"),
    "spend": ("held", "spent"),
    "release": ("held", "available"),
    "expire": ("available", "expired"),
    "refund": ("available", "refunded"),
    "restore": ("refunded", "available"),
    "adjust": ("granted", "available"),
    "deduct": ("available", "adjusted"),
    "loss": ("lost", "adjusted"),
    "reimburse": ("spent", "available"),
}
"""From which account to which each kind of transaction moves its amount."""


@dataclass(frozen=True, kw_only=True)
class Line:
    """One ledger transaction to be written; `available_change` is what the tenant's statement shows."""

    instance_id: str
    kind: Kind
    amount: int
    available_change: int
    available_after: int
    job_id: int | None = None
    event_id: str | None = None
    grant_id: int | None = None
    reason: str | None = None


@dataclass(kw_only=True)
class Account:
    """A tenant's credits while its row is locked, and the lines that its changes leave in the ledger."""

    instance_id: str
    available: int = 0
    held: int = 0
    spent: int = 0
    plan: str = NEW_ACCOUNT_PLAN
    plan_version: int = 1
    anchored_at: datetime | None = None
    renews_at: datetime | None = None
    lines: list[Line] = field(default_factory=list)

    def move(
        self,
        kind: Kind,
        amount: int,
        *,
        job_id: int | None = None,
        event_id: str | None = None,
        grant_id: int | None = None,
        reason: str | None = None,
    ) -> None:
        """Move `amount` as `kind` says. Moving nothing leaves no line."""
        assert amount >= 0, f"{kind} of {amount}"
        if amount == 0:
            return
        source, target = POSTINGS[kind]
        change = dict.fromkeys(get_args(AccountName), 0)
        change[source] -= amount
        change[target] += amount
        self.available += change["available"]
        self.held += change["held"]
        self.spent += change["spent"]
        assert min(self.available, self.held, self.spent) >= 0, f"{kind} of {amount} would leave {self}"
        self.lines.append(
            Line(
                instance_id=self.instance_id,
                kind=kind,
                amount=amount,
                available_change=change["available"],
                available_after=self.available,
                job_id=job_id,
                event_id=event_id,
                grant_id=grant_id,
                reason=reason,
            )
        )

    def balances(self) -> Balances:
        """The three figures as every event tells them."""
        return Balances(available=self.available, held=self.held, spent=self.spent)
