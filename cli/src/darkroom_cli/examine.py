"""What the doctor asks the services, and what their answers mean beside each other. It knows no door: `ask` is one.

A thing is amiss only when both sides have stood still for long enough, so news on its way is no finding.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

PAGES_MAX = 1000
"""Of 1,000 things each, that are compared of a kind."""
IDS_AT_ONCE = 1000
ABSENT = "absent"
SERVICES = ("jobs-api", "credits", "predictor", "poller", "notifier")

Ask = Callable[[str, str, str, dict[str, Any] | None, dict[str, str | int] | None], dict[str, Any]]
"""(service, method, path under /api/operator, body, query) → its answer."""


@dataclass(frozen=True)
class Repair:
    """Who can mend it, under which kind, and how, in words."""

    service: str
    kind: str
    words: str


@dataclass(frozen=True)
class Verdict:
    """What it means that the other service knows a thing in one of these states."""

    kind: str
    meaning: str
    states: frozenset[str]
    repair: Repair | None = None


@dataclass(frozen=True)
class Comparison:
    """What `asks` waits for, beside what `answers` knows of it; each a service and a kind."""

    asks: tuple[str, str]
    answers: tuple[str, str]
    verdicts: tuple[Verdict, ...]


@dataclass
class Finding:
    """Orphans of one kind."""

    service: str
    kind: str
    meaning: str
    repair: Repair | None
    things: list[dict[str, Any]] = field(default_factory=list)
    more: bool = False
    """There are more than a service tells at once."""
    repaired: int | None = None

    @property
    def oldest_seconds(self) -> float:
        ages: list[float] = [thing["ageSeconds"] for thing in self.things]
        return max(ages)

    @property
    def left(self) -> int:
        """How many were not mended, of those that are known."""
        return len(self.things) - (self.repaired or 0) + self.more

    def document(self, examples: int) -> dict[str, Any]:
        """As JSON."""
        return {
            "service": self.service,
            "kind": self.kind,
            "meaning": self.meaning,
            "count": len(self.things),
            "more": self.more,
            "oldestSeconds": self.oldest_seconds,
            "examples": self.things[:examples],
            "repair": self.repair.words if self.repair else None,
            "repaired": self.repaired,
        }


TELL_POLLER = Repair("predictor", "attempts", "tell the poller again")
COMPARISONS = (
    Comparison(
        ("credits", "reservations"),
        ("jobs-api", "jobs"),
        (
            Verdict(
                "held-after-end",
                "credits held for jobs that have ended",
                frozenset({"DONE", "FAILED", "CANCELED"}),
                Repair("jobs-api", "jobs", "tell the job's end again"),
            ),
            Verdict("held-for-nobody", "credits held for jobs that jobs-api does not know", frozenset({ABSENT})),
        ),
    ),
    Comparison(
        ("jobs-api", "items"),
        ("predictor", "items"),
        (
            Verdict(
                "end-unheard",
                "items that have ended, which their job has not heard",
                frozenset({"DONE", "FAILED", "CANCELED"}),
                Repair("predictor", "items", "tell the item's end again"),
            ),
            Verdict("end-unclear", "items that have ended, nobody can say how", frozenset({"UNCLEAR"})),
            Verdict(
                "not-taken",
                "items asked for that the predictor does not know",
                frozenset({ABSENT}),
                Repair("jobs-api", "items", "ask again for those not begun"),
            ),
        ),
    ),
    Comparison(
        ("predictor", "attempts"),
        ("poller", "predictions"),
        (
            Verdict(
                "not-followed", "predictions at the provider that the poller does not know", frozenset({ABSENT}), TELL_POLLER
            ),
            Verdict(
                "end-untold", "predictions that have ended, which no item has heard", frozenset({"STORED", "FAILED"}), TELL_POLLER
            ),
        ),
    ),
    Comparison(
        ("poller", "predictions"),
        ("predictor", "attempts"),
        (Verdict("followed-for-nobody", "predictions followed for no live attempt", frozenset({ABSENT, "DONE", "FAILED"})),),
    ),
)


def examine(ask: Ask, older_seconds: float) -> list[Finding]:
    """Everything that has been amiss for so long."""
    own = [finding for service in SERVICES for finding in _own(ask, service, older_seconds)]
    return own + [finding for one in COMPARISONS for finding in _compare(ask, one, older_seconds)]


def repair(ask: Ask, finding: Finding) -> None:
    """Have it mended, if it can be; `repaired` says for how many something was done."""
    if finding.repair is None:
        return
    done = 0
    for ids in _chunks([thing["id"] for thing in finding.things]):
        path = f"doctor/repair/{finding.repair.kind}"
        done += ask(finding.repair.service, "POST", path, {"ids": ids}, None)["repaired"]
    finding.repaired = done


def _own(ask: Ask, service: str, older_seconds: float) -> Iterator[Finding]:
    for check in ask(service, "GET", "doctor", None, _older(older_seconds))["checks"]:
        if check["found"]:
            mend = Repair(service, check["kind"], check["repair"]) if check["repair"] else None
            yield Finding(service, check["kind"], check["meaning"], mend, check["found"], len(check["found"]) >= IDS_AT_ONCE)


def _compare(ask: Ask, comparison: Comparison, older_seconds: float) -> Iterator[Finding]:
    findings = {one: Finding(comparison.asks[0], one.kind, one.meaning, one.repair) for one in comparison.verdicts}
    for things in _open(ask, *comparison.asks, older_seconds):
        service, kind = comparison.answers
        answer = ask(service, "POST", f"doctor/known/{kind}", {"ids": [thing["id"] for thing in things]}, None)
        known = {thing["id"]: thing for thing in answer["things"]}
        for thing in things:
            other = known.get(thing["id"], {"state": ABSENT, "ageSeconds": thing["ageSeconds"]})
            for verdict, finding in findings.items():
                if other["state"] in verdict.states and other["ageSeconds"] >= older_seconds:
                    finding.things.append(thing)
    yield from (finding for finding in findings.values() if finding.things)


def _open(ask: Ask, service: str, kind: str, older_seconds: float) -> Iterator[list[dict[str, Any]]]:
    after = ""
    for _ in range(PAGES_MAX):
        page = ask(service, "GET", f"doctor/open/{kind}", None, _older(older_seconds) | {"after": after})
        if page["things"]:
            yield page["things"]
        if page["next"] is None:
            return
        after = page["next"]


def _older(seconds: float) -> dict[str, str | int]:
    return {"olderThan": f"{seconds:g}"}


def _chunks(ids: Sequence[str]) -> Iterator[list[str]]:
    for start in range(0, len(ids), IDS_AT_ONCE):
        yield list(ids[start : start + IDS_AT_ONCE])
