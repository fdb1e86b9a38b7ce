"""What must hold of what people asked for: a job, its end, its failed items again; of an operator: a redrive, a pause."""

from collections import Counter
from collections.abc import Iterable

from chaos.evidence import Evidence, ItemRow
from chaos.rule_book import by, calls_by_item, distinct, rule


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
    """I14: however often a request was repeated under its key, there is one job, and no job beside those but redriven ones."""
    for asked in evidence.asked:
        if len(asked.job_ids) != 1:
            yield f"key {asked.key}: jobs {sorted(asked.job_ids)} (answers {asked.statuses})"
        if len(set(asked.statuses)) > 1:
            yield f"key {asked.key}: answered {asked.statuses}"
    known = {job_id: asked.retry_of for asked in evidence.asked for job_id in asked.job_ids}
    for job in evidence.jobs:
        if job.redriven == (job.id in known):
            yield f"job {job.id} of {job.instance_id} was acknowledged to {'a shop and redriven' if job.redriven else 'nobody'}"
        elif not job.redriven and job.retry_of != known[job.id]:
            yield f"job {job.id} tries {job.retry_of} again, it was asked for {known[job.id]}"


@rule
def a_cancelled_job_stops(evidence: Evidence) -> Iterable[str | tuple[str, int]]:
    """Whose cancelling was answered is told once to be stopped; nothing of it is asked for or started after that."""
    orders = by(distinct(evidence.events, "JobCancelRequested"), lambda event: int(event.data["jobId"]))
    requests = by(distinct(evidence.events, "ItemRequested"), lambda event: int(event.data["jobId"]))
    for job in evidence.jobs:
        if evidence.cancels.get(job.id) == CANCELLED and not job.stop_asked:
            yield f"job {job.id} was said to be cancelled and is not"
        if len(orders[job.id]) != job.stop_asked:
            yield f"job {job.id}: stop asked {job.stop_asked}, told {len(orders[job.id])} times"
        for order in orders[job.id]:
            late = [int(event.data["itemId"]) for event in requests[job.id] if event.sequence > order.sequence]
            yield from ((f"item {item_id} was asked for after its job was stopped", item_id) for item_id in late)
    stopped = {item.item_id: item.stop_asked_at for item in evidence.queue}
    for attempt in evidence.attempts:
        at = stopped.get(attempt.item_id)
        if at is not None and attempt.granted_at > at:
            yield f"item {attempt.item_id} was started {attempt.granted_at - at:.3f} s after it was stopped", attempt.item_id


@rule
def what_was_cancelled_comes_back(evidence: Evidence) -> Iterable[str | tuple[str, int]]:
    """Only what someone stopped is cancelled; the provider never had it or was paid, and what it never had costs nothing."""
    stopped = {job.id for job in evidence.jobs if job.stop_asked}
    calls = calls_by_item(evidence)
    settled = {one.item_id: one.charge for one in evidence.settlements}
    for item in evidence.items:
        if item.status != "CANCELED":
            continue
        if item.job_id not in stopped:
            yield f"item {item.id} is cancelled, which nobody asked for", item.id
        paid = any(call.paid for call in calls.get(item.id, []))
        if not paid and (item.charge, settled.get(item.id, "release")) != ("release", "release"):
            yield f"item {item.id} was cancelled before any call: charge {item.charge}, settled {settled.get(item.id)}", item.id


@rule
def what_was_given_up_is_filed(evidence: Evidence) -> Iterable[str | tuple[str, int]]:
    """Every item out of attempts is one dead letter, told once; none is left half-way to being tried again."""
    told = Counter(int(event.data["itemId"]) for event in distinct(evidence.events, "ItemGivenUp"))
    states = {item.id: item.status for item in evidence.items}
    filed = Counter(letter.item_id for letter in evidence.letters)
    for item_id in told.keys() | filed.keys():
        if (told[item_id], filed[item_id], states.get(item_id)) != (1, 1, "FAILED"):
            yield (
                f"item {item_id} is {states.get(item_id)}, given up {told[item_id]} times, {filed[item_id]} dead letters",
                item_id,
            )
    for letter in evidence.letters:
        if letter.state not in {"open", "redriven"}:
            yield f"the dead letter of item {letter.item_id} is {letter.state}", letter.item_id


@rule
def a_picture_is_made_once(evidence: Evidence) -> Iterable[str | tuple[str, int]]:
    """Of all tries of a picture, by its shop and by an operator, one at most is DONE, and nothing follows it."""
    for (job_id, image_id), tries in _pictures(evidence).items():
        if any(one.status == "DONE" for one in tries[:-1]):
            yield (
                f"picture {image_id} of job {job_id} was made again after it was done: {[one.id for one in tries]}",
                tries[-1].id,
            )


@rule
def a_redriven_item_is_made_once(evidence: Evidence) -> Iterable[str | tuple[str, int]]:
    """What an operator had tried again is one new item, unless a later try of the picture there is already."""
    ordered = Counter(
        int(item_id) for event in distinct(evidence.events, "DeadLettersRedriven") for item_id in event.data["itemIds"]
    )
    jobs = {job.id: job for job in evidence.jobs}
    redriven = {letter.item_id for letter in evidence.letters if letter.state == "redriven"}
    for tries in _pictures(evidence).values():
        for item in tries:
            again = [one for one in tries if jobs[one.job_id].redriven and jobs[one.job_id].retry_of == item.job_id]
            if ordered[item.id] != (item.id in redriven):
                yield f"item {item.id}: redriven {ordered[item.id]} times, its dead letter says {item.id in redriven}", item.id
            if len(again) > ordered[item.id] or (ordered[item.id] and item is tries[-1]):
                yield f"item {item.id} was redriven {ordered[item.id]} times and made {len(again)} times", item.id


@rule
def a_redriven_item_costs_what_is_left_to_pay(evidence: Evidence) -> Iterable[str | tuple[str, int]]:
    """Its price when it was sold, less what the earlier tries of the picture have spent."""
    jobs = {job.id: job for job in evidence.jobs}
    for tries in _pictures(evidence).values():
        for number, item in enumerate(tries):
            job = sold = jobs[item.job_id]
            while sold.redriven and sold.retry_of in jobs:
                sold = jobs[sold.retry_of]
            kept = sum(jobs[one.job_id].price for one in tries[:number] if one.charge == "spend")
            if job.redriven and job.price != max(0, sold.price - kept):
                yield f"item {item.id} was redriven for {job.price} credits, not {max(0, sold.price - kept)}", item.id


def _pictures(evidence: Evidence) -> dict[tuple[int, str], list[ItemRow]]:
    """The tries of each picture, the earliest first, by the first job and the picture's name."""
    jobs = {job.id: job for job in evidence.jobs}

    def first(job_id: int) -> int:
        while (retry_of := jobs[job_id].retry_of) in jobs:
            job_id = retry_of
        return job_id

    return by(sorted(evidence.items, key=lambda item: item.id), lambda item: (first(item.job_id), item.image_id))


@rule
def a_paused_tenant_starts_nothing(evidence: Evidence) -> Iterable[str | tuple[str, int]]:
    """From when a pause is in force until it is ended, no call of the tenant arrives at the provider, whatever breaks."""
    owners = {item.item_id: item.instance_id for item in evidence.queue}
    for item_id, calls in calls_by_item(evidence).items():
        for pause in evidence.pauses:
            for call in calls:
                if owners.get(item_id) == pause.instance_id and pause.in_force_at < call.at < pause.ended_at:
                    yield f"item {item_id} was called {call.at - pause.in_force_at:.3f} s into a pause", item_id


CANCELLED = 200
"""The answer to a request to cancel that was taken."""
