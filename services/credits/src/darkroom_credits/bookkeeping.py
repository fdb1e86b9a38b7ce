"""A batch of a job's events entered in the books, tenant by tenant in order: pure, the books are what was read under lock.

Each tenant's published balances run: an event's balances are those after it and all before it. Settlements of one job that
come without a request between them are one event and at most two ledger lines.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from darkroom_contracts.credits import CreditsRejected, CreditsReserved, CreditsSettled
from darkroom_contracts.envelope import Envelope
from darkroom_contracts.event import Event
from darkroom_contracts.jobs import ItemFinished, JobFinished, JobRequested

from darkroom_credits.grants import Draw, Grant, draw, give_back
from darkroom_credits.ledger import Account
from darkroom_credits.reservations import Reservation, Settled, clear, decide, settle_item
from darkroom_credits.withdrawals import withdraw

Entry = JobRequested | ItemFinished | JobFinished


@dataclass(frozen=True)
class Posted:
    """An entry with the envelope it came in."""

    event: Entry
    envelope: Envelope


@dataclass(frozen=True)
class Settlement:
    """An item settled by this batch."""

    job_id: int
    item_id: int
    charge: str
    amount: int


@dataclass
class Books:
    """What was read for a batch, then what the batch made of it. No grant in them has ended by `now`."""

    now: datetime
    accounts: dict[str, Account]
    grants: dict[str, list[Grant]]
    reservations: dict[int, Reservation]
    draws: dict[int, list[Draw]]
    settled_items: set[tuple[int, int]]
    touched_jobs: dict[int, None] = field(default_factory=dict)
    settlements: list[Settlement] = field(default_factory=list)
    facts: list[tuple[Event, Envelope]] = field(default_factory=list)
    ignored: list[tuple[str, Posted]] = field(default_factory=list)


@dataclass
class _Pending:
    """A job's settlements since its tenant's last request, and the event that caused the newest of them."""

    settled: Settled
    cause: Envelope


def enter(books: Books, batch: Iterable[Posted]) -> None:
    """Enter `batch`. Every tenant in it has an account in the books."""
    by_tenant: dict[str, list[Posted]] = {}
    for posted in batch:
        by_tenant.setdefault(posted.event.instance_id, []).append(posted)
    for instance_id, entries in by_tenant.items():
        _enter_tenant(books, books.accounts[instance_id], entries)


def _enter_tenant(books: Books, account: Account, entries: Sequence[Posted]) -> None:
    pending: dict[int, _Pending] = {}
    for posted in entries:
        if isinstance(posted.event, JobRequested):
            _post_settlements(books, account, pending)
            _request(books, account, posted.event, posted)
        else:
            _settle(books, posted, pending)
    _post_settlements(books, account, pending)


def _request(books: Books, account: Account, request: JobRequested, posted: Posted) -> None:
    if request.job_id in books.reservations:
        books.ignored.append(("decided-already", posted))
        return
    reservation = decide(request, available=account.available)
    books.reservations[request.job_id] = reservation
    books.touched_jobs[request.job_id] = None
    cause = posted.envelope
    event: Event
    if reservation.state == "OPEN":
        account.move("hold", reservation.amount, job_id=request.job_id, event_id=cause.id)
        books.draws[request.job_id] = draw(books.grants.get(account.instance_id, ()), reservation.amount, job_id=request.job_id)
        event = CreditsReserved(
            instance_id=account.instance_id,
            job_id=request.job_id,
            amount=reservation.amount,
            balances=account.balances(),
        )
    else:
        event = CreditsRejected(
            instance_id=account.instance_id,
            job_id=request.job_id,
            needed=request.amount_credits,
            balances=account.balances(),
            renews_at=account.renews_at,
        )
    books.facts.append((event, cause))


def _settle(books: Books, posted: Posted, pending: dict[int, _Pending]) -> None:
    event = posted.event
    assert not isinstance(event, JobRequested)
    reservation = books.reservations.get(event.job_id)
    if reservation is None or reservation.instance_id != event.instance_id:
        books.ignored.append(("unknown-job", posted))
        return
    if isinstance(event, ItemFinished):
        settled = _settle_item(books, reservation, event)
    else:
        settled = clear(reservation, items_spent=event.items_spent)
    if settled is None:
        books.ignored.append(("settled-already", posted))
        return
    books.touched_jobs[event.job_id] = None
    if event.job_id in pending:
        before = pending[event.job_id]
        pending[event.job_id] = _Pending(before.settled + settled, posted.envelope)
    else:
        pending[event.job_id] = _Pending(settled, posted.envelope)


def _settle_item(books: Books, reservation: Reservation, item: ItemFinished) -> Settled | None:
    key = (item.job_id, item.item_id)
    if key in books.settled_items:
        return None
    settled = settle_item(reservation, item)
    if settled is not None:
        books.settled_items.add(key)
        books.settlements.append(Settlement(*key, item.charge, settled.spent + settled.released))
    return settled


def _post_settlements(books: Books, account: Account, pending: dict[int, _Pending]) -> None:
    for job_id, one in pending.items():
        if one.settled.spent or one.settled.released:
            facts = post_settlement(books, account, job_id, one.settled, event_id=one.cause.id)
            books.facts.extend((fact, one.cause) for fact in facts)
    pending.clear()


def post_settlement(
    books: Books,
    account: Account,
    job_id: int,
    settled: Settled,
    *,
    event_id: str | None = None,
    reason: str | None = None,
    created_by: str | None = None,
) -> list[Event]:
    """Move what was settled of a job: by the event of this id, or by a person for a reason. The facts to be told."""
    account.move("spend", settled.spent, job_id=job_id, event_id=event_id, reason=reason)
    account.move("release", settled.released, job_id=job_id, event_id=event_id, reason=reason)
    grants = books.grants.get(account.instance_id, ())
    give_back(grants, books.draws.get(job_id, ()), settled.released)
    told = CreditsSettled(
        instance_id=account.instance_id,
        job_id=job_id,
        spent=settled.spent,
        released=settled.released,
        reason=reason,
        created_by=created_by,
        balances=account.balances(),
    )
    # What came back to a grant that has ended meanwhile goes where the rest of it went.
    return [told, *withdraw(account, grants, now=books.now, job_id=job_id)]
