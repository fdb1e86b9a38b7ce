"""`darkroom limits`: an operator looks at the limits of accounts and models and sets them, at the predictor's own door."""

from typing import Annotated, Any
from urllib.parse import quote

import typer
from rich.table import Table

from darkroom_cli.console import WRONG_USE, fail, show_json
from darkroom_cli.operator_door import ask_operator
from darkroom_cli.tables import show_table

COLUMNS = ("account", "cap/min", "in force", "in last minute", "burst", "concurrency", "in flight", "state")
MODEL_COLUMNS = ("model", "provider", "concurrency", "in flight", "failures", "state")
MODEL_STATES = {
    "called": "called",
    "full": "full: its jobs wait for one to end",
    "waiting": "waits after failures",
    "trial": "waits after failures, one call is to find out",
}
DEFAULT = "default"

app = typer.Typer(add_completion=False, no_args_is_help=True)
Json = Annotated[bool, typer.Option("--json", help="print it as JSON")]


@app.command("show")
def show_limits(as_json: Json = False) -> None:
    """Every account's limits and their use, and the models that fail or have a concurrency of their own."""
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


@app.command("set-model")
def set_model_limits(
    model: Annotated[str, typer.Argument(help="the model as the provider names it, such as google/nano-banana")],
    concurrency: Annotated[str, typer.Option(help="predictions in flight; `default`: as many as the accounts allow")],
    provider: Annotated[str, typer.Option(help="the provider that runs it")] = "replicate",
    as_json: Json = False,
) -> None:
    """Bound how much of one model may be in flight, so that a slow one leaves room for the others; in force at once."""
    path = f"limits/models/{quote(provider, safe='')}/{quote(model, safe='/')}"
    _show(ask_operator("predictor", "PUT", path, {"concurrency": _number("--concurrency", concurrency)}), as_json=as_json)


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
    table = _table(COLUMNS, words={"account", "state"})
    for one in document["accounts"]:
        numbers = ("capPerMinute", "effectiveCapPerMinute", "inLastMinute", "burst", "concurrency", "inFlight")
        table.add_row(one["account"], *(f"{one[name]:,}" for name in numbers), _state(one))
    show_table(table)
    if document["models"]:
        print()
        _show_models(document["models"])
    for one in document["faults"]:
        print(f"model {one['model']} waits for a fault of ours ({one['code']}); the provider said: {one['answer']}")


def _show_models(models: list[dict[str, Any]]) -> None:
    table = _table(MODEL_COLUMNS, words={"model", "provider", "state"})
    for one in models:
        bound = "–" if one["concurrency"] is None else f"{one['concurrency']:,}"
        again = f", tried again at {one['triedAgainAt']}" if one["triedAgainAt"] else ""
        state = f"{MODEL_STATES.get(one['state'], one['state'])}{again}"
        table.add_row(one["model"], one["provider"], bound, f"{one['inFlight']:,}", f"{one['failures']:,}", state)
    show_table(table)
    for one in models:
        for tenant in one["slowedTenants"]:
            print(f"tenant {tenant['instanceId']} is slowed at {one['model']}: {_slowed(tenant)}")


def _table(columns: tuple[str, ...], *, words: set[str]) -> Table:
    table = Table(box=None, pad_edge=False)
    for name in columns:
        table.add_column(name, justify="left" if name in words else "right")
    return table


def _slowed(tenant: dict[str, Any]) -> str:
    again = f"tried again at {tenant['triedAgainAt']}" if tenant["triedAgainAt"] else "to be tried again now"
    return f"{tenant['failures']} failures in a row since {tenant['slowedSince']}, {again}"


def _state(account: dict[str, Any]) -> str:
    if account["stopped"]:
        return f"stopped: {account['stopped']}"
    return f"paused until {account['pausedUntil']}" if account["pausedUntil"] else "takes calls"
