"""The rules of the house that no linter knows: one place that commits, no rooms named after nothing, nothing endless."""

import ast
from pathlib import Path

import pytest
from darkroom_servicekit.migrations import newest_revision

TREE = Path(__file__).parents[2]
SOURCES = sorted(
    path
    for folder in ("contracts/src", "servicekit/src", "services", "sandbox/src", "cli/src")
    for path in (TREE / folder).rglob("*.py")
)
LINES_MAX = 400
NAMED_AFTER_NOTHING = {"service.py", "utils.py", "helpers.py", "manager.py", "common.py", "misc.py"}
MAY_COMMIT = {
    # The unit of work opens `connection.begin()`, which commits; the migrations' job commits its own connection.
    "servicekit/src/darkroom_servicekit/alembic/env.py": "connection.commit()",
    # Offsets, not transactions: after the database has committed.
    "servicekit/src/darkroom_servicekit/consumer.py": "consumer.commit(offsets)",
}


def place(path: Path) -> str:
    return path.relative_to(TREE).as_posix()


def test_nothing_commits_but_the_unit_of_work() -> None:
    commits = {
        place(path): line.strip()
        for path in SOURCES
        for line in path.read_text().splitlines()
        if ".commit(" in line and not line.strip().startswith(("#", '"'))
    }

    assert set(commits) <= set(MAY_COMMIT), commits
    assert all(MAY_COMMIT[name] in line for name, line in commits.items())


def test_no_file_is_named_after_nothing_in_particular() -> None:
    assert [place(path) for path in SOURCES if path.name in NAMED_AFTER_NOTHING] == []


def test_no_file_has_become_endless() -> None:
    assert [place(path) for path in SOURCES if path.read_text().count("\n") > LINES_MAX] == []


def test_every_client_trusts_the_authorities_that_the_surroundings_name() -> None:
    """httpx by itself reads neither the system's store nor, without `trust_env`, `SSL_CERT_FILE`."""
    calls = [
        (place(path), ast.unparse(node))
        for path in SOURCES
        if place(path).startswith("services")
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Call) and ast.unparse(node.func) == "httpx.AsyncClient"
    ]
    without = [name for name, call in calls if "verify=client_tls()" not in call]
    assert len(calls) >= 4
    assert without == []


@pytest.mark.parametrize("service", ["jobs-api", "credits", "predictor", "poller", "notifier"])
def test_every_service_has_the_same_rooms(service: str) -> None:
    folder = TREE / "services" / service
    package = folder / "src" / f"darkroom_{service.replace('-', '_')}"

    assert (folder / "README.md").exists()
    assert (folder / "migrations" / "versions" / "0001_initial.py").exists()
    for room in ("__main__.py", "main.py", "settings.py"):
        assert (package / room).exists(), room


def test_generic_services_know_no_product_by_name() -> None:
    """A fourth product on an existing provider needs no line in predictor or poller."""
    named = [
        place(path)
        for path in SOURCES
        if place(path).startswith(("services/predictor", "services/poller"))
        for word in ('"optimize"', "nano-banana", '"restore"', '"convert"')
        if word in path.read_text()
    ]

    assert named == []


@pytest.mark.parametrize("service", ["jobs-api", "credits", "predictor", "poller", "notifier"])
def test_migrations_are_one_line_in_the_order_of_their_numbers(service: str) -> None:
    """Two branches that take the same number merge without a conflict, and then no database can be made."""
    files = sorted((TREE / "services" / service / "migrations" / "versions").glob("*.py"))
    numbers = [f"{number:04}" for number in range(1, len(files) + 1)]

    assert [path.name[:4] for path in files] == numbers
    assert newest_revision(files[0].parents[1]) == numbers[-1]
