"""What must hold of jobs and items: none is lost, each ends once, results are kept, everyone sees their own."""

from collections import Counter, defaultdict
from collections.abc import Iterable

from chaos.evidence import Evidence
from chaos.rule_book import ENDED, by, distinct, rule


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
