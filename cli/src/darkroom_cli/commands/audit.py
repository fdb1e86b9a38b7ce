"""`darkroom audit`: what the event log says."""

import asyncio
from datetime import UTC, datetime
from typing import Annotated, Any
from urllib.parse import quote

import typer
from aiokafka.errors import KafkaError
from darkroom_contracts.balances import Rebuilt, Sums
from rich.table import Table

from darkroom_cli.console import FAILED, WRONG_USE, fail, settings, show_json, tell
from darkroom_cli.operator_door import ask_operator
from darkroom_cli.rebuild import rebuild
from darkroom_cli.stack.status import status_document
from darkroom_cli.tables import show_table

EVENTS_MAX = 10_000
WORDS_MAX = 90

app = typer.Typer(add_completion=False, no_args_is_help=True)
Json = Annotated[bool, typer.Option("--json", help="print it as JSON")]


@app.command("timeline")
def timeline(
    job: Annotated[int, typer.Option(min=1, help="the job's number")],
    limit: Annotated[int, typer.Option(min=1, max=EVENTS_MAX, help="events at most")] = EVENTS_MAX,
    as_json: Json = False,
) -> None:
    """Every event of a job from the log itself, causes before what they led to."""
    story = ask_operator("jobs-api", "GET", f"jobs/{job}/timeline", query={"limit": limit})
    if as_json:
        show_json(story)
    else:
        _show(job, story)
    if story["cut"]:
        tell("there is more: the story is longer than could be read")


def _show(job: int, story: dict[str, Any]) -> None:
    table = Table(box=None, pad_edge=False, header_style="dim")
    for title in ("at", "+ s", "service", "event", "of", "says"):
        table.add_column(title, no_wrap=title in ("at", "event"), justify="right" if title == "+ s" else "left")
    began: datetime | None = None
    for event in story["events"]:
        at = datetime.fromisoformat(event["at"])
        began = began or at
        subject = event["subject"].removeprefix(f"jobs/{job}").strip("/") or "job"
        says = ", ".join(f"{name}={value}" for name, value in event["data"].items() if not isinstance(value, dict | list))
        words = says if len(says) <= WORDS_MAX else says[: WORDS_MAX - 1] + "…"
        name, service = event["type"].split(".")[1], event["source"].rsplit("/", 1)[-1]
        table.add_row(event["at"], f"{(at - began).total_seconds():.3f}", service, name, subject, words)
    print(f"job {job} of {story['instanceId']}")
    show_table(table)


@app.command("balances")
def balances(
    instance_id: Annotated[str | None, typer.Argument(help="only this tenant")] = None,
    until: Annotated[str | None, typer.Option(help="as they were at this UTC time, ISO 8601; without it, now")] = None,
    compare: Annotated[bool, typer.Option("--compare", help="with what credits says; ends with 1 when it differs")] = False,
    as_json: Json = False,
) -> None:
    """Every balance rebuilt from the topic darkroom.credits alone."""
    if until and compare:
        fail("what credits says is of now: leave --until out", WRONG_USE)
    rebuilt = _rebuilt(_time(until))
    found = {name: sums for name, sums in sorted(rebuilt.balances.items()) if instance_id in (None, name)}
    differing = [name for name, sums in found.items() if compare and _as_credits_says(name) != sums]
    if as_json:
        told = [{"instanceId": name, **vars(sums), "differs": name in differing} for name, sums in found.items()]
        counts = {"events": rebuilt.events, "skipped": rebuilt.skipped, "disagreements": rebuilt.disagreements_count}
        show_json({"balances": told} | counts)
    else:
        _show_balances(found, differing)
        tell(f"{rebuilt.events:,} events; {rebuilt.disagreements_count:,} tell of other balances than all before them add up to")
    if rebuilt.skipped:
        tell(f"{rebuilt.skipped:,} records skipped: no events that this version knows")
    for one in rebuilt.disagreements:
        tell(f"{one.instance_id}: event {one.event_id} tells of {one.told}, added up {one.added_up}")
    if differing or rebuilt.disagreements_count:
        raise typer.Exit(FAILED)


def _rebuilt(until: datetime | None) -> Rebuilt:
    chosen = settings()
    bootstrap = chosen.kafka_bootstrap_servers or status_document(chosen.home)["kafka"]
    if bootstrap is None:
        fail("no Kafka: start the stack with `darkroom up`, or give DARKROOM_KAFKA_BOOTSTRAP_SERVERS")
    try:
        return asyncio.run(rebuild(bootstrap, until=until))
    except (OSError, KafkaError, TimeoutError) as error:
        fail(f"darkroom.credits could not be read at {bootstrap}: {error}")


def _as_credits_says(instance_id: str) -> Sums:
    account = ask_operator("credits", "GET", f"credits/{quote(instance_id, safe='')}")
    return Sums(account["available"], account["held"], account["spent"])


def _show_balances(found: dict[str, Sums], differing: list[str]) -> None:
    table = Table(box=None, pad_edge=False, header_style="dim")
    for title in ("tenant", "available", "held", "spent", ""):
        table.add_column(title, justify="right" if title in ("available", "held", "spent") else "left")
    for name, sums in found.items():
        figures = [f"{figure:,}" for figure in (sums.available, sums.held, sums.spent)]
        table.add_row(name, *figures, "credits says otherwise" if name in differing else "")
    show_table(table)


def _time(text: str | None) -> datetime | None:
    try:
        at = datetime.fromisoformat(text) if text else None
    except ValueError:
        fail(f"{text!r} is no time, such as 2026-12-01T00:00:00Z", WRONG_USE)
    return at.replace(tzinfo=at.tzinfo or UTC) if at else None
