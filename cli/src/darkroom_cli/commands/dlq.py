"""`darkroom dlq`: dead letters, looked at and dealt with through the running platform's own door."""

import re
import secrets
from datetime import UTC, datetime
from typing import Annotated, Any
from uuid import UUID

import typer
from rich.table import Table

from darkroom_cli.console import WRONG_USE, fail, show_json
from darkroom_cli.operator_door import ask_operator
from darkroom_cli.tables import show_table

SERVICE = "predictor"
LETTERS = "dead-letters"
FIELDS = {"instance": "instanceId", "service": "service", "code": "code", "before": "before"}
LISTED_FIELDS = ("instance", "service", "code")
WORDS_MAX = 70
PYDANTIC_HEADING = re.compile(r"\d+ validation errors? for \S+ ")
"""What older versions put before the cause."""

app = typer.Typer(add_completion=False, no_args_is_help=True)
Json = Annotated[bool, typer.Option("--json", help="print it as JSON")]
Instance = Annotated[str | None, typer.Option(help="only of this tenant")]
Service = Annotated[str | None, typer.Option(help="only what this service gave up")]
Code = Annotated[str | None, typer.Option(help="only with this code, such as provider-error or handler-error")]
Limit = Annotated[int, typer.Option(min=1, max=100, help="how many at most")]
LetterId = Annotated[UUID, typer.Argument(help="the dead letter's id")]


@app.command("list")
def list_letters(
    wanted: Annotated[
        list[str] | None, typer.Argument(metavar="[FILTER]…", help="instance=…, service=…, code=…, as for `redrive`")
    ] = None,
    state: Annotated[str | None, typer.Option(help="open, redriving, redriven or dropped; `all` for every one")] = "open",
    instance: Instance = None,
    service: Service = None,
    code: Code = None,
    limit: Limit = 20,
    cursor: Annotated[str | None, typer.Option(help="`nextCursor` of the page before")] = None,
    as_json: Json = False,
) -> None:
    """What was given up, newest first; by default what nobody has dealt with."""
    filters = _listed_filter(wanted or [], {"instance": instance, "service": service, "code": code})
    filters |= {"cursor": cursor, "state": None if state == "all" else state}
    query: dict[str, str | int] = {name: value for name, value in filters.items() if value is not None}
    page = ask_operator(SERVICE, "GET", LETTERS, query=query | {"limit": limit})
    if as_json:
        show_json(page)
        return
    table = _table("id", "kind", "service", "tenant", "job", "item", "code", "tries", "at", "state", "what")
    for one in page["deadLetters"]:
        facts = (one["kind"], one["service"], one["instanceId"], one["jobId"], one["itemId"], one["code"], one["attempts"])
        table.add_row(one["id"], *(_word(fact) for fact in facts), one["createdAt"], one["state"], _cause(one["message"]))
    show_table(table)
    if page["nextCursor"]:
        print(f"more: --cursor {page['nextCursor']}")


@app.command("show")
def show_letter(letter_id: LetterId, as_json: Json = False) -> None:
    """One with all that is known of it: an item's attempts, or a message's headers and data."""
    letter = ask_operator(SERVICE, "GET", f"{LETTERS}/{letter_id}")
    if as_json:
        show_json(letter)
        return
    facts = Table(box=None, pad_edge=False, show_header=False)
    for name, value in letter.items():
        if name not in ("history", "headers", "data") and value is not None:
            facts.add_row(name, _word(value))
    show_table(facts)
    if letter.get("history"):
        attempts = _table("attempt", "account", "began", "ended", "code", "what")
        for one in letter["history"]:
            told = (one["number"], one["account"], one["startedAt"], one["endedAt"], one["code"], one["message"])
            attempts.add_row(*(_word(fact) for fact in told))
        show_table(attempts)
    for name, value in (letter.get("headers") or {}).items():
        print(f"  {_line(name)}: {_line(value)}")
    if letter.get("data") is not None:
        print("".join(sign if sign.isprintable() or sign in "\n\t" else "\ufffd" for sign in letter["data"]))


@app.command("redrive")
def redrive(
    wanted: Annotated[
        list[str] | None,
        typer.Argument(metavar="[FILTER]…", help="ids, or instance=…, service=…, code=…, before=TIME; none: all that are open"),
    ] = None,
    instance: Instance = None,
    service: Service = None,
    code: Code = None,
    before: Annotated[str | None, typer.Option(help="only what was given up before this time (UTC, ISO 8601)")] = None,
    per_minute: Annotated[int | None, typer.Option(min=1, help="letters in any minute at most")] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="only count")] = False,
    as_json: Json = False,
) -> None:
    """Have open letters tried again: items as new jobs behind their tenant's fresh work, messages as they were."""
    options = {"instance": instance, "service": service, "code": code, "before": before}
    body = _selection(wanted or [], {name: value for name, value in options.items() if value is not None})
    body |= {"dryRun": dry_run} | ({"perMinute": per_minute} if per_minute else {})
    # The key makes a second try of a call whose answer was lost the same redrive.
    answer = ask_operator(SERVICE, "POST", f"{LETTERS}/redrive", body, headers={"Idempotency-Key": secrets.token_hex(16)})
    if as_json:
        show_json(answer)
        return
    left = f"; {answer['leftOut']} messages are too old to be sent again" if answer["leftOut"] else ""
    if dry_run:
        print(f"{answer['matched']} would be redriven{left}")
    else:
        print(f"redrive {answer['redriveId']}: {answer['matched']} letters{left}")


@app.command("redrives")
def list_redrives(limit: Limit = 20, as_json: Json = False) -> None:
    """Who had what tried again, newest first, and how far it has got."""
    page = ask_operator(SERVICE, "GET", f"{LETTERS}/redrives", query={"limit": limit})
    if as_json:
        show_json(page)
        return
    table = _table("id", "by", "at", "per minute", "redriven", "of", "state")
    for one in page["redrives"]:
        told = (one["requestedBy"], one["requestedAt"], one["perMinute"], one["redriven"], one["matched"], one["state"])
        table.add_row(one["id"], *(_word(fact) for fact in told))
    show_table(table)


@app.command("cancel")
def cancel_redrive(redrive_id: Annotated[UUID, typer.Argument(help="the redrive's id")], as_json: Json = False) -> None:
    """Stop a redrive; what it has not reached is open again."""
    redrive = ask_operator(SERVICE, "POST", f"{LETTERS}/redrives/{redrive_id}/cancel")
    if as_json:
        show_json(redrive)
    else:
        print(f"canceled after {redrive['redriven']} of {redrive['matched']} letters")


@app.command("drop")
def drop_letter(
    letter_id: LetterId, reason: Annotated[str, typer.Option(help="why nothing will be done; it is kept")], as_json: Json = False
) -> None:
    """Nothing will be done about it."""
    if not reason.strip():
        fail("the reason is empty", WRONG_USE)
    letter = ask_operator(SERVICE, "POST", f"{LETTERS}/{letter_id}/drop", {"reason": reason})
    if as_json:
        show_json(letter)
    else:
        print(f"{letter_id} dropped: {reason}")


def _selection(wanted: list[str], options: dict[str, str]) -> dict[str, Any]:
    """The request's `ids` and `filter`."""
    ids: list[str] = []
    for word in wanted:
        name, equals, value = word.partition("=")
        if equals and name in FIELDS:
            options[name] = value
        elif _is_id(word):
            ids.append(word)
        else:
            fail(f"{word!r} is neither an id nor one of {', '.join(f'{field}=…' for field in FIELDS)}", WRONG_USE)
    if "before" in options:
        options["before"] = _utc_time(options["before"])
    return {"filter": {FIELDS[name]: value for name, value in options.items()}} | ({"ids": ids} if ids else {})


def _listed_filter(wanted: list[str], options: dict[str, str | None]) -> dict[str, str | None]:
    """The query of a list."""
    for word in wanted:
        name, equals, value = word.partition("=")
        if _is_id(word):
            fail(f"{word} is an id: see it with `darkroom dlq show {word}`", WRONG_USE)
        if not equals or name not in LISTED_FIELDS:
            fail(f"{word!r} is none of {', '.join(f'{field}=…' for field in LISTED_FIELDS)}", WRONG_USE)
        options[name] = value
    return {FIELDS[name]: value for name, value in options.items()}


def _is_id(word: str) -> bool:
    try:
        UUID(word)
    except ValueError:
        return False
    return True


def _utc_time(text: str) -> str:
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        fail(f"{text!r} is no time; write it like 2030-01-31T00:00:00Z", WRONG_USE)
    return (at if at.tzinfo else at.replace(tzinfo=UTC)).isoformat()


def _word(value: object) -> str:
    return "-" if value is None else _line(str(value))


def _cause(message: str) -> str:
    """The message as one line that begins with the cause, cut where it is long."""
    cause = PYDANTIC_HEADING.sub("", _line(message), count=1)
    return cause if len(cause) <= WORDS_MAX else cause[: WORDS_MAX - 1] + "…"


def _line(text: str) -> str:
    """The text as one line without signs that would steer the terminal: a message's own bytes may stand in it."""
    return " ".join("".join(sign if sign.isprintable() else " " for sign in text).split())


def _table(*titles: str) -> Table:
    table = Table(box=None, pad_edge=False, header_style="dim")
    for title in titles:
        table.add_column(title, no_wrap=title == "id", overflow="fold")
    return table
