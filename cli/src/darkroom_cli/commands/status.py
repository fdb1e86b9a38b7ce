"""`darkroom status`: what runs, where, how big."""

from typing import Annotated, Any

import typer
from rich.table import Table
from rich.text import Text

from darkroom_cli.console import FAILED, settings, show_json, told_errors
from darkroom_cli.stack.status import status_document
from darkroom_cli.tables import show_table

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
    heading = Table.grid(padding=(0, 1))
    heading.add_row(_coloured(document["state"]), document["web"] or "")
    show_table(heading)
    if document["state"] == "stopped":
        print("start it with `darkroom up`")
        return
    table = Table(box=None, pad_edge=False, header_style="dim")
    for title in ("process", "state", "pid", "MB", "restarts", "address"):
        table.add_column(title, justify="right" if title in ("pid", "MB", "restarts") else "left")
    for process in document["processes"]:
        size = "" if process["rssBytes"] is None else f"{process['rssBytes'] / 1e6:.0f}"
        state, pid, restarts = _coloured(process["state"]), str(process["pid"] or ""), str(process["restarts"])
        table.add_row(process["name"], state, pid, size, restarts, process["address"])
    show_table(table)


def _coloured(state: str) -> Text:
    return Text(state, style=COLOURS[state])
