"""One supervised task: its process, its state and when it is due again. Standard library only.

A process that dies is started again at once the first time, then more and more slowly, never later than RESTART_SECONDS_MAX.
"""

import ctypes
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from darkroom_cli.stack.plan import Probe, Task
from darkroom_cli.stack.probes import Question

RESTART_SECONDS = (0.1, 0.5, 1.0, 1.5, 4.0, 7.0, 10.0)
# Having lived so long, a process' next death counts as its first.
STEADY_SECONDS = 20.0
PROBE_EVERY_SECONDS = 0.1
# A start that takes long is asked less often: the asking costs the CPU that the start needs.
PROBE_EVERY_SECONDS_MAX = 0.5
JOB_TRIES_MAX = 3
PR_SET_PDEATHSIG = 1

WAITING, STARTING, READY, RESTARTING, DONE, FAILED, STOPPING = (
    "waiting", "starting", "ready", "restarting", "done", "failed", "stopping",
)  # fmt: skip

LIBC = ctypes.CDLL(None) if sys.platform == "linux" else None


class Child:
    """A task and its process; the supervisor calls `start`, `look` and `stop`."""

    def __init__(self, task: Task, log: Path) -> None:
        self.task = task
        self.log = log
        self.state = WAITING
        self.restarts = 0
        self.ever_ready = False
        self.exit_code: int | None = None
        self.due = 0.0
        self.question: Question | None = None
        self._process: subprocess.Popen[bytes] | None = None
        self._deaths = 0
        self._started = 0.0
        self._started_at = 0.0
        self._kill_at = 0.0
        self._successor: Task | None = None

    @property
    def pid(self) -> int | None:
        return None if self._process is None else self._process.pid

    @property
    def passed(self) -> bool:
        """Whether what comes after it may start."""
        return self.state == DONE if self.task.once else self.ever_ready

    def start(self, now: float) -> None:
        """Spawn the process; a command that cannot be run counts as a death."""
        environment = {**os.environ, **self.task.env}
        self._started, self._started_at = now, time.time()
        with self.log.open("ab") as log:
            try:
                self._process = subprocess.Popen(
                    self.task.argv,
                    env=environment,
                    stdin=subprocess.DEVNULL,
                    stdout=log,
                    stderr=log,
                    preexec_fn=self._die_with_the_supervisor,
                    start_new_session=True,
                )
            except OSError as error:
                log.write(f"{self.task.argv[0]}: {error}\n".encode())
                self._died(now, 127)
                return
        self.state = STARTING if self.state == WAITING else self.state
        self.due = now + PROBE_EVERY_SECONDS

    def look(self, now: float) -> None:
        """Take note of a death, an answer to the probe, or a stop that lasts too long."""
        if self._process is not None and (code := self._process.poll()) is not None:
            self._process = None
            self._died(now, code)
        elif self.state == STOPPING and now >= self._kill_at:
            self._signal(signal.SIGKILL)
        elif self._process is not None and self.state in (STARTING, RESTARTING) and self.task.probe is not None:
            self._ask(self.task.probe, now)

    def _ask(self, probe: Probe, now: float) -> None:
        if self.question is None and now >= self.due:
            self.question = Question(probe, now)
        if self.question is None or (answer := self.question.look(now)) is None:
            return
        self.question = None
        self.due = now + min(max(PROBE_EVERY_SECONDS, (now - self._started) / 10), PROBE_EVERY_SECONDS_MAX)
        if answer:
            self.state = READY
            self.ever_ready = True

    def stop(self, now: float) -> None:
        """Ask it to end; after its deadline `look` kills it."""
        if self.state == STOPPING:
            return
        self.state = STOPPING
        self.question = None
        self._kill_at = now + self.task.stop_seconds
        self._signal(self.task.stop_signal)

    def replace(self, task: Task, now: float) -> None:
        """Go on with a task: a new name is only noted, a new command means a restart, what had failed is tried anew at once."""
        if not self.ever_ready:
            self.restarts = self._deaths = 0
        if self.state == STOPPING:
            self._successor = task
            return
        same = (task.argv, task.env) == (self.task.argv, self.task.env) and not task.once
        if same or self._process is None:
            self.task = task
            if self._process is None:
                self.state, self.due, self._deaths = WAITING, now, 0
        else:
            self._successor = task
            self.stop(now)

    def next_look(self, now: float) -> float:
        """Seconds until it wants attention again (its death is announced by a signal)."""
        if self.ended:
            return 0.0
        if self.state == STOPPING:
            return max(self._kill_at - now, 0.05)
        if self.state in (STARTING, RESTARTING):
            return max((self.due if self.question is None else self.question.deadline) - now, 0.01)
        return 60.0

    @property
    def ended(self) -> bool:
        """Whether a stop has come to its end."""
        return self.state == STOPPING and self._process is None and self._successor is None

    def report(self) -> dict[str, Any]:
        return {
            "key": self.task.key,
            "name": self.task.name,
            "pid": self.pid,
            "state": self.state,
            "restarts": self.restarts,
            "once": self.task.once,
            "everReady": self.ever_ready,
            "exitCode": self.exit_code,
            "startedAt": self._started_at,
            "log": self.log.name,
        }

    def _died(self, now: float, code: int) -> None:
        self.exit_code = code
        self.question = None
        if self.state == STOPPING:
            if self._successor is not None:
                self.task, self._successor = self._successor, None
                self.state, self.due = WAITING, now
            return
        if self.task.once and code == 0:
            self.state = DONE
            return
        self._deaths = 1 if now - self._started > STEADY_SECONDS else self._deaths + 1
        if self.task.once and self._deaths >= JOB_TRIES_MAX:
            self.state = FAILED
            return
        self.restarts += 1
        self.state = RESTARTING
        self.due = now + RESTART_SECONDS[min(self._deaths, len(RESTART_SECONDS)) - 1]

    def _signal(self, number: int) -> None:
        if self._process is not None:
            self._process.send_signal(number)

    def _die_with_the_supervisor(self) -> None:
        if LIBC is not None:
            LIBC.prctl(PR_SET_PDEATHSIG, int(self.task.death_signal), 0, 0, 0)
