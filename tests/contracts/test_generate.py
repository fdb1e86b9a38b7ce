"""What is generated is committed, and a break is refused."""

from pathlib import Path

import pytest
from darkroom_contracts.event import Event
from darkroom_contracts.generate import main

SCHEMA = "schemas/darkroom.LampLit.v1.json"


def lamp_lit(version: int = 1, **fields: type) -> type[Event]:
    """An event `LampLit` whose fields these are."""
    body = {"__annotations__": fields, "__doc__": "A lamp was lit.", "topic": "darkroom.jobs", "version": version}
    return type("LampLit", (Event,), body)


def test_what_is_committed_is_up_to_date(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--check"]) == 0
    assert capsys.readouterr() == ("", "")


def test_a_check_names_what_differs_and_writes_nothing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--check"], tmp_path, [lamp_lit(room=str)]) == 1
    told = capsys.readouterr().err
    assert SCHEMA in told
    assert "asyncapi.json" in told
    assert list(tmp_path.iterdir()) == []


def test_what_was_written_passes_the_check(tmp_path: Path) -> None:
    assert main([], tmp_path, [lamp_lit(room=str)]) == 0
    assert main(["--check"], tmp_path, [lamp_lit(room=str)]) == 0


@pytest.mark.parametrize("arguments", [[], ["--check"]])
def test_a_break_is_refused_and_the_old_schema_stays(
    arguments: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    main([], tmp_path, [lamp_lit(room=str)])
    before = (tmp_path / SCHEMA).read_text()
    assert main(arguments, tmp_path, [lamp_lit(room=int)]) == 1
    assert "darkroom.LampLit.v1: room: the type changed from string to integer" in capsys.readouterr().err
    assert (tmp_path / SCHEMA).read_text() == before


def test_a_removed_event_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    main([], tmp_path, [lamp_lit(room=str)])
    assert main([], tmp_path, []) == 1
    assert "darkroom.LampLit.v1 was removed" in capsys.readouterr().err


def test_a_new_version_beside_the_old_one_passes(tmp_path: Path) -> None:
    main([], tmp_path, [lamp_lit(room=str)])
    assert main([], tmp_path, [lamp_lit(room=str), lamp_lit(version=2, room=int)]) == 0
    assert (tmp_path / "schemas/darkroom.LampLit.v2.json").exists()


def test_wrong_use_is_told_from_failure() -> None:
    assert main(["--chek"]) == 2
