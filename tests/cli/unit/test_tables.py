"""Tables of commands: nothing of a cell is lost, whatever the terminal and whatever the cell says."""

import io
from pathlib import Path

import pytest
from darkroom_cli import operator_door
from darkroom_cli.main import app
from darkroom_cli.tables import show_table
from rich.table import Table
from support.operator_service import answering
from typer.testing import CliRunner

COMMANDS = Path(__file__).parents[3] / "cli/src/darkroom_cli/commands"
TENANT = "d3b8f1c2-6a1e-4f0e-9c6f-2b1a7c9e0d11"
CELLS = (TENANT, *(f"{number},234,567" for number in range(12)))


def table_of(*cells: str) -> Table:
    table = Table(box=None, pad_edge=False)
    for number in range(len(cells)):
        table.add_column(f"column {number}")
    table.add_row(*cells)
    return table


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_a_row_for_a_file_or_a_program_is_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    cells = (*CELLS, "a long sentence of a failure " * 10 + "end")
    show_table(table_of(*cells))
    [_, row] = capsys.readouterr().out.splitlines()
    assert [cell for cell in cells if cell not in row] == []


def test_a_narrow_terminal_folds_what_it_cannot_show_beside_the_rest(monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = Terminal()
    monkeypatch.setenv("COLUMNS", "80")
    monkeypatch.setenv("TERM", "dumb")
    monkeypatch.setattr("sys.stdout", terminal)
    show_table(table_of(*CELLS[:6]))
    shown = terminal.getvalue()
    assert "…" not in shown
    assert max(map(len, shown.splitlines())) <= 80
    assert sum(shown.count(digit) for digit in "234567") >= sum("".join(CELLS[:6]).count(digit) for digit in "234567")


def test_words_in_brackets_are_no_markup(capsys: pytest.CaptureFixture[str]) -> None:
    show_table(table_of("[type=missing, input_value=1]", "[/closed]", ":warning:"))
    assert "[type=missing, input_value=1] [/closed] :warning:" in " ".join(capsys.readouterr().out.split())


def test_every_command_prints_its_tables_in_the_same_way() -> None:
    # The demo draws its progress on stderr.
    own = {path.name for path in COMMANDS.glob("*.py") if "Console(" in path.read_text()}
    assert own == {"demo.py"}


def test_tenants_are_listed_with_all_their_figures_when_piped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    tenant = {"instanceId": TENANT, "paused": True, "weight": 1.5, "capPerMinute": 100_000, "concurrency": 2_000}
    tenant |= {"requestsPerMinute": 60_000, "shareDue": 0.25, "shareGot": 0.2, "waiting": 123_456, "inFlight": 7_890}
    tenant |= {"oldestWaitSeconds": 4321.5, "waitP50Seconds": 1.5, "waitP95Seconds": 22.5, "waitP99Seconds": 333.5}
    with answering({"tenants": [tenant]}) as (address, _):
        monkeypatch.setattr(operator_door, "_addresses", lambda _home: {"predictor": address})
        runner = CliRunner(env={"DARKROOM_HOME": str(tmp_path), "DARKROOM_JWT_SECRET": "", "COLUMNS": "80"})
        result = runner.invoke(app, ["tenants", "list"])
    assert result.exit_code == 0, result.output
    [_, row] = result.output.splitlines()
    assert row.split() == [
        *(TENANT, "(paused)", "1.5", "100,000", "2,000", "60,000", "25%", "20%", "123,456", "7,890"),
        *("4321.5", "s", "1.5", "s", "22.5", "s", "333.5", "s"),
    ]
