"""What `darkroom dlq` refuses before it asks anybody, what it asks for, and what it says when nobody is there to be asked."""

from pathlib import Path

import click
import pytest
from darkroom_cli.commands.dlq import _selection
from darkroom_cli.main import app
from typer.testing import CliRunner

FAILED, WRONG_USE = 1, 2
LETTER = "0193f4a2-bead-7c33-9b44-6a5b4c3d2e1f"


@pytest.fixture
def runner(tmp_path: Path) -> CliRunner:
    """The command with a home in which nothing runs."""
    return CliRunner(env={"DARKROOM_HOME": str(tmp_path), "DARKROOM_JWT_SECRET": "", "DARKROOM_OPERATOR_TOKEN": ""})


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        ("list", FAILED, "darkroom up"),
        ("list --limit 0", WRONG_USE, "--limit"),
        ("show 17", WRONG_USE, "UUID"),
        (f"show {LETTER}", FAILED, "darkroom up"),
        ("redrive shop-a", WRONG_USE, "neither an id nor one of"),
        ("redrive tenant=shop-a", WRONG_USE, "instance=…"),
        ("redrive before=yesterday", WRONG_USE, "no time"),
        ("redrive --per-minute 0", WRONG_USE, "--per-minute"),
        (f"redrive {LETTER} --dry-run", FAILED, "darkroom up"),
        ("cancel 17", WRONG_USE, "UUID"),
        (f"drop {LETTER}", WRONG_USE, "--reason"),
        (f"drop {LETTER} --reason _", FAILED, "darkroom up"),
    ],
)
def test_it_ends_with_words_and_the_right_code(runner: CliRunner, arguments: str, code: int, said: str) -> None:
    result = runner.invoke(app, ["dlq", *arguments.split()])
    assert (result.exit_code, said in click.unstyle(result.output)) == (code, True), result.output


def test_a_blank_reason_is_none(runner: CliRunner) -> None:
    result = runner.invoke(app, ["dlq", "drop", LETTER, "--reason", "  "])
    assert (result.exit_code, "the reason is empty" in result.output) == (WRONG_USE, True)


def test_words_and_options_are_one_filter_and_a_time_without_a_zone_is_utc() -> None:
    assert _selection([LETTER, "service=credits", "before=2030-01-31T12:00:00"], {"instance": "shop-a"}) == {
        "ids": [LETTER],
        "filter": {"instanceId": "shop-a", "service": "credits", "before": "2030-01-31T12:00:00+00:00"},
    }
    assert _selection([], {}) == {"filter": {}}
