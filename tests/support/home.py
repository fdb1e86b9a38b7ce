"""A stack's home of one's own for tests of the `darkroom` command: run it, watch its state, leave nothing behind."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psutil
from darkroom_cli.stack.home import Home, read_json

DARKROOM = Path(sys.executable).with_name("darkroom")
COMMAND_SECONDS = 90
LOOK_SECONDS = 0.02


@dataclass(frozen=True)
class OwnHome:
    """Commands and looks at one home."""

    path: Path
    environ: Mapping[str, str] = field(default_factory=dict)

    @property
    def home(self) -> Home:
        return Home(self.path)

    def run(self, *arguments: str, **environ: str) -> subprocess.CompletedProcess[str]:
        """`darkroom …` in this home."""
        outside = {name: value for name, value in os.environ.items() if not name.startswith("DARKROOM_")}
        settings = {"DARKROOM_HOME": str(self.path), "DARKROOM_STACK_FSYNC": "off", **self.environ, **environ}
        return subprocess.run(
            [str(DARKROOM), *arguments],
            env={**outside, **settings},
            capture_output=True,
            text=True,
            timeout=COMMAND_SECONDS,
            check=False,
        )

    def up(self, *arguments: str) -> dict[str, Any]:
        """Start, and the status afterwards."""
        answer = self.run("up", "--json", *arguments)
        assert answer.returncode == 0, answer.stderr
        return dict(json.loads(answer.stdout))

    def status(self) -> dict[str, Any]:
        return dict(json.loads(self.run("status", "--json").stdout))

    def task(self, key: str) -> dict[str, Any]:
        """What the supervisor says of one task, {} while it says nothing."""
        tasks = (read_json(self.home.state) or {}).get("tasks", [])
        return next((task for task in tasks if task["key"] == key), {})

    def pids(self) -> set[int]:
        """Every process of the stack that lives now: the supervisor, its children and theirs."""
        pid = self.home.supervisor_pid()
        if pid is None:
            return set()
        supervisor = psutil.Process(pid)
        return {pid, *(child.pid for child in supervisor.children(recursive=True))}

    def stop(self) -> None:
        self.run("down")


def wait_until(condition: Callable[[], object], what: str, *, seconds: float = 60.0) -> None:
    """Look again and again until it holds; an assertion names what never came."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, f"not within {seconds:g} s: {what}"
        time.sleep(LOOK_SECONDS)


def alive(pids: set[int]) -> set[int]:
    """Those of the processes that still run."""
    found = set()
    for pid in pids:
        try:
            if psutil.Process(pid).status() != psutil.STATUS_ZOMBIE:
                found.add(pid)
        except psutil.NoSuchProcess:
            continue
    return found
