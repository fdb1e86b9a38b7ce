"""What `darkroom dlq` refuses before it asks anybody, what it asks for, and what it says when nobody is there to be asked."""

from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import click
import pytest
from darkroom_cli import operator_door
from darkroom_cli.commands.dlq import _selection
from darkroom_cli.main import app
from support.operator_service import answering
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
        ("list before=2030-01-31", WRONG_USE, "instance=…, service=…, code=…"),
        (f"list {LETTER}", WRONG_USE, "dlq show"),
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


def listed(monkeypatch: pytest.MonkeyPatch, runner: CliRunner, *arguments: str, **facts: object) -> tuple[str, str]:
    """What the command prints of one letter, and the path with the query that it asked for."""
    letter = {"id": LETTER, "kind": "message", "service": "credits", "instanceId": "shop-a", "jobId": 7, "itemId": None}
    letter |= {"code": "unreadable", "message": "", "attempts": 1, "createdAt": "2026-05-04T00:00:00Z", "state": "open"}
    with answering({"deadLetters": [letter | facts], "nextCursor": None}) as (address, asked):
        monkeypatch.setattr(operator_door, "_addresses", lambda _home: {"predictor": address})
        result = runner.invoke(app, ["dlq", "list", *arguments])
    assert result.exit_code == 0, result.output
    return result.output, asked[0]


def test_a_letter_is_one_line_that_tells_the_cause(monkeypatch: pytest.MonkeyPatch, runner: CliRunner) -> None:
    old = "1 validation error for JobRequested\njobId\n  Field required [type=missing, input_value={}, input_type=dict]\n    For"
    output, _ = listed(monkeypatch, runner, message=old)
    [_, row] = output.splitlines()
    assert row.rstrip().endswith("jobId Field required [type=missing, input_value={}, input_type=dict] …")


def test_what_a_foreign_message_says_does_not_steer_the_terminal(monkeypatch: pytest.MonkeyPatch, runner: CliRunner) -> None:
    output, _ = listed(monkeypatch, runner, message="\x1b[2Jgone", instanceId="shop\x07\n-b")
    assert "\x1b" not in output
    assert "shop -b" in output


@pytest.mark.parametrize("spelling", [["--code", "unreadable"], ["code=unreadable"]])
def test_a_filter_is_spelt_for_list_as_for_redrive(
    monkeypatch: pytest.MonkeyPatch, runner: CliRunner, spelling: list[str]
) -> None:
    _, asked = listed(monkeypatch, runner, *spelling)
    assert parse_qs(urlsplit(asked).query)["code"] == ["unreadable"]
