"""`darkroom credits`: an operator looks at a tenant's credits, gives and corrects them, through the platform's own door."""

import secrets
from datetime import UTC, datetime
from typing import Annotated, Any
from urllib.parse import quote

import typer
from rich.table import Table

from darkroom_cli.console import FAILED, WRONG_USE, fail, show_json
from darkroom_cli.operator_door import ask_operator
from darkroom_cli.tables import show_table

CLOSE_SECONDS_MAX = 600.0
"""A close adds up all that happened since the last."""
RESERVATIONS_MAX = 100

app = typer.Typer(add_completion=False, no_args_is_help=True)
Tenant = Annotated[str, typer.Argument(help="the tenant")]
Reason = Annotated[str, typer.Option(help="why; it stands in the tenant's statement")]
Json = Annotated[bool, typer.Option("--json", help="print it as JSON")]


# Negative amounts begin like an option; they shall be refused as amounts.
@app.command("grant", context_settings={"ignore_unknown_options": True})
def grant_credits(
    instance_id: Tenant,
    amount: Annotated[int, typer.Argument(help="how many credits, more than 0")],
    reason: Reason,
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
    show_table(table)


# Amounts that take begin like an option.
@app.command("adjust", context_settings={"ignore_unknown_options": True})
def adjust_credits(
    instance_id: Tenant,
    amount: Annotated[int, typer.Argument(help="how many credits to add, or (less than 0) to take")],
    reason: Reason,
    as_json: Json = False,
) -> None:
    """Correct a tenant's credits, up or down; what is not there to be taken is booked as lost."""
    if amount == 0:
        fail("0 is no amount to adjust by", WRONG_USE)
    made = _correct(instance_id, "adjustments", {"amount": amount, "reason": reason})
    if as_json:
        show_json(made)
        return
    lost = made["correction"]["lost"]
    did = f"added {amount:,}" if amount > 0 else f"took {-amount - lost:,}"
    rest = f", {lost:,} were not there any more and are booked as lost" if lost else ""
    print(f"{did} credits{rest}; {instance_id} has {made['balanceAfter']:,} available")


@app.command("refund")
def refund_credits(
    instance_id: Tenant,
    job: Annotated[int, typer.Option(help="the job whose spent credits are given back")],
    reason: Reason,
    item: Annotated[int | None, typer.Option(help="only of this item of it")] = None,
    amount: Annotated[int | None, typer.Option(help="only so many credits; without it all that is left", min=1)] = None,
    as_json: Json = False,
) -> None:
    """Give back credits that a job, or one item of it, has spent: never more than that."""
    if item is not None and amount is not None:
        fail("an item is given back whole: leave --amount out", WRONG_USE)
    wanted = {"jobId": job, "itemId": item, "amount": amount, "reason": reason}
    made = _correct(instance_id, "refunds", {name: value for name, value in wanted.items() if value is not None})
    if as_json:
        show_json(made)
        return
    print(f"gave back {made['correction']['amount']:,} credits; {instance_id} has {made['balanceAfter']:,} available")


@app.command("reservations")
def list_reservations(
    older_than: Annotated[int, typer.Option(help="only those that have been open for so many seconds", min=0)] = 0,
    undecided: Annotated[bool, typer.Option("--undecided", help="only those whose end the log of jobs does not tell")] = False,
    as_json: Json = False,
) -> None:
    """Jobs that hold credits, the oldest first."""
    query: dict[str, str | int] = {"olderThan": older_than, "limit": RESERVATIONS_MAX, "undecided": str(undecided).lower()}
    found = ask_operator("credits", "GET", "credits/reservations", query=query)
    if as_json:
        show_json(found)
        return
    table = Table(box=None, pad_edge=False)
    for heading in ("job", "tenant", "held", "items settled", "since", "last news", "looked up"):
        table.add_column(heading)
    for one in found["reservations"]:
        settled = f"{one['itemsSettled']} of {one['itemsTotal']}"
        held, looked_up = f"{one['held']:,}", f"{one['sweeps']} times"
        table.add_row(str(one["jobId"]), one["instanceId"], held, settled, one["createdAt"], one["updatedAt"], looked_up)
    show_table(table)


@app.command("decide")
def decide_reservation(
    job: Annotated[int, typer.Argument(help="a job that `reservations --undecided` lists")],
    reason: Reason,
    items_spent: Annotated[int, typer.Option(help="so many of its items are spent in all, the rest is given back", min=0)] = 0,
    as_json: Json = False,
) -> None:
    """Close a reservation of which even the log of jobs tells no end."""
    body = {"itemsSpent": items_spent, "reason": reason}
    decided = ask_operator("credits", "POST", f"credits/reservations/{job}/decision", body)
    if as_json:
        show_json(decided)
        return
    what = f"spent {decided['spent']:,} and gave back {decided['released']:,} of the credits that job {job} held"
    print(f"{what}; {decided['instanceId']} has {decided['balanceAfter']:,} available")


@app.command("close")
def close_credits(
    show: Annotated[bool, typer.Option("--show", help="only show the newest close, run none")] = False, as_json: Json = False
) -> None:
    """Compare ledger, balances, reservations, events and Stripe now; ends with 1 when they do not agree."""
    if show:
        closes = ask_operator("credits", "GET", "credits/closes", query={"limit": 1})["closes"]
        if not closes:
            fail("nothing has been closed yet")
        close = closes[0]
    else:
        close = ask_operator("credits", "POST", "credits/closes", seconds_max=CLOSE_SECONDS_MAX)
    if as_json:
        show_json(close)
    else:
        _show_close(close)
    if close["differences"]:
        raise typer.Exit(FAILED)


def _show_close(close: dict[str, Any]) -> None:
    day = f"the day {close['day']}" if close["day"] else f"asked for by {close['askedBy']}"
    print(f"closed at {close['closedAt']}, {day}: {close['differences']} differences; Stripe: {close['stripe']}")
    if close["mended"]:
        print(f"{close['mended']} payments or refunds of which only Stripe knew are booked")
    table = Table(box=None, pad_edge=False)
    for heading in ("check", "differences", "what it says"):
        table.add_column(heading)
    for one in close["checks"]:
        table.add_row(one["check"], str(one["differences"]), one["says"])
    show_table(table)
    for one in close["checks"]:
        for found in one["examples"]:
            print(
                f"{one['check']}: {found['instanceId']}, {found['subject']}: {found['found']:,} instead of {found['expected']:,}"
            )
    sums = ", ".join(f"{name} {amount:,}" for name, amount in sorted(close["accounts"].items()))
    print(f"all tenants: {sums or 'nothing'}")


def _correct(instance_id: str, kind: str, body: dict[str, Any]) -> dict[str, Any]:
    if not body["reason"].strip():
        fail("the reason is empty", WRONG_USE)
    # The key makes a second try of a call whose answer was lost the same correction.
    key = {"Idempotency-Key": secrets.token_hex(16)}
    return ask_operator("credits", "POST", f"credits/{quote(instance_id, safe='')}/{kind}", body, headers=key)


def _utc_time(text: str) -> str:
    """The time as the door takes it; one without an offset is meant in UTC."""
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        fail(f"{text!r} is no time; write it like 2030-01-31T00:00:00Z", WRONG_USE)
    return (at if at.tzinfo else at.replace(tzinfo=UTC)).isoformat()
