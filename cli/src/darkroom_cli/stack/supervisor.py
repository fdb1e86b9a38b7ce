"""Keeps the tasks of `plan.json` running and writes `state.json`; it outlives the command that started it.

One thread, standard library only (it must stay small). SIGHUP: read the plan again. SIGTERM: stop all in reverse order, end.
Its children die with it: the kernel signals them (PR_SET_PDEATHSIG, which is bound to the one thread that spawns them).
Their children die with them: the kernel hands them to the supervisor (PR_SET_CHILD_SUBREAPER), which kills them.
"""

import fcntl
import os
import select
import signal
import sys
import time
from contextlib import suppress
from pathlib import Path
from types import FrameType

from darkroom_cli.stack.child import FAILED, LIBC, RESTARTING, STOPPING, WAITING, Child
from darkroom_cli.stack.home import Home, write_json
from darkroom_cli.stack.logfiles import ROTATE_EVERY_SECONDS, bound
from darkroom_cli.stack.plan import Plan, read_plan

WAKE_SECONDS_MAX = 30.0
PR_SET_CHILD_SUBREAPER = 36


class Supervisor:
    """The loop over all children."""

    def __init__(self, home: Home) -> None:
        self._home = home
        self._plan: Plan | None = None
        self._children: dict[str, Child] = {}
        self._stopping = False
        self._reload = True
        self._reported: dict[str, object] = {}
        self._rotate_at = 0.0

    def run(self) -> None:
        """Work until told to stop and all children have ended."""
        wake = self._wake_on_signals()
        if LIBC is not None:
            LIBC.prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
        while True:
            now = time.monotonic()
            if self._reload:
                self._reload = False
                self._take_up(read_plan(self._home.plan), now)
            for child in list(self._children.values()):
                child.look(now)
            self._end_orphans()
            self._children = {key: child for key, child in self._children.items() if not child.ended}
            if self._stopping:
                self._stop_next(now)
            else:
                self._start_due(now)
            self._report()
            if self._stopping and not self._children:
                return
            self._bound_logs(now)
            self._sleep(wake, now)

    def _wake_on_signals(self) -> int:
        read_end, write_end = os.pipe()
        for end in (read_end, write_end):
            os.set_blocking(end, False)
        signal.set_wakeup_fd(write_end, warn_on_full_buffer=False)
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGCHLD):
            signal.signal(number, self._on_signal)
        return read_end

    def _on_signal(self, number: int, _: FrameType | None) -> None:
        if number == signal.SIGHUP:
            self._reload = True
        elif number != signal.SIGCHLD:
            self._stopping = True

    def _take_up(self, plan: Plan, now: float) -> None:
        """Add what is new, stop what is no longer wanted, replace what has changed; the plan's order is kept."""
        self._plan = plan
        wanted = {task.key: task for task in plan.tasks}
        ordered: dict[str, Child] = {}
        for key, task in wanted.items():
            child = self._children.pop(key, None)
            if child is None:
                child = Child(task, self._home.logs / f"{key}.log")
            elif child.task != task or child.state in (STOPPING, FAILED, RESTARTING):
                child.replace(task, now)
            ordered[key] = child
        for key, child in self._children.items():
            child.stop(now)
            ordered[key] = child
        self._children = ordered

    def _end_orphans(self) -> None:
        """End what a dead process has left: PostgreSQL's sessions outlive a killed server, and keep the next from starting."""
        own = {child.pid for child in self._children.values()}
        for pid in _children_of_this_process():
            if pid not in own:
                os.kill(pid, signal.SIGKILL)
                os.waitpid(pid, os.WNOHANG)  # one that dies only now is announced by a signal

    def _start_due(self, now: float) -> None:
        for child in self._children.values():
            due = child.state == WAITING or (child.state == RESTARTING and child.pid is None)
            if due and now >= child.due and self._may_start(child):
                child.start(now)

    def _may_start(self, child: Child) -> bool:
        return all(self._children[key].passed for key in child.task.after if key in self._children)

    def _stop_next(self, now: float) -> None:
        """Stop those that no living one was started after: the reverse of the start."""
        needed = {key for child in self._children.values() for key in child.task.after}
        for key, child in self._children.items():
            if key not in needed:
                child.stop(now)

    def _report(self) -> None:
        report: dict[str, object] = {
            "pid": os.getpid(),
            "serial": 0 if self._plan is None else self._plan.serial,
            "stopping": self._stopping,
            "tasks": [child.report() for child in self._children.values()],
        }
        if report != self._reported:
            write_json(self._home.state, report)
            self._reported = report

    def _bound_logs(self, now: float) -> None:
        if now >= self._rotate_at:
            self._rotate_at = now + ROTATE_EVERY_SECONDS
            for child in self._children.values():
                bound(child.log)

    def _sleep(self, wake: int, now: float) -> None:
        waits = [child.next_look(now) for child in self._children.values()]
        if self._stopping and any(child.state != STOPPING for child in self._children.values()):
            waits.append(0.05)
        asked = [child.question for child in self._children.values() if child.question is not None]
        heard = [wake, *(question.fileno() for question in asked)]
        select.select(heard, [], [], min([*waits, self._rotate_at - now, WAKE_SECONDS_MAX]))
        with suppress(BlockingIOError):
            os.read(wake, 4096)


def _children_of_this_process() -> list[int]:
    try:
        return [int(pid) for pid in Path(f"/proc/self/task/{os.getpid()}/children").read_text().split()]
    except FileNotFoundError:  # no Linux: orphans are the system's
        return []


def main() -> None:
    home = Home(Path(sys.argv[1]))
    with home.lock.open("a+") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            sys.exit("another supervisor runs this stack")
        lock.truncate(0)
        lock.write(str(os.getpid()))
        lock.flush()
        Supervisor(home).run()


if __name__ == "__main__":
    main()
