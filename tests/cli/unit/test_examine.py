"""What the doctor makes of the services' answers: compared by hand, without any service."""

from pathlib import Path
from typing import Any

import click
import pytest
from darkroom_cli.examine import SERVICES, Finding, examine, repair
from darkroom_cli.main import app
from typer.testing import CliRunner

OLD, YOUNG = 500.0, 5.0
OLDER = 120.0


def thing(thing_id: str, state: str, age_seconds: float = OLD) -> dict[str, Any]:
    return {"id": thing_id, "state": state, "ageSeconds": age_seconds, "instanceId": "shop"}


class Services:
    """Services with given answers, which remember what they were asked."""

    def __init__(self) -> None:
        self.checks: dict[str, list[dict[str, Any]]] = {service: [] for service in SERVICES}
        self.open: dict[tuple[str, str], list[list[dict[str, Any]]]] = {}
        self.known: dict[tuple[str, str], list[dict[str, Any]]] = {}
        self.repairs: list[tuple[str, str, list[str]]] = []

    def __call__(
        self, service: str, method: str, path: str, body: dict[str, Any] | None, query: dict[str, str | int] | None
    ) -> dict[str, Any]:
        parts = path.split("/")
        assert (method == "POST") == (body is not None)
        assert query is None or query["olderThan"] == "120"
        if path == "doctor":
            return {"service": service, "checks": self.checks[service]}
        if parts[1] == "open":
            pages = self.open.get((service, parts[2]), [[]])
            assert query is not None
            number = next((n + 1 for n, page in enumerate(pages) if page and page[-1]["id"] == query["after"]), 0)
            return {"things": pages[number], "next": pages[number][-1]["id"] if number + 1 < len(pages) else None}
        assert body is not None
        if parts[1] == "known":
            return {"things": [one for one in self.known.get((service, parts[2]), []) if one["id"] in body["ids"]]}
        self.repairs.append((service, parts[2], body["ids"]))
        return {"repaired": len(body["ids"])}


def told(found: list[Finding]) -> dict[str, list[str]]:
    return {one.kind: [thing["id"] for thing in one.things] for one in found}


def test_nothing_is_found_where_nothing_is_open() -> None:
    assert examine(Services(), OLDER) == []


def test_a_services_own_orphans_are_taken_as_it_tells_them() -> None:
    services = Services()
    services.checks["predictor"] = [
        {"kind": "slot", "meaning": "slots", "repair": "free them", "found": [thing("a", "x"), thing("b", "y", 900)]},
        {"kind": "call", "meaning": "calls", "repair": "look", "found": []},
    ]
    services.checks["jobs-api"] = [{"kind": "undecided", "meaning": "jobs", "repair": None, "found": [thing("7", "PENDING")]}]
    undecided, slots = examine(services, OLDER)
    assert (undecided.service, undecided.kind, undecided.repair, undecided.left) == ("jobs-api", "undecided", None, 1)
    assert (slots.oldest_seconds, slots.left) == (900, 2)
    for one in (undecided, slots):
        repair(services, one)
    assert services.repairs == [("predictor", "slot", ["a", "b"])]
    assert (undecided.left, slots.left) == (1, 0)


def test_a_thousand_told_at_once_may_be_more_and_are_never_all_mended() -> None:
    services = Services()
    things = [thing(str(number), "x") for number in range(1000)]
    services.checks["poller"] = [{"kind": "poll", "meaning": "polls", "repair": "ask now", "found": things}]
    [found] = examine(services, OLDER)
    repair(services, found)
    assert (found.repaired, found.left, found.document(3)["more"]) == (1000, 1, True)


@pytest.mark.parametrize(
    ("asks", "answers", "state", "kind", "mended_by"),
    [
        (("credits", "reservations"), ("jobs-api", "jobs"), "DONE", "held-after-end", ("jobs-api", "jobs")),
        (("credits", "reservations"), ("jobs-api", "jobs"), None, "held-for-nobody", None),
        (("jobs-api", "items"), ("predictor", "items"), "FAILED", "end-unheard", ("predictor", "items")),
        (("jobs-api", "items"), ("predictor", "items"), "UNCLEAR", "end-unclear", None),
        (("jobs-api", "items"), ("predictor", "items"), None, "not-taken", ("jobs-api", "items")),
        (("predictor", "attempts"), ("poller", "predictions"), None, "not-followed", ("predictor", "attempts")),
        (("predictor", "attempts"), ("poller", "predictions"), "STORED", "end-untold", ("predictor", "attempts")),
        (("poller", "predictions"), ("predictor", "attempts"), "DONE", "followed-for-nobody", None),
    ],
)
def test_what_two_services_say_of_one_thing_is_compared(
    asks: tuple[str, str], answers: tuple[str, str], state: str | None, kind: str, mended_by: tuple[str, str] | None
) -> None:
    services = Services()
    services.open[asks] = [[thing("1", "open"), thing("2", "open"), thing("3", "open")]]
    # 1 stands so for long; 2 only came to stand so, news of it may be on its way; 3 is as it should be.
    in_order = "RUNNING" if answers[1] != "items" else "QUEUED"
    services.known[answers] = [thing("2", state or "RUNNING", YOUNG), thing("3", in_order)]
    if state is not None:
        services.known[answers].append(thing("1", state))
    found = examine(services, OLDER)
    assert told(found) == {kind: ["1"]}
    repair(services, found[0])
    assert services.repairs == ([(*mended_by, ["1"])] if mended_by else [])


def test_every_page_is_compared_and_repairs_are_asked_for_a_thousand_at_a_time() -> None:
    services = Services()
    ids = [f"{number:05}" for number in range(2500)]
    services.open[("jobs-api", "items")] = [[thing(one, "PENDING") for one in ids[at : at + 1000]] for at in (0, 1000, 2000)]
    [found] = examine(services, OLDER)
    assert [one["id"] for one in found.things] == ids
    repair(services, found)
    assert [len(told_ids) for _, _, told_ids in services.repairs] == [1000, 1000, 500]
    assert found.document(2)["count"] == 2500
    assert len(found.document(2)["examples"]) == 2


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [("doctor", 1, "darkroom up"), ("doctor --older-than -1", 2, "--older-than"), ("doctor --mend", 2, "--mend")],
)
def test_the_command_ends_with_words_and_the_right_code(tmp_path: Path, arguments: str, code: int, said: str) -> None:
    runner = CliRunner(env={"DARKROOM_HOME": str(tmp_path), "DARKROOM_JWT_SECRET": "", "DARKROOM_OPERATOR_TOKEN": ""})
    result = runner.invoke(app, arguments.split())
    assert (result.exit_code, said in click.unstyle(result.output)) == (code, True), result.output
