"""`darkroom credits`: an operator looks at a tenant's credits and gives some, through the running platform's own door."""

import secrets
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any
from urllib.parse import quote

import httpx
import typer
from darkroom_servicekit.auth import DEVELOPMENT_KEY, make_jwt
from rich.console import Console
from rich.table import Table

from darkroom_cli.console import WRONG_USE, fail, settings, show_json, told_errors
from darkroom_cli.settings import StackSettings
from darkroom_cli.stack.status import status_document

REQUEST_SECONDS_MAX = 10.0
TRIES_MAX = 3
TOKEN_LIFE = timedelta(minutes=5)

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
    granted = _ask("POST", f"{quote(instance_id, safe='')}/grants", body, {"Idempotency-Key": secrets.token_hex(16)})
    if as_json:
        show_json(granted)
    else:
        until = granted["grant"]["expiresAt"]
        ends = f"until {until}" if until else "without an end"
        print(f"granted {amount:,} credits {ends}; {instance_id} has {granted['balanceAfter']:,} available")


@app.command("show")
def show_credits(instance_id: Tenant, as_json: Json = False) -> None:
    """A tenant's balance and plan."""
    account = _ask("GET", quote(instance_id, safe=""))
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


def _ask(method: str, path: str, body: dict[str, Any] | None = None, headers: dict[str, str] | None = None) -> dict[str, Any]:
    """Call the operators' door of credits; an answer that is no success ends the command with its words."""
    chosen = settings()
    with told_errors():
        address = status_document(chosen.home)["services"].get("credits")
    if address is None:
        fail("credits does not run here: start the stack with `darkroom up`")
    headers = {"Authorization": f"Bearer {_operator_token(chosen)}", **(headers or {})}
    url = f"{address}/api/operator/credits/{path}"
    with httpx.Client(timeout=REQUEST_SECONDS_MAX, trust_env=False) as client:
        for attempt in range(1, TRIES_MAX + 1):
            try:
                answer = client.request(method, url, json=body, headers=headers)
                break
            except httpx.TransportError as error:
                if attempt == TRIES_MAX:
                    fail(f"credits at {address} does not answer ({error}); look with `darkroom status`")
    if answer.is_success:
        document: dict[str, Any] = answer.json()
        return document
    problem = answer.json() if "json" in answer.headers.get("content-type", "") else {}
    fail(f"{answer.status_code}: {problem.get('detail') or problem.get('title') or answer.text[:200]}")


def _operator_token(chosen: StackSettings) -> str:
    """The token given, else one signed with the development key where the stack uses that."""
    given = chosen.environ.get("DARKROOM_OPERATOR_TOKEN")
    if given:
        return given
    own_key = chosen.environ.get("DARKROOM_JWT_SECRET", DEVELOPMENT_KEY) != DEVELOPMENT_KEY
    if own_key or "DARKROOM_JWT_JWKS_URL" in chosen.environ:
        fail("this stack has a signing key of its own: give an operator's token as DARKROOM_OPERATOR_TOKEN")
    now = datetime.now(UTC)
    return make_jwt("operators", key=DEVELOPMENT_KEY, now=now, ttl=TOKEN_LIFE, subject="darkroom-cli", roles=("operator",))
