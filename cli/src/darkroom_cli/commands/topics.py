"""`darkroom topics`: what the contracts want and what the broker has."""

import asyncio
from typing import Annotated

import typer
from aiokafka.errors import KafkaError
from rich.table import Table

from darkroom_cli.console import fail, settings, show_json, tell
from darkroom_cli.stack.status import status_document
from darkroom_cli.stack.topics import TopicState, compare
from darkroom_cli.tables import show_table

app = typer.Typer(add_completion=False, no_args_is_help=True)
Json = Annotated[bool, typer.Option("--json", help="print it as JSON")]
Replication = Annotated[int, typer.Option(min=1, max=9, help="replicas of each new topic (1 on a single broker)")]


@app.command("list")
def list_topics(as_json: Json = False) -> None:
    """Every topic of the contracts, and how the broker's differs."""
    _show(_compare(create=False, replication=1), as_json)


@app.command("apply")
def apply_topics(as_json: Json = False, replication: Replication = 1) -> None:
    """Make the topics that are missing; differences are told (exit 1), never changed silently."""
    states = _compare(create=True, replication=replication)
    _show(states, as_json)
    if any(state.drift for state in states):
        fail("some topics differ from the contracts; see the list")


def _compare(*, create: bool, replication: int) -> list[TopicState]:
    chosen = settings()
    bootstrap = chosen.kafka_bootstrap_servers or status_document(chosen.home)["kafka"]
    if bootstrap is None:
        fail("no Kafka: start the stack with `darkroom up`, or give DARKROOM_KAFKA_BOOTSTRAP_SERVERS")
    try:
        return asyncio.run(compare(bootstrap, create=create, replication=replication))
    except (OSError, KafkaError) as error:
        fail(f"Kafka at {bootstrap} did not do it: {error}")


def _show(states: list[TopicState], as_json: bool) -> None:
    if as_json:
        show_json({"topics": [state.document() for state in states]})
        return
    table = Table(box=None, pad_edge=False, header_style="dim")
    for title in ("topic", "writer", "partitions", "kept", "state"):
        table.add_column(title)
    for state in states:
        kept = "for ever" if state.topic.retention_ms < 0 else f"{state.topic.retention_ms // 3_600_000} h"
        words = "; ".join(state.drift) or ("made now" if state.created else "as wanted" if state.exists else "missing")
        table.add_row(state.topic.name, state.topic.writer, str(state.partitions or "-"), kept, words)
    show_table(table)
    if not all(state.exists for state in states):
        tell("make the missing ones with `darkroom topics apply`")
