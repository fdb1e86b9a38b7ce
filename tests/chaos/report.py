"""A run in words: figures, what broke, and the whole story of an item that it broke for."""

from collections import Counter
from collections.abc import Iterable
from pathlib import Path

from chaos.evidence import Evidence
from chaos.programme import Run
from chaos.rule_book import by, calls_by_item
from darkroom_cli.stack.home import Home

VIOLATIONS_SHOWN = 40
STORIES_SHOWN = 3
WORDS_SHOWN = 12
WORD_MAX = 400
"""Characters of one line of a log."""


def figures(run: Run) -> str:
    """What the run exercised: numbers of this run, for the one who reads them to know that it was no walk in the park."""
    evidence = run.evidence
    if evidence is None:
        return "no evidence"
    paid = [call for call in evidence.calls if call.paid]
    attempts = Counter(attempt.state for attempt in evidence.attempts)
    lines = [
        f"seed {run.plan.seed}: {len(evidence.items)} items in {len(evidence.jobs)} jobs of {len(run.shops)} shops; "
        f"{len(run.faults)} faults in {run.plan.seconds:.0f} s; all ended {run.settled_seconds:.1f} s after the last",
        f"items {_counted(item.status for item in evidence.items)}; jobs {_counted(job.status for job in evidence.jobs)}",
        f"provider: {len(evidence.calls)} creations, {len(paid)} paid ({_counted(call.state for call in paid)}), "
        f"lost or lied {_counted(call.status for call in paid if call.lost)}; "
        f"at most {fullest(evidence)} in any {evidence.window_seconds:.0f} s (cap {evidence.cap}); attempts {dict(attempts)}",
        f"pages: {sum(page.connects for page in run.pages)} connects, {sum(page.reloads for page in run.pages)} reloads; "
        f"{len(evidence.events)} events",
        f"people: cancelled {len(run.canceled)} jobs ({_counted(run.canceled.values())}), "
        f"retried {sum(asked.retry_of is not None for asked in evidence.asked)}, redrove {run.redriven} of "
        f"{len(evidence.letters)} given up, paused {len(run.pauses)} shops",
        f"the provider lied: {run.plan.lies}; Redis' clock: {run.plan.clock or 'right'}",
        f"faults: {_counted(' '.join(fault.split()[2:4]) for fault in run.faults)}",
    ]
    return "\n".join(lines)


def fullest(evidence: Evidence) -> int:
    """The most creations of one account in any window."""
    most = 0
    for calls in by(evidence.calls, lambda call: call.account).values():
        times = sorted(call.at for call in calls)
        first = 0
        for last, at in enumerate(times):
            while at - times[first] >= evidence.window_seconds:
                first += 1
            most = max(most, last - first + 1)
    return most


def failure(run: Run) -> str:
    """Everything needed to understand and repeat a run that broke a rule."""
    broken = [f"  {one.rule}: {one.what}" for one in run.violations[:VIOLATIONS_SHOWN]]
    more = len(run.violations) - len(broken)
    lines = [
        figures(run),
        f"{len(run.violations)} violations with seed {run.plan.seed}:",
        *broken,
        *([f"  … and {more} more"] if more else []),
        "faults that were done:",
        *(f"  {fault}" for fault in run.faults),
    ]
    concerned = dict.fromkeys(one.item_id for one in run.violations if one.item_id is not None)
    if run.evidence is not None:
        for item_id in list(concerned)[:STORIES_SHOWN]:
            lines += [f"item {item_id}:", *(f"  {line}" for line in story(run.evidence, item_id))]
    for log in sorted(Home(run.platform.settings.home).logs.glob("*.log")):
        lines += [f"last complaints in {log.name}:", *(f"  {line}" for line in complaints(log))]
    return "\n".join(lines)


def complaints(log: Path) -> list[str]:
    """The last lines of a log that are more than information."""
    lines = log.read_text(errors="replace").splitlines()
    return [line[:WORD_MAX] for line in lines if '"level": "info"' not in line][-WORDS_SHOWN:]


def story(evidence: Evidence, item_id: int) -> list[str]:
    """What the log, the attempts and the provider say of an item."""
    lines = [str(item) for item in evidence.items if item.id == item_id]
    lines += [str(queued) for queued in evidence.queue if queued.item_id == item_id]
    lines += [str(attempt) for attempt in evidence.attempts if attempt.item_id == item_id]
    lines += [str(prediction) for prediction in evidence.predictions if prediction.item_id == item_id]
    lines += [str(call) for call in calls_by_item(evidence).get(item_id, [])]
    told = [event for event in evidence.events if event.data.get("itemId") == item_id]
    lines += [f"{event.at} {event.name} {dict(event.data)} id {event.id}" for event in sorted(told, key=lambda event: event.at)]
    return lines


def _counted(values: Iterable[object]) -> dict[str, int]:
    return dict(Counter(map(str, values)).most_common())
