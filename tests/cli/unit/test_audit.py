"""What `darkroom audit balances` refuses before it reads anything, and what it says when there is nothing to be read."""

from pathlib import Path

import click
import pytest
from darkroom_cli.main import app
from typer.testing import CliRunner

FAILED, WRONG_USE = 1, 2


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        ("--until tomorrow", WRONG_USE, "is no time"),
        ("--until 2026-12-01 --compare", WRONG_USE, "leave --until out"),
        ("shop", FAILED, "darkroom up"),
    ],
)
def test_it_ends_with_words_and_the_right_code(tmp_path: Path, arguments: str, code: int, said: str) -> None:
    runner = CliRunner(env={"DARKROOM_HOME": str(tmp_path), "DARKROOM_KAFKA_BOOTSTRAP_SERVERS": ""})
    result = runner.invoke(app, ["audit", "balances", *arguments.split()])
    assert (result.exit_code, said in click.unstyle(result.output)) == (code, True), result.output
