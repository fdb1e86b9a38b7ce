"""What must hold of credits: the books add up, nothing stays held, what was spent is what ended so, the log says the same."""

from collections import Counter, defaultdict
from collections.abc import Iterable
from typing import get_args

from chaos.evidence import Evidence, LogEvent
from chaos.rule_book import by, distinct, rule
from darkroom_contracts.balances import BalanceEvent, Sums, balances_from
from darkroom_contracts.catalogue import EVENTS_BY_TYPE
from darkroom_contracts.envelope import Envelope


@rule
def books_are_right(evidence: Evidence) -> Iterable[str]:
    """I1: every ledger transaction sums to zero, no account of a tenant was ever negative, the balances are the ledger's."""
    sums: Counter[tuple[str, int]] = Counter()
    accounts: defaultdict[str, Counter[str]] = defaultdict(Counter)
    for entry in sorted(evidence.entries, key=lambda entry: entry.transaction_id):
        sums[entry.instance_id, entry.transaction_id] += entry.amount
        account = accounts[entry.instance_id]
        account[entry.account] += entry.amount
        if entry.account in {"available", "held", "spent"} and account[entry.account] < 0:
            yield f"{entry.instance_id}: {entry.account} was {account[entry.account]} after transaction {entry.transaction_id}"
    for (instance_id, transaction_id), total in sums.items():
        if total:
            yield f"{instance_id}: transaction {transaction_id} sums to {total}"
    for balance in evidence.balances:
        account = accounts[balance.instance_id]
        ledger = (account["available"], account["held"], account["spent"])
        if ledger != (balance.available, balance.held, balance.spent):
            shown = (balance.available, balance.held, balance.spent)
            yield f"{balance.instance_id}: the balance says {shown}, the ledger {ledger}"


@rule
def holds_are_cleared(evidence: Evidence) -> Iterable[str]:
    """I2: nothing is held when all has ended; what was held for a job was spent or given back, item by item."""
    for balance in evidence.balances:
        if balance.held:
            yield f"{balance.instance_id} still holds {balance.held}"
    settled = by(evidence.settlements, lambda one: one.job_id)
    jobs = {job.id: job for job in evidence.jobs}
    for one in evidence.reservations:
        if one.state == "OPEN" or (one.state == "CLOSED" and one.spent + one.released != one.amount):
            yield f"job {one.job_id}: reservation {one.state}, {one.spent} spent and {one.released} released of {one.amount}"
        items = settled[one.job_id]
        if one.state == "CLOSED" and one.job_id in jobs and len({item.item_id for item in items}) != jobs[one.job_id].total:
            yield f"job {one.job_id}: {len(items)} items settled of {jobs[one.job_id].total}"
        if one.state == "CLOSED" and sum(item.amount for item in items if item.charge == "spend") != one.spent:
            yield f"job {one.job_id}: its settlements are not the {one.spent} credits spent"
    charges = {item.id: (item.charge, jobs[item.job_id].price) for item in evidence.items if item.job_id in jobs}
    for end in evidence.settlements:
        if charges.get(end.item_id) != (end.charge, end.amount):
            yield f"item {end.item_id} is {charges.get(end.item_id)}, settled {end.charge} {end.amount}"


@rule
def spent_is_what_ended_so(evidence: Evidence) -> Iterable[str]:
    """I4: a tenant has spent its charged items at their price, once each; and every job with a decision has one."""
    prices = {job.id: job.price for job in evidence.jobs}
    due: Counter[str] = Counter()
    for item in evidence.items:
        if item.charge == "spend":
            due[item.instance_id] += prices[item.job_id]
    for balance in evidence.balances:
        if balance.spent != due[balance.instance_id]:
            yield f"{balance.instance_id} spent {balance.spent}, its items cost {due[balance.instance_id]}"
    decided = {one.job_id: one.state for one in evidence.reservations}
    for job in evidence.jobs:
        state = decided.get(job.id)
        if job.stop_asked and job.decision == "WAITING" and state in {"CLOSED", "REJECTED"}:
            continue  # it was stopped before the decision came, which then was of no account: what was held went back
        if (job.decision == "RESERVED") != (state in {"OPEN", "CLOSED"}) or (job.decision == "REJECTED") != (state == "REJECTED"):
            yield f"job {job.id} is {job.decision} at jobs-api, {state} at credits"


@rule
def the_log_rebuilds_the_books(evidence: Evidence) -> Iterable[str]:
    """I8: the credits topic alone, added up from its beginning, gives the balances; and every event tells the sum so far."""
    told = sorted(distinct(evidence.events, *BALANCE_EVENTS), key=lambda event: event.sequence)
    rebuilt = balances_from((_envelope(event), EVENTS_BY_TYPE[event.type].model_validate(event.data)) for event in told)
    for one in rebuilt.disagreements:
        yield f"{one.instance_id}: event {one.event_id} tells {one.told}, the log adds up to {one.added_up}"
    for balance in evidence.balances:
        table = Sums(balance.available, balance.held, balance.spent)
        if rebuilt.balances.get(balance.instance_id, Sums()) != table:
            yield f"{balance.instance_id}: the table says {table}, the log {rebuilt.balances.get(balance.instance_id)}"


BALANCE_EVENTS = frozenset(kind.__name__ for kind in get_args(BalanceEvent))


def _envelope(event: LogEvent) -> Envelope:
    return Envelope(id=event.id, type=event.type, source="", subject="", time=event.at, dataschema="", sequence=event.sequence)
