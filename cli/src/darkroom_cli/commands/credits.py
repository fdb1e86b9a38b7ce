"""`darkroom credits`: an operator looks at a tenant's credits and gives some, through the running platform's own door."""

import secrets
from datetime import UTC, datetime
from typing import Annotated, Any
from urllib.parse import quote

import typer
from rich.console import Console
from rich.table import Table

from darkroom_cli.console import WRONG_USE, fail, show_json
from darkroom_cli.operator_door import ask_operator

app = typer.Typer(add_completion=False, no_args_is_help=True)
Tenant = Annotated[str, typer.Argument(help="the tenant")]
Json = Annotated[bool, typer.Option("--json", help="print it as JSON")]


# Negative amounts begin like an option; they shall be refused as amounts.
@app.command("grant", context_settings={"ignore_unknown_options": True})
def grant_credits(
    instance_id: Tenant,
    amount: Annotated[int, typer.Argument(help="how many credits, more than 0")],
    reason: Annotated[str, typer.Option(help="why; it stands in the tenant's statement")],
    expires_at: Annotated[str | None, typer.Option(help="UTC time, ISO 8601; without it they never expire")] = None,
    as_json: Json = False,
) -> None:
    """Give a tenant credits."""
    body: dict[str, Any] = {"amount": amount, "reason": reason}
    if expires_at is not None:
        body["expiresAt"] = _utc_time(expires_at)
    if not reason.strip():
        fail("the reason is empty", WRONG_USE)
    if amount <= 0:
        fail(f"{amount} is no amount to grant: it must be more than 0")
    # The key makes a second try of a call whose answer was lost the same grant.
    granted = ask_operator(
        "credits",
        "POST",
        f"credits/{quote(instance_id, safe='')}/grants",
        body,
        headers={"Idempotency-Key": secrets.token_hex(16)},
    )
    if as_json:
        show_json(granted)
    else:
        until = granted["grant"]["expiresAt"]
        ends = f"until {until}" if until else "without an end"
        print(f"granted {amount:,} credits {ends}; {instance_id} has {granted['balanceAfter']:,} available")


@app.command("show")
def show_credits(instance_id: Tenant, as_json: Json = False) -> None:
    """A tenant's balance and plan."""
    account = ask_operator("credits", "GET", f"credits/{quote(instance_id, safe='')}")
    if as_json:
        show_json({"instanceId": instance_id, **account})
        return
    table = Table(box=None, pad_edge=False, show_header=False)
    for name in ("available", "held", "spent"):
        table.add_row(name, f"{account[name]:,}")
    for one in account["expiring"]:
        table.add_row("expiring", f"{one['amount']:,} at {one['expiresAt']}")
    table.add_row("plan", account["plan"] + (f", renews at {account['renewsAt']}" if account["renewsAt"] else ""))
    Console(highlight=False).print(table)


def _utc_time(text: str) -> str:
    """The time as the door takes it; one without an offset is meant in UTC."""
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        fail(f"{text!r} is no time; write it like 2030-01-31T00:00:00Z", WRONG_USE)
    return (at if at.tzinfo else at.replace(tzinfo=UTC)).isoformat()
