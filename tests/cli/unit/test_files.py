"""The stack's files: logs stay bounded, state is replaced whole, the jars are exactly those of the lock."""

import hashlib
import json
import stat
from pathlib import Path

import pytest
from darkroom_cli.stack.errors import StackError
from darkroom_cli.stack.home import Home, write_json
from darkroom_cli.stack.jars import LOCK_FOLDER, check
from darkroom_cli.stack.logfiles import bound, last_lines
from darkroom_cli.stack.plan import Plan, Probe, Task, read_plan


def test_a_log_is_cut_and_its_end_kept_while_the_writer_goes_on(tmp_path: Path) -> None:
    log = tmp_path / "x.log"
    with log.open("ab", buffering=0) as writer:
        for number in range(100):
            writer.write(b"line %03d\n" % number)
        bound(log, bytes_max=500, bytes_kept=100)
        writer.write(b"after\n")
    assert log.read_text() == "after\n"
    kept = (tmp_path / "x.log.1").read_text().splitlines()
    assert kept[-1] == "line 099"
    assert all(line.startswith("line ") and len(line) == 8 for line in kept)


def test_a_short_log_is_left_alone_and_a_missing_one_is_no_error(tmp_path: Path) -> None:
    log = tmp_path / "x.log"
    log.write_text("one\ntwo\nthree\n")
    bound(log)
    bound(tmp_path / "none.log")
    assert last_lines(log, 2) == ["two", "three"]
    assert last_lines(tmp_path / "none.log", 2) == []


def test_a_plan_survives_its_file(tmp_path: Path) -> None:
    probe = Probe(kind="http", host="127.0.0.1", port=1, path="/healthz")
    task = Task(key="a", name="a-1", argv=("x", "y"), env={"K": "v"}, probe=probe, after=("b",), once=True)
    plan = Plan(serial=3, tasks=(task,), about={"parts": ["a"]})
    write_json(tmp_path / "plan.json", plan.document())
    assert read_plan(tmp_path / "plan.json") == plan
    assert stat.S_IMODE((tmp_path / "plan.json").stat().st_mode) == 0o600


def test_a_password_is_made_once_and_kept(tmp_path: Path) -> None:
    first = Home(tmp_path).password("darkroom_credits")
    assert len(first) >= 20
    assert Home(tmp_path).password("darkroom_credits") == first
    assert Home(tmp_path).password("darkroom_poller") != first


def test_the_committed_lock_has_one_kafka_and_no_addresses() -> None:
    text = (LOCK_FOLDER / "jgo.lock.toml").read_text()
    assert "http" not in text
    assert text.count('version = "4.3.1"') >= 13
    assert text.count("sha256 = ") == text.count("[[dependencies]]")


def _lock(*jars: tuple[str, str, bytes]) -> bytes:
    entries = [
        f'[[dependencies]]\nartifactId = "{name}"\nversion = "{version}"\nsha256 = "{hashlib.sha256(content).hexdigest()}"\n'
        for name, version, content in jars
    ]
    return "\n".join(entries).encode()


def _jars(folder: Path, **contents: bytes) -> list[Path]:
    for name, content in contents.items():
        (folder / f"{name}.jar").write_bytes(content)
    return sorted(folder.glob("*.jar"))


def test_jars_that_differ_from_the_lock_are_refused(tmp_path: Path) -> None:
    lock = _lock(("kafka-clients", "4.3.1", b"good"))
    check(_jars(tmp_path, **{"kafka-clients-4.3.1": b"good"}), lock)
    with pytest.raises(StackError, match="sha256"):
        check(_jars(tmp_path, **{"kafka-clients-4.3.1": b"tampered"}), lock)
    with pytest.raises(StackError, match="missing: kafka-clients"):
        check([], lock)
    with pytest.raises(StackError, match="lock does not name: evil"):
        check(_jars(tmp_path, **{"kafka-clients-4.3.1": b"good", "evil-1": b""}), lock)


def test_two_versions_of_kafka_are_refused(tmp_path: Path) -> None:
    lock = _lock(("kafka-clients", "3.8.0", b"old"), ("kafka-server", "4.3.1", b"new"))
    with pytest.raises(StackError, match=r"several versions \(3\.8\.0, 4\.3\.1\)"):
        check(_jars(tmp_path, **{"kafka-clients-3.8.0": b"old", "kafka-server-4.3.1": b"new"}), lock)


def test_state_is_json(tmp_path: Path) -> None:
    write_json(tmp_path / "state.json", {"a": 1})
    write_json(tmp_path / "state.json", {"a": 2})
    assert json.loads((tmp_path / "state.json").read_text()) == {"a": 2}
    assert [path.name for path in tmp_path.iterdir()] == ["state.json"]
