"""`darkroom audit`: what the event log says."""

from datetime import datetime
from typing import Annotated, Any

import typer
from rich.table import Table

from darkroom_cli.console import show_json, tell
from darkroom_cli.operator_door import ask_operator
from darkroom_cli.tables import show_table

EVENTS_MAX = 10_000
WORDS_MAX = 90

app = typer.Typer(add_completion=False, no_args_is_help=True)
Json = Annotated[bool, typer.Option("--json", help="print it as JSON")]


@app.callback()
def audit() -> None:
    """Keeps `timeline` a command of its own while it is the only one."""


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
