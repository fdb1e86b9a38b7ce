"""The oracle: what must hold after any chaos, each rule a pure function from the evidence to what breaks it.

A rule that cannot fail is worthless: `test_oracle.py` shows each failing on doctored evidence.
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import TypeVar

from chaos.evidence import Evidence, LogEvent, PaidCall

ENDED = frozenset({"DONE", "FAILED", "CANCELED"})
LIVE = frozenset({"CALLING", "CREATED", "UNKNOWN"})
CLOCK_SECONDS = 0.05
"""Two clocks of one machine, read one after the other, differ by less."""
ANSWERED_BY_AN_ERROR = frozenset({"failed", "canceled", "aborted"})

T = TypeVar("T")
K = TypeVar("K")


@dataclass(frozen=True)
class Violation:
    """A rule that was broken, where, and by what."""

    rule: str
    what: str
    item_id: int | None = None


Rule = Callable[[Evidence], Iterable[str | tuple[str, int]]]
RULES: dict[str, Rule] = {}


def rule(check: Rule) -> Rule:
    """File a rule under its own name."""
    RULES[check.__name__] = check
    return check


def judge(evidence: Evidence) -> list[Violation]:
    """Everything that is broken, rule by rule."""
    found = []
    for name, check in RULES.items():
        for one in check(evidence):
            what, item_id = one if isinstance(one, tuple) else (one, None)
            found.append(Violation(name, what, item_id))
    return found


@rule
def cap_is_kept(evidence: Evidence) -> Iterable[str]:
    """I5: no window anywhere holds more creations of an account than its cap, by the provider's arrival times."""
    for account, calls in by(evidence.calls, lambda call: call.account).items():
        times = sorted(call.at for call in calls)
        for first, at in zip(times, times[evidence.cap :], strict=False):
            if at - first < evidence.window_seconds:
                yield f"account {account}: {evidence.cap + 1} creations within {at - first:.3f} s"
                break


@rule
def acknowledged_jobs_exist(evidence: Evidence) -> Iterable[str]:
    """I13: what was answered with a job's number is in the table, and belongs to the one who asked."""
    owners = {job.id: job.instance_id for job in evidence.jobs}
    for asked in evidence.asked:
        for job_id in asked.job_ids:
            if (owner := owners.get(job_id)) != asked.instance_id:
                yield f"key {asked.key}: job {job_id} was acknowledged to {asked.instance_id}, it is {owner}'s"


@rule
def a_key_makes_one_job(evidence: Evidence) -> Iterable[str]:
    """I14: however often a request was repeated under its key, there is one job, and no job beside those."""
    for asked in evidence.asked:
        if len(asked.job_ids) != 1:
            yield f"key {asked.key}: jobs {sorted(asked.job_ids)} (answers {asked.statuses})"
        if len(set(asked.statuses)) > 1:
            yield f"key {asked.key}: answered {asked.statuses}"
    known = {job_id for asked in evidence.asked for job_id in asked.job_ids}
    for job in evidence.jobs:
        if job.id not in known:
            yield f"job {job.id} of {job.instance_id} was acknowledged to nobody"


@rule
def everything_has_ended(evidence: Evidence) -> Iterable[str | tuple[str, int]]:
    """I3: every item and every job is terminal, and the job's counters are its items'."""
    items = by(evidence.items, lambda item: item.job_id)
    for job in evidence.jobs:
        states = Counter(item.status for item in items[job.id])
        counted = (job.done, job.failed, job.canceled)
        if job.status not in ENDED:
            yield f"job {job.id} is {job.status}"
        if counted != (states["DONE"], states["FAILED"], states["CANCELED"]) or sum(counted) != job.total:
            yield f"job {job.id} counts {counted} of {job.total}, its items are {dict(states)}"
        if (job.status == "FAILED") != (states["FAILED"] == job.total) and job.status in ENDED:
            yield f"job {job.id} is {job.status}, its items are {dict(states)}"
    for item in evidence.items:
        if item.status not in ENDED:
            yield f"item {item.id} is {item.status}", item.id


@rule
def every_end_is_told_once(evidence: Evidence) -> Iterable[str | tuple[str, int]]:
    """I3, I7: one ItemFinished and one JobFinished each, counted by event id, saying what the tables say."""
    finished = by(distinct(evidence.events, "ItemFinished"), lambda event: int(event.data["itemId"]))
    reserved = {job.id for job in evidence.jobs if job.decision == "RESERVED"}
    for item in evidence.items:
        told = [str(event.data["status"]) for event in finished[item.id]]
        if item.job_id in reserved and told != [item.status]:
            yield f"item {item.id} is {item.status}, the log tells {told}", item.id
    jobs_finished = by(distinct(evidence.events, "JobFinished"), lambda event: int(event.data["jobId"]))
    for job in evidence.jobs:
        told = [str(event.data["status"]) for event in jobs_finished[job.id]]
        if told != [job.status]:
            yield f"job {job.id} is {job.status}, the log tells {told}"


@rule
def an_attempt_precedes_every_call(evidence: Evidence) -> Iterable[str]:
    """I4: no paid call without an attempt that was written before it arrived, and one call each."""
    granted = {attempt.id: attempt.granted_at for attempt in evidence.attempts}
    for attempt_id, calls in by(evidence.calls, lambda call: call.attempt_id).items():
        if attempt_id is None and not any(call.paid for call in calls):
            continue  # refused before it was read, or cut off: it told nothing and cost nothing
        if attempt_id is None or attempt_id not in granted:
            yield f"{len(calls)} calls of attempt {attempt_id}, which has no row (sequence {calls[0].seq})"
        elif len(calls) > 1:
            yield f"attempt {attempt_id} called {len(calls)} times"
        elif calls[0].at < granted[attempt_id] - CLOCK_SECONDS:
            yield f"attempt {attempt_id} called {granted[attempt_id] - calls[0].at:.3f} s before it was granted"


@rule
def attempts_are_bounded(evidence: Evidence) -> Iterable[str | tuple[str, int]]:
    """I4: no item had more attempts that count, nor more predictions at the provider, than its product allows."""
    paid = {item_id: sum(call.paid for call in calls) for item_id, calls in calls_by_item(evidence).items()}
    for item in evidence.queue:
        most = max(item.attempts_counted, paid.get(item.item_id, 0))
        if most > item.attempts_max:
            yield f"item {item.item_id}: {most} attempts, {item.attempts_max} allowed", item.item_id


@rule
def no_attempt_is_left(evidence: Evidence) -> Iterable[str | tuple[str, int]]:
    """I3: in the end no attempt is live, nothing is queued, no prediction is followed."""
    for attempt in evidence.attempts:
        if attempt.state in LIVE:
            yield f"attempt {attempt.id} is {attempt.state}", attempt.item_id
    for item in evidence.queue:
        if item.state != "ENDED":
            yield f"item {item.item_id} is {item.state} at the predictor", item.item_id
    for prediction in evidence.predictions:
        if prediction.state not in {"STORED", "FAILED"}:
            yield f"the prediction of attempt {prediction.attempt_id} is {prediction.state} at the poller", prediction.item_id


@rule
def one_live_call_per_item(evidence: Evidence) -> Iterable[str | tuple[str, int]]:
    """I4: an item's predictions at the provider follow one another, they never run at the same time."""
    for item_id, calls in calls_by_item(evidence).items():
        ordered = sorted((call for call in calls if call.paid), key=lambda call: call.began or call.at)
        for one, following in pairwise(ordered):
            if one.ended is None or (following.began or following.at) < one.ended - CLOCK_SECONDS:
                yield f"item {item_id}: {following.prediction_id} began before {one.prediction_id} had ended", item_id


@rule
def nothing_is_paid_twice(evidence: Evidence) -> Iterable[str | tuple[str, int]]:
    """I4: a second prediction only after one that the provider itself ended without a result."""
    for item_id, calls in calls_by_item(evidence).items():
        ordered = sorted((call for call in calls if call.paid), key=lambda call: call.seq)
        for call in ordered[:-1]:
            if call.state not in ANSWERED_BY_AN_ERROR:
                lost = ", whose answer was lost" if call.lost else ""
                yield f"item {item_id}: paid again after {call.prediction_id} ({call.state}{lost})", item_id


@rule
def a_result_was_paid_for(evidence: Evidence) -> Iterable[str | tuple[str, int]]:
    """What is DONE was made by a prediction that succeeded at the provider."""
    calls = calls_by_item(evidence)
    for item in evidence.items:
        states = [call.state for call in calls.get(item.id, []) if call.paid]
        if item.status == "DONE" and "succeeded" not in states:
            yield f"item {item.id} is DONE, its predictions are {states}", item.id


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
        if (job.decision == "RESERVED") != (state in {"OPEN", "CLOSED"}) or (job.decision == "REJECTED") != (state == "REJECTED"):
            yield f"job {job.id} is {job.decision} at jobs-api, {state} at credits"


@rule
def the_log_rebuilds_the_books(evidence: Evidence) -> Iterable[str]:
    """I8: the credits topic alone, read from its beginning, gives the balances: by its last word, and by adding up."""
    added: defaultdict[str, Counter[str]] = defaultdict(Counter)
    last: dict[str, LogEvent] = {}
    for event in sorted(distinct(evidence.events, *CHANGES), key=lambda event: event.sequence):
        for account, sign, field in CHANGES[event.name]:
            added[event.key][account] += sign * int(event.data[field])
        last[event.key] = event
    for balance in evidence.balances:
        table = {"available": balance.available, "held": balance.held, "spent": balance.spent}
        word = last[balance.instance_id].data["balances"] if balance.instance_id in last else dict.fromkeys(table, 0)
        if {account: word[account] for account in table} != table:
            yield f"{balance.instance_id}: the table says {table}, the log's last word is {dict(word)}"
        rebuilt = {account: added[balance.instance_id][account] for account in table}
        if rebuilt != table:
            yield f"{balance.instance_id}: the table says {table}, the log adds up to {rebuilt}"


CHANGES: Mapping[str, Sequence[tuple[str, int, str]]] = {
    "CreditsGranted": [("available", 1, "amount")],
    "CreditsExpired": [("available", -1, "amount")],
    "CreditsTakenBack": [("available", -1, "amount")],
    "CreditsReserved": [("available", -1, "amount"), ("held", 1, "amount")],
    "CreditsSettled": [("held", -1, "spent"), ("spent", 1, "spent"), ("held", -1, "released"), ("available", 1, "released")],
}
"""What each event does to which balance: account, sign, field."""


@rule
def nothing_waits_to_be_told(evidence: Evidence) -> Iterable[str]:
    """I6, I15: no outbox holds anything, no consumer is behind."""
    for service, rows in evidence.unsent.items():
        if rows:
            yield f"{service}: {rows} events not relayed"
    for group, messages in evidence.lag.items():
        if messages:
            yield f"{group}: {messages} messages not handled"


@rule
def no_message_was_given_up(evidence: Evidence) -> Iterable[str]:
    """No message became a dead letter: faults of the surroundings are waited out, never blamed on a message."""
    for event in evidence.events:
        if event.gives_up is not None:
            yield f"{event.topic}: {event.gives_up}"


@rule
def results_are_kept(evidence: Evidence) -> Iterable[str | tuple[str, int]]:
    """Every DONE item has its picture and its thumbnail, and both can be read as pictures."""
    for item in evidence.items:
        if item.status != "DONE":
            continue
        for key in (item.result_key, item.thumbnail_key):
            wrong = "has no file" if key is None or key not in evidence.files else evidence.files[key]
            if wrong:
                yield f"item {item.id}: {key} {wrong}", item.id


@rule
def pages_show_the_truth(evidence: Evidence) -> Iterable[str | tuple[str, int]]:
    """I10: a page that came back after every cut ends with what the tables say; it missed no frame and saw none twice."""
    decisions = {job.id: job.decision for job in evidence.jobs}
    for view in evidence.views:
        for complaint in view.complaints:
            yield f"{view.instance_id}: {complaint}"
        for item in evidence.items:
            shown = view.items.get(item.id)
            if item.instance_id == view.instance_id and decisions[item.job_id] == "RESERVED" and shown != item.status:
                yield f"item {item.id} is {item.status}, the page of {view.instance_id} shows {shown}", item.id
        for job in evidence.jobs:
            if job.instance_id == view.instance_id and view.jobs.get(job.id) != job.status:
                yield f"job {job.id} is {job.status}, the page of {view.instance_id} shows {view.jobs.get(job.id)}"


@rule
def tenants_are_apart(evidence: Evidence) -> Iterable[str | tuple[str, int]]:
    """I9: a job, an item, an event, a stored file, a frame, a credit belongs to one tenant everywhere."""
    owners = {job.id: job.instance_id for job in evidence.jobs}
    for item in evidence.items:
        if owners.get(item.job_id) != item.instance_id:
            yield f"item {item.id} is {item.instance_id}'s in a job of {owners.get(item.job_id)}", item.id
    item_owners = {item.id: item.instance_id for item in evidence.items}
    filed = [(row.item_id, row.instance_id) for row in evidence.queue]
    for item_id, tenant in [*filed, *((row.item_id, row.instance_id) for row in evidence.predictions)]:
        if item_owners.get(item_id) != tenant:
            yield f"item {item_id} of {item_owners.get(item_id)} is filed as {tenant}'s", item_id
    for event in evidence.events:
        named = event.data.get("instanceId", event.key)
        job_id = event.data.get("jobId")
        if named != event.key or (job_id is not None and event.key in evidence.instances and owners.get(job_id) != event.key):
            yield f"{event.name} {event.id} under the key {event.key} tells of {named}, job {job_id} of {owners.get(job_id or 0)}"
    folders: defaultdict[str, set[str]] = defaultdict(set)
    for item in evidence.items:
        for key in filter(None, (item.result_key, item.thumbnail_key)):
            folders[key.rpartition("/")[0]].add(item.instance_id)
    for folder, tenants in folders.items():
        if len(tenants) > 1:
            yield f"{folder} holds files of {sorted(tenants)}"
    for view in evidence.views:
        for item_id in view.items:
            if item_owners.get(item_id) != view.instance_id:
                yield f"the page of {view.instance_id} shows item {item_id} of {item_owners.get(item_id)}", item_id


def by(values: Iterable[T], key: Callable[[T], K]) -> defaultdict[K, list[T]]:
    """The values in groups."""
    groups: defaultdict[K, list[T]] = defaultdict(list)
    for value in values:
        groups[key(value)].append(value)
    return groups


def distinct(events: Iterable[LogEvent], *names: str) -> list[LogEvent]:
    """The events of these names, each once: the log may hold one twice, under the same id."""
    return list({event.id: event for event in events if event.name in names}.values())


def calls_by_item(evidence: Evidence) -> dict[int, list[PaidCall]]:
    """The calls whose attempt is known, by item."""
    items = {attempt.id: attempt.item_id for attempt in evidence.attempts}
    found: defaultdict[int, list[PaidCall]] = defaultdict(list)
    for call in evidence.calls:
        if call.attempt_id in items:
            found[items[call.attempt_id]].append(call)
    return dict(found)
