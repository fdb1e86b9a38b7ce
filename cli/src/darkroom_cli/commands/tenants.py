"""`darkroom tenants`: an operator sets a tenant's terms, through the running platform's own door."""

import secrets
from typing import Annotated
from urllib.parse import quote

import typer

from darkroom_cli.console import WRONG_USE, fail, show_json
from darkroom_cli.operator_door import ask_operator

app = typer.Typer(add_completion=False, no_args_is_help=True)


@app.callback()
def tenants() -> None:
    """Keeps `set` a command of its own while it is the only one."""


@app.command("set")
def set_terms(
    instance_id: Annotated[str, typer.Argument(help="the tenant")],
    plan: Annotated[str | None, typer.Option(help="go on this plan: its period begins now, the old allowance expires")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="print it as JSON")] = False,
) -> None:
    """Change what is named of a tenant's terms, keep the rest."""
    if plan is None:
        fail("nothing to set: name --plan", WRONG_USE)
    # The key makes a second try of a call whose answer was lost the same change.
    headers = {"Idempotency-Key": secrets.token_hex(16)}
    account = ask_operator("credits", "PUT", f"tenants/{quote(instance_id, safe='')}/plan", {"plan": plan}, headers=headers)
    if as_json:
        show_json({"instanceId": instance_id, **account})
    else:
        renews = f", renews at {account['renewsAt']}" if account["renewsAt"] else ""
        print(f"{instance_id} is on {account['plan']}{renews}; {account['available']:,} credits available")
