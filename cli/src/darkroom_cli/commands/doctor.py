"""`darkroom doctor`: looks for what is stuck or held by nobody, through every service's own door; mends what is safe to mend."""

from typing import Annotated, Any

import typer
from rich.table import Table

from darkroom_cli.console import FAILED, show_json
from darkroom_cli.examine import Finding, examine, repair
from darkroom_cli.operator_door import ask_operator
from darkroom_cli.tables import show_table

EXAMPLES_MAX = 3
EXAMPLES_JSON_MAX = 100
AGE_SECONDS_DEFAULT = 120.0
STEPS = ((86400.0, "d"), (3600.0, "h"), (60.0, "min"))

app = typer.Typer(add_completion=False)


@app.command()
def doctor(
    repair_too: Annotated[bool, typer.Option("--repair", help="mend what is safe to mend, and say what was done")] = False,
    older_than: Annotated[
        float, typer.Option(min=0.0, help="seconds for which something must have stood still")
    ] = AGE_SECONDS_DEFAULT,
    as_json: Annotated[bool, typer.Option("--json", help="print it as JSON")] = False,
) -> None:
    """What is stuck, or held by nobody. Exit 0 when there is nothing, or when all of it was mended; else 1."""
    found = examine(_ask, older_than)
    if repair_too:
        for finding in found:
            repair(_ask, finding)
    if as_json:
        show_json({"findings": [finding.document(EXAMPLES_JSON_MAX) for finding in found]})
    elif found:
        show_table(_table(found, repaired=repair_too))
    else:
        print(f"nothing has been amiss for {_age(older_than)}")
    if any(finding.left for finding in found):
        raise SystemExit(FAILED)


def _ask(service: str, method: str, path: str, body: dict[str, Any] | None, query: dict[str, str | int] | None) -> dict[str, Any]:
    return ask_operator(service, method, path, body, query=query)


def _table(found: list[Finding], *, repaired: bool) -> Table:
    table = Table(box=None, pad_edge=False, header_style="dim")
    for title in ("service", "what", "meaning", "how many", "oldest", "such as", "repair" if not repaired else "repaired"):
        table.add_column(title, justify="right" if title in {"how many", "oldest"} else "left", overflow="fold")
    for one in found:
        examples = ", ".join(_example(thing) for thing in one.things[:EXAMPLES_MAX])
        table.add_row(
            one.service,
            one.kind,
            one.meaning,
            f"{len(one.things):,}{'+' if one.more else ''}",
            _age(one.oldest_seconds),
            examples,
            _mending(one, repaired),
        )
    return table


def _mending(finding: Finding, repaired: bool) -> str:
    if finding.repair is None:
        return "a person must look"
    if not repaired:
        return finding.repair.words
    return f"{finding.repaired:,} of {len(finding.things):,}: {finding.repair.words}"


def _example(thing: dict[str, Any]) -> str:
    whose = f" of {thing['instanceId']}" if thing.get("instanceId") else ""
    return f"{thing['id']}{whose} ({thing['state']})"


def _age(seconds: float) -> str:
    for size, unit in STEPS:
        if seconds >= size:
            return f"{seconds / size:.1f} {unit}"
    return f"{seconds:.0f} s"
