"""What `darkroom credits` refuses before it asks anybody, and what it says when nobody is there to be asked."""

from pathlib import Path

import click
import pytest
from darkroom_cli.main import app
from typer.testing import CliRunner

FAILED, WRONG_USE = 1, 2


@pytest.fixture
def runner(tmp_path: Path) -> CliRunner:
    """The command with a home in which nothing runs."""
    return CliRunner(env={"DARKROOM_HOME": str(tmp_path), "DARKROOM_JWT_SECRET": "", "DARKROOM_OPERATOR_TOKEN": ""})


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        ("grant shop 0 --reason gift", FAILED, "more than 0"),
        ("grant shop -5 --reason gift", FAILED, "more than 0"),
        ("grant shop 5", WRONG_USE, "--reason"),
        ("grant shop five --reason gift", WRONG_USE, "integer"),
        ("grant shop 5 --reason gift --expires-at tomorrow", WRONG_USE, "no time"),
        ("grant shop 5 --reason gift", FAILED, "darkroom up"),
        ("show shop", FAILED, "darkroom up"),
        ("adjust shop 0 --reason slip", WRONG_USE, "no amount"),
        ("adjust shop -5", WRONG_USE, "--reason"),
        ("adjust shop -5 --reason slip", FAILED, "darkroom up"),
        ("close", FAILED, "darkroom up"),
        ("close --show", FAILED, "darkroom up"),
        ("reservations --undecided", FAILED, "darkroom up"),
        ("reservations --older-than -1", WRONG_USE, "older-than"),
        ("refund shop --reason slip", WRONG_USE, "--job"),
        ("refund shop --job 7 --item 3 --amount 5 --reason slip", WRONG_USE, "whole"),
        ("refund shop --job 7 --reason slip", FAILED, "darkroom up"),
    ],
)
def test_it_ends_with_words_and_the_right_code(runner: CliRunner, arguments: str, code: int, said: str) -> None:
    result = runner.invoke(app, ["credits", *arguments.split()])
    assert (result.exit_code, said in click.unstyle(result.output)) == (code, True), result.output


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        ("set shop", WRONG_USE, "--plan"),
        ("set", WRONG_USE, "instance_id"),
        ("set shop --plan pro", FAILED, "darkroom up"),
    ],
)
def test_a_change_of_terms_ends_with_words_and_the_right_code(runner: CliRunner, arguments: str, code: int, said: str) -> None:
    result = runner.invoke(app, ["tenants", *arguments.split()])
    assert (result.exit_code, said in click.unstyle(result.output)) == (code, True), result.output
