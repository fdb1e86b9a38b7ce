"""`darkroom suppressions`: addresses that are not written to, and one of them written to again."""

from typing import Annotated
from urllib.parse import quote

import typer
from rich.table import Table

from darkroom_cli.console import WRONG_USE, fail, show_json
from darkroom_cli.operator_door import ask_operator
from darkroom_cli.tables import show_table

app = typer.Typer(add_completion=False, no_args_is_help=True)
Json = Annotated[bool, typer.Option("--json", help="print it as JSON")]


@app.command("list")
def list_suppressions(
    address: Annotated[str | None, typer.Option(help="only this address")] = None,
    why: Annotated[str | None, typer.Option(help="bounced, unsubscribed or complained")] = None,
    limit: Annotated[int, typer.Option(min=1, max=100, help="how many at most")] = 20,
    cursor: Annotated[str | None, typer.Option(help="`nextCursor` of the page before")] = None,
    as_json: Json = False,
) -> None:
    """Who is not written to, for which tenant (`*`: all) and why."""
    said: dict[str, str | None] = {"address": address, "reason": why, "cursor": cursor}
    query: dict[str, str | int] = {name: value for name, value in said.items() if value is not None}
    page = ask_operator("notifier", "GET", "suppressions", query=query | {"limit": limit})
    if as_json:
        show_json(page)
        return
    table = Table(box=None, pad_edge=False, header_style="dim")
    for title in ("channel", "address", "tenant", "reason", "since"):
        table.add_column(title, overflow="fold")
    for one in page["suppressions"]:
        table.add_row(one["channel"], one["address"], one["scope"], one["reason"], one["createdAt"])
    show_table(table)
    if page["nextCursor"]:
        print(f"more: --cursor '{page['nextCursor']}'")


@app.command("lift")
def lift_suppression(
    address: Annotated[str, typer.Argument(help="an e-mail address or a number")],
    reason: Annotated[str, typer.Option(help="why it is written to again; it is kept")],
    as_json: Json = False,
) -> None:
    """Write to an address again, whatever it was suppressed for."""
    if not reason.strip():
        fail("the reason is empty", WRONG_USE)
    answer = ask_operator("notifier", "DELETE", f"suppressions/{quote(address, safe='')}", query={"reason": reason})
    if as_json:
        show_json(answer)
        return
    for one in answer["lifted"]:
        print(f"{one['address']} ({one['channel']}, {one['reason']}, tenant {one['scope']}) is written to again")
