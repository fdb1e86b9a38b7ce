"""`darkroom up`: start, complete or scale the local stack."""

import time
from dataclasses import replace
from typing import Annotated

import typer

from darkroom_cli.console import settings, show_json, tell, told_errors
from darkroom_cli.stack.launch import up as bring_up
from darkroom_cli.stack.selection import parse_only, parse_replicas
from darkroom_cli.stack.signing import own_keys_in_words
from darkroom_cli.stack.status import status_document

app = typer.Typer(add_completion=False)


@app.command()
def up(
    replicas: Annotated[str, typer.Option(help="how often a service runs, e.g. predictor=3,credits=2")] = "",
    only: Annotated[str, typer.Option(help="only these parts, e.g. postgres,redis,kafka (what runs already goes on)")] = "",
    tls: Annotated[bool, typer.Option("--tls", help="the services reach the sandbox by TLS, as DARKROOM_SANDBOX_TLS=1")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="print the status as JSON")] = False,
) -> None:
    """Start what is not given by settings, wait until all of it is ready. Running already: nothing happens, or it is scaled."""
    with told_errors():
        started = time.monotonic()
        chosen = settings()
        chosen = replace(chosen, sandbox_tls=chosen.sandbox_tls or tls)
        plan = bring_up(chosen, only=parse_only(only or None), replicas=parse_replicas(replicas), tell=tell)
        if as_json:
            show_json(status_document(chosen.home))
        if words := own_keys_in_words(plan, chosen):
            tell(words)
        web = plan.about["addresses"]["web"]
        tell(f"ready after {time.monotonic() - started:.1f} s" + (f": {web}" if web else ""))
