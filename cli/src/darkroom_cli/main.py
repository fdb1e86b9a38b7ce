"""The `darkroom` command: names its subcommands and loads one only when it is called, so that each start stays cheap."""

import importlib
from typing import Any

import typer
from typer.core import TyperGroup
from typer.main import get_command as command_of

# Name → (module with a Typer `app`, help line). A module holds one command, or a group of them.
COMMANDS: dict[str, tuple[str, str]] = {
    "up": ("darkroom_cli.commands.up", "Start the local stack, or scale it; returns when everything is ready."),
    "demo": ("darkroom_cli.commands.demo", "A sample job through the whole stack, followed to its end."),
    "down": ("darkroom_cli.commands.down", "Stop the local stack; its data stay."),
    "status": ("darkroom_cli.commands.status", "What runs, where, how big; exit 0 only when all is ready."),
    "logs": ("darkroom_cli.commands.logs", "The last lines of a process, or of all."),
    "token": ("darkroom_cli.commands.token", "A bearer token signed with the development key."),
    "sign-in": ("darkroom_cli.commands.sign_in", "A token of the operator, on a stack with random keys of its own."),
    "credits": ("darkroom_cli.commands.credits", "A tenant's credits: show them, grant some."),
    "tenants": ("darkroom_cli.commands.tenants", "Tenants: their shares and waits; set a plan, weight, caps, a pause."),
    "limits": ("darkroom_cli.commands.limits", "The provider accounts' limits: show them, set them live."),
    "dlq": ("darkroom_cli.commands.dlq", "Dead letters: list, show, redrive, drop them."),
    "messages": ("darkroom_cli.commands.messages", "E-mails and SMS: list them, send again what was given up."),
    "suppressions": ("darkroom_cli.commands.suppressions", "Addresses that are not written to: list them, lift one."),
    "doctor": ("darkroom_cli.commands.doctor", "What is stuck or held by nobody, and how it is mended; exit 0 when nothing."),
    "audit": ("darkroom_cli.commands.audit", "What the event log says: the timeline of a job."),
    "topics": ("darkroom_cli.commands.topics", "The Kafka topics: list them, make the missing ones."),
}


class LazyGroup(TyperGroup):
    """Lists all commands without importing them; imports the one that is called.

    `Any` in the signatures: Typer carries its own copy of click, whose types it does not name.
    """

    # ruff: noqa: ARG002 - the signatures are click's

    def list_commands(self, ctx: Any) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        return _placeholder(cmd_name) if cmd_name in COMMANDS else None

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        name, command, rest = super().resolve_command(ctx, args)
        if name is None or name not in COMMANDS:
            return name, command, rest
        real = command_of(importlib.import_module(COMMANDS[name][0]).app)
        real.name = name
        return name, real, rest


def _placeholder(name: str) -> Any:
    app = typer.Typer(add_completion=False)
    app.command(name=name, help=COMMANDS[name][1])(lambda: None)
    return command_of(app)


app = typer.Typer(
    cls=LazyGroup,
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help="Darkroom's local stack and operations. Exit codes: 0 good, 1 the thing asked for failed, 2 wrong use.",
)


@app.callback()
def darkroom() -> None:
    """The root has no options of its own."""
