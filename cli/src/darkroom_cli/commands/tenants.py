"""`darkroom tenants`: an operator looks at tenants and sets their terms, through the running platform's own doors."""

import secrets
from typing import Annotated, Any
from urllib.parse import quote

import typer
from rich.table import Table

from darkroom_cli.console import WRONG_USE, fail, show_json
from darkroom_cli.operator_door import ask_operator
from darkroom_cli.tables import show_table

CLEARED = "none"
COLUMNS = (
    "tenant",
    "weight",
    "cap/min",
    "at once",
    "requests/min",
    "due",
    "got",
    "waiting",
    "in flight",
    "oldest",
    "p50",
    "p95",
    "p99",
)

app = typer.Typer(add_completion=False, no_args_is_help=True)
Json = Annotated[bool, typer.Option("--json", help="print it as JSON")]


@app.command("set")
def set_terms(
    instance_id: Annotated[str, typer.Argument(help="the tenant")],
    plan: Annotated[str | None, typer.Option(help="go on this plan: its period begins now, the old allowance expires")] = None,
    weight: Annotated[str | None, typer.Option(help="share in the fair order; `none`: the plan's again")] = None,
    cap_per_minute: Annotated[
        str | None, typer.Option(help="starts in any minute; `none`: the plan's again, if it has one")
    ] = None,
    concurrency: Annotated[
        str | None, typer.Option(help="predictions in flight at once; `none`: as many as there is room")
    ] = None,
    requests_per_minute: Annotated[
        str | None, typer.Option(help="requests of each person in a minute; `none`: the platform's again")
    ] = None,
    paused: Annotated[str | None, typer.Option(help="`true`: nothing of the tenant's is started, until `false`")] = None,
    as_json: Json = False,
) -> None:
    """Change what is named of a tenant's terms, keep the rest; in force with the next turn. What is set here beats the plan."""
    terms = _terms(weight, cap_per_minute, requests_per_minute, paused)
    if concurrency is not None:
        terms["concurrency"] = None if concurrency == CLEARED else _number("--concurrency", concurrency, int)
    if plan is None and not terms:
        fail(
            "nothing to set: name --plan, --weight, --cap-per-minute, --concurrency, --requests-per-minute or --paused", WRONG_USE
        )
    found: dict[str, Any] = {"instanceId": instance_id}
    tenant = f"tenants/{quote(instance_id, safe='')}"
    if plan is not None:
        # The key makes a second try of a call whose answer was lost the same change.
        headers = {"Idempotency-Key": secrets.token_hex(16)}
        account = ask_operator("credits", "PUT", f"{tenant}/plan", {"plan": plan}, headers=headers)
        found |= account
        if not as_json:
            renews = f", renews at {account['renewsAt']}" if account["renewsAt"] else ""
            print(f"{instance_id} is on {account['plan']}{renews}; {account['available']:,} credits available")
    if terms:
        in_force = ask_operator("predictor", "PUT", tenant, terms)
        found |= {name: value for name, value in in_force.items() if name != "plan"}
        if not as_json:
            print(f"{instance_id}: {_in_words(in_force)}")
    if as_json:
        show_json(found)


@app.command("list")
def list_tenants(as_json: Json = False) -> None:
    """Every tenant's terms, and how the fair order serves it now."""
    document = ask_operator("predictor", "GET", "tenants")
    if as_json:
        show_json(document)
        return
    table = Table(box=None, pad_edge=False)
    for name in COLUMNS:
        table.add_column(name, justify="left" if name == "tenant" else "right")
    for one in document["tenants"]:
        table.add_row(
            one["instanceId"] + (" (paused)" if one["paused"] else ""),
            f"{one['weight']:g}",
            _or_dash(one["capPerMinute"]),
            _or_dash(one["concurrency"]),
            _or_dash(one["requestsPerMinute"]),
            f"{one['shareDue']:.0%}",
            f"{one['shareGot']:.0%}",
            f"{one['waiting']:,}",
            f"{one['inFlight']:,}",
            *(_seconds(one[name]) for name in ("oldestWaitSeconds", "waitP50Seconds", "waitP95Seconds", "waitP99Seconds")),
        )
    show_table(table)


def _terms(weight: str | None, cap: str | None, requests: str | None, paused: str | None) -> dict[str, Any]:
    """What was named, as the door takes it."""
    terms: dict[str, Any] = {}
    if weight is not None:
        terms["weight"] = None if weight == CLEARED else _number("--weight", weight, float)
    if cap is not None:
        terms["capPerMinute"] = None if cap == CLEARED else _number("--cap-per-minute", cap, int)
    if requests is not None:
        terms["requestsPerMinute"] = None if requests == CLEARED else _number("--requests-per-minute", requests, int)
    if paused is not None:
        if paused not in {"true", "false"}:
            fail(f"--paused is {paused!r}: say true or false", WRONG_USE)
        terms["paused"] = paused == "true"
    return terms


def _number(option: str, said: str, kind: type[int] | type[float]) -> float:
    try:
        return kind(said)
    except ValueError:
        fail(f"{option} is {said!r}: say a number, or {CLEARED}", WRONG_USE)


def _in_words(terms: dict[str, Any]) -> str:
    cap = "no cap of its own" if terms["capPerMinute"] is None else f"{terms['capPerMinute']:,} starts a minute"
    if terms["concurrency"] is not None:
        cap += f", {terms['concurrency']:,} at once"
    requests = "the platform's" if terms["requestsPerMinute"] is None else f"{terms['requestsPerMinute']:,}"
    return f"weight {terms['weight']:g}, {cap}, requests a minute {requests}" + (", paused" if terms["paused"] else "")


def _or_dash(value: int | None) -> str:
    return "–" if value is None else f"{value:,}"


def _seconds(value: float | None) -> str:
    return "–" if value is None else f"{value:.1f} s"
