"""The supervisor alone, with small processes of our own instead of the heavy parts."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from darkroom_cli.stack.home import Home, write_json
from darkroom_cli.stack.plan import Plan, Probe, Task
from support.home import OwnHome, alive, wait_until
from support.ports import free_port

# Tells when it starts and ends, and answers /readyz with 200.
SERVER = """
import http.server, pathlib, signal, sys
name, port, story = sys.argv[1], int(sys.argv[2]), pathlib.Path(sys.argv[3])
def tell(text):
    with story.open("a") as file:
        file.write(f"{text} {name}\\n")
class Answer(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.end_headers()
    def log_message(self, *_):
        pass
def on_term(*_):
    tell("end")
    sys.exit(0)
signal.signal(signal.SIGTERM, on_term)
tell("start")
http.server.HTTPServer(("127.0.0.1", port), Answer).serve_forever()
"""
STUBBORN = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('deaf', flush=True); time.sleep(600)"

# Has a child in a session of its own, as PostgreSQL has, and writes its process id down.
PARENT = """
import pathlib, subprocess, sys, time
child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"], start_new_session=True)
with pathlib.Path(sys.argv[1]).open("a") as story:
    story.write(f"{child.pid}\\n")
time.sleep(600)
"""


class Bench:
    """A home with a supervisor under test."""

    def __init__(self, path: Path) -> None:
        self.own = OwnHome(path)
        self.story = path / "story.txt"
        self.process: subprocess.Popen[bytes] | None = None
        self.home.make()

    @property
    def home(self) -> Home:
        return self.own.home

    def server(self, key: str, *after: str) -> Task:
        port = free_port()
        argv = (sys.executable, "-c", SERVER, key, str(port), str(self.story))
        return Task(key=key, name=key, argv=argv, probe=Probe(kind="http", host="127.0.0.1", port=port), after=after)

    def job(self, key: str, code: str, *after: str) -> Task:
        return Task(key=key, name=key, argv=(sys.executable, "-c", code), after=after, once=True)

    def run(self, *tasks: Task) -> None:
        write_json(self.home.plan, Plan(serial=1, tasks=tasks).document())
        self.process = subprocess.Popen([sys.executable, "-m", "darkroom_cli.stack.supervisor", str(self.home.path)])
        wait_until(lambda: self.home.supervisor_pid() is not None and self.home.state.exists(), "the supervisor runs")

    def change(self, serial: int, *tasks: Task) -> None:
        write_json(self.home.plan, Plan(serial=serial, tasks=tasks).document())
        self.signal(signal.SIGHUP)

    def signal(self, number: int) -> None:
        assert self.process is not None
        self.process.send_signal(number)

    def wait(self, key: str, state: str) -> None:
        wait_until(lambda: self.own.task(key).get("state") == state, f"{key} is {state}, not {self.own.task(key)}")

    def wait_until_deaf(self, key: str) -> None:
        log = self.home.logs / f"{key}.log"
        wait_until(lambda: log.exists() and "deaf" in log.read_text(), f"{key} ignores what it is asked")

    def end(self) -> None:
        if self.process is not None:
            self.process.terminate()
            self.process.wait(timeout=60)

    def told(self) -> list[str]:
        return self.story.read_text().splitlines()


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    bench = Bench(tmp_path)
    yield bench
    bench.end()


def test_start_in_order_and_stop_in_the_reverse_order(bench: Bench) -> None:
    tell = f"open({str(bench.story)!r}, 'a').write('done job\\n')"
    bench.run(bench.server("front", "back"), bench.server("back", "job"), bench.job("job", tell, "base"), bench.server("base"))
    bench.wait("front", "ready")
    assert bench.told() == ["start base", "done job", "start back", "start front"]
    bench.end()
    assert bench.told()[4:] == ["end front", "end back", "end base"]
    assert bench.home.supervisor_pid() is None


def test_what_dies_is_started_again_and_counted(bench: Bench) -> None:
    bench.run(bench.server("one"))
    bench.wait("one", "ready")
    first = bench.own.task("one")["pid"]
    os.kill(first, signal.SIGKILL)
    wait_until(lambda: bench.own.task("one")["restarts"] >= 1, "it is started again")
    bench.wait("one", "ready")
    assert bench.own.task("one")["pid"] != first


def test_what_comes_after_a_dead_process_is_left_alone(bench: Bench) -> None:
    bench.run(bench.server("base"), bench.server("next", "base"))
    bench.wait("next", "ready")
    untouched = bench.own.task("next")["pid"]
    os.kill(bench.own.task("base")["pid"], signal.SIGKILL)
    wait_until(lambda: bench.own.task("base")["restarts"] >= 1 and bench.own.task("base")["state"] == "ready", "base is back")
    assert bench.own.task("next")["pid"] == untouched


def test_a_killed_supervisor_leaves_nothing_behind(bench: Bench) -> None:
    bench.run(bench.server("one"), Task(key="two", name="two", argv=(sys.executable, "-c", STUBBORN)))
    bench.wait("one", "ready")
    bench.wait_until_deaf("two")
    pids = bench.own.pids()
    assert len(pids) == 3
    bench.signal(signal.SIGKILL)
    assert bench.process is not None
    bench.process.wait()
    wait_until(lambda: not alive(pids), "all processes are gone")
    assert bench.home.supervisor_pid() is None


def test_a_killed_process_leaves_nothing_behind(bench: Bench) -> None:
    bench.run(Task(key="one", name="one", argv=(sys.executable, "-c", PARENT, str(bench.story))))
    wait_until(lambda: bench.story.exists() and len(bench.told()) == 1, "it has a child")
    os.kill(bench.own.task("one")["pid"], signal.SIGKILL)
    wait_until(lambda: len(bench.told()) == 2, "it is started again, with a child")
    orphan, child = map(int, bench.told())
    wait_until(lambda: not alive({orphan}), "what it left is gone")
    assert alive({child})


def test_a_process_that_ignores_the_request_is_killed_after_its_deadline(bench: Bench) -> None:
    bench.run(Task(key="one", name="one", argv=(sys.executable, "-c", STUBBORN), stop_seconds=0.3))
    bench.wait_until_deaf("one")
    pids = bench.own.pids()
    bench.end()
    assert not alive(pids)


def test_a_changed_plan_adds_removes_and_renames_without_touching_the_rest(bench: Bench) -> None:
    one, two, three = bench.server("one"), bench.server("two"), bench.server("three")
    bench.run(one, two)
    bench.wait("two", "ready")
    kept = bench.own.task("one")["pid"]
    bench.change(2, replace(one, name="one-1"), three)
    bench.wait("three", "ready")
    wait_until(lambda: not bench.own.task("two"), "two has ended")
    assert (bench.own.task("one")["pid"], bench.own.task("one")["name"]) == (kept, "one-1")
    assert "end two" in bench.told()


def test_a_changed_command_is_a_restart_with_the_new_one(bench: Bench) -> None:
    one = bench.server("one")
    bench.run(one)
    bench.wait("one", "ready")
    first = bench.own.task("one")["pid"]
    bench.change(2, replace(one, env={"CHANGED": "1"}))
    wait_until(lambda: bench.own.task("one").get("pid") not in (None, first), "it has a new process")
    bench.wait("one", "ready")
    assert b"CHANGED=1" in Path(f"/proc/{bench.own.task('one')['pid']}/environ").read_bytes()


def test_a_job_that_fails_is_tried_again_and_then_given_up(bench: Bench) -> None:
    bench.run(bench.job("job", "raise SystemExit('no such luck')"), bench.server("next", "job"))
    bench.wait("job", "failed")
    assert bench.own.task("job")["exitCode"] == 1
    assert (bench.home.logs / "job.log").read_text().count("no such luck") == 3
    assert bench.own.task("next")["state"] == "waiting"


def test_what_was_given_up_is_tried_anew_when_asked(bench: Bench) -> None:
    cause = bench.home.path / "mended"
    job = bench.job("job", f"raise SystemExit(0 if __import__('pathlib').Path({str(cause)!r}).exists() else 'broken')")
    next_one = bench.server("next", "job")
    bench.run(job, next_one)
    bench.wait("job", "failed")
    cause.touch()
    bench.change(2, job, next_one)
    bench.wait("next", "ready")
    assert bench.own.task("job")["state"] == "done"


def test_a_command_that_does_not_exist_is_told_in_its_log(bench: Bench) -> None:
    bench.run(Task(key="one", name="one", argv=("/no/such/program",)))
    wait_until(lambda: bench.own.task("one").get("restarts", 0) >= 1, "it is tried again")
    assert "No such file" in (bench.home.logs / "one.log").read_text()


def test_the_supervisor_stays_small(bench: Bench) -> None:
    bench.run(bench.server("one"))
    bench.wait("one", "ready")
    pid = bench.home.supervisor_pid()
    fields = dict(line.split(":", 1) for line in Path(f"/proc/{pid}/status").read_text().splitlines())
    assert int(fields["VmRSS"].split()[0]) < 25_000
