"""`darkroom messages` and `darkroom suppressions` at a notifier's own door."""

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest
from darkroom_cli import operator_door
from darkroom_cli.main import app
from support.notifier_process import Ground
from support.service import eventually
from support.told_people import TellingNotifier, job_finished
from typer.testing import CliRunner

WRONG_USE = 2
Command = Callable[..., Awaitable[str]]


@pytest.fixture
def command(telling: TellingNotifier, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Command:
    """Run the command to its end; what it printed. It fails unless it exits with `code`."""
    monkeypatch.setattr(operator_door, "_addresses", lambda _home: {"notifier": telling.process.http})
    environ = {"DARKROOM_HOME": str(tmp_path), "DARKROOM_JWT_SECRET": None, "DARKROOM_OPERATOR_TOKEN": None, "COLUMNS": "300"}
    runner = CliRunner(env=environ)

    async def run(*words: str, code: int = 0) -> str:
        result = await asyncio.to_thread(runner.invoke, app, list(words))
        assert result.exit_code == code, result.output
        return result.output

    return run


async def test_a_suppressed_message_is_found_lifted_and_sent_again(
    told_ground: Ground, telling: TellingNotifier, command: Command, tenant: str
) -> None:
    address = f"bounce@{tenant}.example"
    await telling.prefer(tenant, email=address)

    async def bounced() -> bool:
        return address in await command("suppressions", "list", "--address", address)

    await eventually(bounced)
    assert "bounced" in await command("suppressions", "list", "--why", "bounced")
    await told_ground.log.publish(job_finished(tenant, 1))

    async def failed() -> bool:
        return "suppressed" in await command("messages", "list", "--status", "failed", "--instance", tenant)

    await eventually(failed)
    # The address is a person's: the list shows who it was about, not where it went.
    assert address not in await command("messages", "list", "--instance", tenant)
    lifted = await command("suppressions", "lift", address, "--reason", "the mailbox is back")
    assert lifted == f"{address} (email, bounced, tenant *) is written to again\n"
    assert "404" in await command("suppressions", "lift", address, "--reason", "again", code=1)
    assert await command("messages", "retry", f"instance={tenant}", "code=suppressed") == "messages queued again: 1\n"
    await telling.wait_sent("mail", address)


async def test_wrong_use_is_told_before_anything_is_asked(command: Command) -> None:
    assert "neither an id nor one of" in await command("messages", "retry", "tenant=shop", code=WRONG_USE)
    assert "the reason is empty" in await command("suppressions", "lift", "anna@shop.example", "--reason", " ", code=WRONG_USE)
    assert "--limit" in await command("messages", "list", "--limit", "0", code=WRONG_USE)
