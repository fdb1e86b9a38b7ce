"""`darkroom status`: what runs, where, how big."""

from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

from darkroom_cli.console import FAILED, settings, show_json, told_errors
from darkroom_cli.stack.status import status_document

app = typer.Typer(add_completion=False)
COLOURS = {"ready": "green", "starting": "yellow", "restarting": "red", "degraded": "red", "stopped": "dim"}


@app.command()
def status(as_json: Annotated[bool, typer.Option("--json", help="print it as JSON")] = False) -> None:
    """Exit 0 only when everything is ready."""
    with told_errors():
        document = status_document(settings().home)
    if as_json:
        show_json(document)
    else:
        _show(document)
    if document["state"] != "ready":
        raise SystemExit(FAILED)


def _show(document: dict[str, Any]) -> None:
    console = Console()
    console.print(f"[{COLOURS[document['state']]}]{document['state']}[/] {document['web'] or ''}", highlight=False)
    if document["state"] == "stopped":
        console.print("start it with `darkroom up`")
        return
    table = Table(box=None, pad_edge=False, header_style="dim")
    for title in ("process", "state", "pid", "MB", "restarts", "address"):
        table.add_column(title, justify="right" if title in ("pid", "MB", "restarts") else "left")
    for process in document["processes"]:
        name, state = process["name"], process["state"]
        size = "" if process["rssBytes"] is None else f"{process['rssBytes'] / 1e6:.0f}"
        table.add_row(
            name, f"[{COLOURS[state]}]{state}[/]", str(process["pid"] or ""), size, str(process["restarts"]), process["address"]
        )
    console.print(table)
