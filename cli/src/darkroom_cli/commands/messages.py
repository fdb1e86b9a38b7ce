"""`darkroom messages`: e-mails and SMS at the notifier's door, and those that were given up, sent again."""

from typing import Annotated, Any
from uuid import UUID

import typer
from rich.table import Table

from darkroom_cli.console import WRONG_USE, fail, show_json
from darkroom_cli.operator_door import ask_operator
from darkroom_cli.tables import show_table

FIELDS = {"instance": "instanceId", "code": "code"}
COLUMNS = ("id", "channel", "kind", "tenant", "to", "status", "tries", "code", "at", "what")

app = typer.Typer(add_completion=False, no_args_is_help=True)
Json = Annotated[bool, typer.Option("--json", help="print it as JSON")]
Instance = Annotated[str | None, typer.Option(help="only of this tenant")]
Code = Annotated[str | None, typer.Option(help="only with this code, such as too-old or bad-address")]


@app.command("list")
def list_messages(
    status: Annotated[str | None, typer.Option(help="pending, sending, sent or failed")] = None,
    instance: Instance = None,
    code: Code = None,
    limit: Annotated[int, typer.Option(min=1, max=100, help="how many at most")] = 20,
    cursor: Annotated[str | None, typer.Option(help="`nextCursor` of the page before")] = None,
    as_json: Json = False,
) -> None:
    """Messages, newest first, and the vendor accounts that are paused."""
    said: dict[str, str | None] = {"status": status, "instanceId": instance, "code": code, "cursor": cursor}
    query: dict[str, str | int] = {name: value for name, value in said.items() if value is not None}
    page = ask_operator("notifier", "GET", "messages", query=query | {"limit": limit})
    if as_json:
        show_json(page)
        return
    for one in page["pausedAccounts"]:
        print(
            f"{one['account']} is paused since {one['pausedAt']} ({one['code']}); next trial at {one['nextTrialAt']};"
            f" {one['waiting']} messages wait"
        )
    table = Table(box=None, pad_edge=False, header_style="dim")
    for title in COLUMNS:
        table.add_column(title, no_wrap=title == "id", overflow="fold")
    names = ("id", "channel", "kind", "instanceId", "to", "status", "attempts", "code", "createdAt", "error")
    for one in page["messages"]:
        table.add_row(*(_word(one[name]) for name in names))
    show_table(table)
    if page["nextCursor"]:
        print(f"more: --cursor {page['nextCursor']}")


@app.command("retry")
def retry_messages(
    wanted: Annotated[
        list[str] | None, typer.Argument(metavar="[FILTER]…", help="ids, or instance=…, code=…; none: all that failed")
    ] = None,
    instance: Instance = None,
    code: Code = None,
    reason: Annotated[str | None, typer.Option(help="why; it is kept")] = None,
    as_json: Json = False,
) -> None:
    """Send messages that failed again, each with a new age; what has not failed is refused."""
    body = _selection(wanted or [], {"instance": instance, "code": code})
    answer = ask_operator("notifier", "POST", "messages/retry", body | ({"reason": reason} if reason else {}))
    if as_json:
        show_json(answer)
    else:
        print(f"messages queued again: {answer['retried']}")


def _selection(wanted: list[str], options: dict[str, str | None]) -> dict[str, Any]:
    """The request's ids and filter."""
    ids: list[str] = []
    for word in wanted:
        name, equals, value = word.partition("=")
        if equals and name in FIELDS:
            options[name] = value
            continue
        try:
            ids.append(str(UUID(word)))
        except ValueError:
            fail(f"{word!r} is neither an id nor one of {', '.join(f'{field}=…' for field in FIELDS)}", WRONG_USE)
    chosen = {FIELDS[name]: value for name, value in options.items() if value is not None}
    return chosen | ({"ids": ids} if ids else {})


def _word(value: object) -> str:
    """One line without signs that would steer the terminal: a vendor's own words may stand in it."""
    return "-" if value is None else " ".join("".join(s if s.isprintable() else " " for s in str(value)).split())
