"""`darkroom limits`: an operator looks at the provider accounts' limits and sets them live, through the predictor's own door."""

from typing import Annotated, Any
from urllib.parse import quote

import typer
from rich.console import Console
from rich.table import Table

from darkroom_cli.console import WRONG_USE, fail, show_json
from darkroom_cli.operator_door import ask_operator

COLUMNS = ("account", "cap/min", "in force", "in last minute", "burst", "concurrency", "in flight", "state")
DEFAULT = "default"

app = typer.Typer(add_completion=False, no_args_is_help=True)
Json = Annotated[bool, typer.Option("--json", help="print it as JSON")]


@app.command("show")
def show_limits(as_json: Json = False) -> None:
    """Every account's limits and their use, and the models that fail."""
    _show(ask_operator("predictor", "GET", "limits"), as_json=as_json)


@app.command("set")
def set_limits(
    account: Annotated[str, typer.Argument(help="the account, such as replicate-1, or `all`")],
    cap_per_minute: Annotated[
        str | None, typer.Option(help="creations in any 60 s; 0: none at all; `default`: the setting's again")
    ] = None,
    concurrency: Annotated[str | None, typer.Option(help="predictions in flight; `default`: the setting's again")] = None,
    burst: Annotated[str | None, typer.Option(help="calls that may start at once; `default`: the setting's again")] = None,
    as_json: Json = False,
) -> None:
    """Change what is named, keep the rest; in force at once on all replicas."""
    said = {
        "capPerMinute": ("--cap-per-minute", cap_per_minute),
        "concurrency": ("--concurrency", concurrency),
        "burst": ("--burst", burst),
    }
    changes = {name: _number(option, value) for name, (option, value) in said.items() if value is not None}
    if not changes:
        fail("nothing to set: name --cap-per-minute, --concurrency or --burst", WRONG_USE)
    _show(ask_operator("predictor", "PUT", f"limits/{quote(account, safe='')}", changes), as_json=as_json)


@app.command("resume")
def resume_account(
    account: Annotated[str, typer.Argument(help="a stopped account, such as replicate-1, or `all`")], as_json: Json = False
) -> None:
    """Let an account that was stopped take calls again now, without waiting for the next probe."""
    _show(ask_operator("predictor", "POST", f"limits/{quote(account, safe='')}/resume"), as_json=as_json)


def _number(option: str, said: str) -> int | None:
    if said == DEFAULT:
        return None
    try:
        return int(said)
    except ValueError:
        fail(f"{option} is {said!r}: say a whole number, or {DEFAULT}", WRONG_USE)


def _show(document: dict[str, Any], *, as_json: bool) -> None:
    if as_json:
        show_json(document)
        return
    table = Table(box=None, pad_edge=False)
    for name in COLUMNS:
        table.add_column(name, justify="left" if name in {"account", "state"} else "right")
    for one in document["accounts"]:
        numbers = ("capPerMinute", "effectiveCapPerMinute", "inLastMinute", "burst", "concurrency", "inFlight")
        table.add_row(one["account"], *(f"{one[name]:,}" for name in numbers), _state(one))
    Console(highlight=False).print(table)
    for one in document["models"]:
        again = f", tried again at {one['opensAgainAt']}" if one["opensAgainAt"] else ""
        print(f"model {one['model']}: {one['state']}, {one['failures']} failures in a row{again}")
        for tenant in one["slowedTenants"]:
            print(f"  tenant {tenant['instanceId']} is slowed at this model: {_slowed(tenant)}")
    for one in document["faults"]:
        print(f"model {one['model']}: closed for a fault of ours ({one['code']}): {one['answer']}")


def _slowed(tenant: dict[str, Any]) -> str:
    again = f"tried again at {tenant['triedAgainAt']}" if tenant["triedAgainAt"] else "to be tried again now"
    return f"{tenant['failures']} failures in a row since {tenant['slowedSince']}, {again}"


def _state(account: dict[str, Any]) -> str:
    if account["stopped"]:
        return f"stopped: {account['stopped']}"
    return f"paused until {account['pausedUntil']}" if account["pausedUntil"] else "takes calls"
