"""Starting, changing and stopping one stack: the command's side of the supervisor.

A running supervisor is told of a new plan; what it runs already goes on untouched.
"""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import psutil

from darkroom_cli.settings import StackSettings
from darkroom_cli.stack import jars
from darkroom_cli.stack.assemble import assemble
from darkroom_cli.stack.errors import StackError
from darkroom_cli.stack.home import Home, read_json, write_json
from darkroom_cli.stack.logfiles import last_lines
from darkroom_cli.stack.plan import Plan, Task, read_plan
from darkroom_cli.stack.ports import Ports
from darkroom_cli.stack.signing import why_own_keys

READY_SECONDS_MAX = 120.0
STOP_SECONDS_MAX = 60.0
SUPERVISOR_SECONDS_MAX = 5.0
LOOK_SECONDS = 0.05
# A process that has died so often without ever having been ready will not make it.
DEATHS_MAX = 3
LINES_SHOWN = 12
LOGS_SHOWN = 2
SAME_BIRTHDAY_SECONDS = 2.0

Tell = Callable[[str], None]


def up(settings: StackSettings, *, only: frozenset[str], replicas: Mapping[str, int], tell: Tell) -> Plan:
    """Start what is wanted and not running yet; returns when all of it is ready. Raises `StackError`."""
    home = Home(settings.home)
    home.make()
    with home.one_command_at_a_time(), closing(Ports(home.path / "ports.json")) as ports:
        old = read_plan(home.plan) if home.supervisor_pid() is not None else None
        settings = replace(settings, sandbox_tls=_speaks_tls(settings, old), why_own_keys=why_own_keys(settings, old))
        wanted = only | (frozenset(old.about["parts"]) if old else frozenset())
        if "kafka" in wanted and settings.kafka_bootstrap_servers is None and not jars.are_here(settings.environ):
            tell("  fetching Kafka from Maven Central, once (43 MB) …")
        plan = _next_plan(settings, home, ports, old, wanted=wanted, replicas=replicas)
        for name in ports.moved:
            tell(f"the port of {name} was taken by another program; it has a new one")
        if old is None:
            _end_orphans(home)
            write_json(home.plan, plan.document())
            _spawn_supervisor(home)
        elif plan.tasks != old.tasks or not _all_good(home):
            # Also when nothing changed but something has failed: its cause may be mended by now.
            write_json(home.plan, plan.document())
            _signal_supervisor(home, signal.SIGHUP)
        else:
            plan = old
        _wait_until_ready(home, plan, tell)
        return plan


def down(home: Home) -> bool:
    """Stop everything; False when nothing ran. Raises `StackError`."""
    if not home.path.exists():
        return False
    with home.one_command_at_a_time():
        if not _signal_supervisor(home, signal.SIGTERM):
            return _end_orphans(home)
        deadline = time.monotonic() + STOP_SECONDS_MAX
        while home.supervisor_pid() is not None:
            if time.monotonic() > deadline:
                raise StackError(f"the stack did not stop within {STOP_SECONDS_MAX:.0f} s; see {home.logs}")
            time.sleep(LOOK_SECONDS)
        return True


def _next_plan(
    settings: StackSettings,
    home: Home,
    ports: Ports,
    old: Plan | None,
    *,
    wanted: frozenset[str],
    replicas: Mapping[str, int],
) -> Plan:
    """What runs well stays as it is, but for the names and the gateway's list of upstreams."""
    running = {task.key: task for task in old.tasks} if old else {}
    numbers = {**(old.about["replicas"] if old else {}), **replicas}
    assembly = assemble(settings, home, ports, wanted=wanted, running=frozenset(running), replicas=numbers)
    ports.save()
    _prepare({part: act for part, act in assembly.preparations.items() if part not in running})
    plan = assembly.plan(serial=1 if old is None else old.serial + 1)
    good = {task["key"] for task in _reported(home) if _good(task)}
    tasks = tuple(replace(running[task.key], name=task.name) if _stays(task, running, good) else task for task in plan.tasks)
    return replace(plan, tasks=tasks, about={**plan.about, "parts": sorted(wanted)})


def _speaks_tls(settings: StackSettings, old: Plan | None) -> bool:
    """A running sandbox goes on as it was started; asking it for TLS then is an error."""
    if old is None or old.about["addresses"]["sandbox"] is None:
        return settings.sandbox_tls
    running = old.about["addresses"].get("ca_file") is not None
    if settings.sandbox_tls and not running:
        raise StackError("the sandbox runs without TLS; `darkroom down` first to start it with TLS")
    return running


def _stays(task: Task, running: Mapping[str, Task], good: set[str]) -> bool:
    return task.key in running and task.key in good and task.key != "gateway"


def _prepare(preparations: Mapping[str, Callable[[], None]]) -> None:
    with ThreadPoolExecutor(max_workers=4) as pool:
        for future in [pool.submit(act) for act in preparations.values()]:
            future.result()


def _spawn_supervisor(home: Home) -> None:
    home.state.unlink(missing_ok=True)
    # Settings reach each process through the plan alone, so that a later `up` can change them.
    environment = {name: value for name, value in os.environ.items() if not name.startswith("DARKROOM_")}
    with (home.logs / "supervisor.log").open("ab") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "darkroom_cli.stack.supervisor", str(home.path)],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
            cwd=home.path,
            env=environment,
        )
    # It outlives this command on purpose; Popen would else warn that it was left running.
    process.returncode = 0


def _signal_supervisor(home: Home, number: int) -> bool:
    pid = home.supervisor_pid()
    if pid is None:
        return False
    try:
        os.kill(pid, number)
    except ProcessLookupError:
        return False
    return True


def _wait_until_ready(home: Home, plan: Plan, tell: Tell) -> None:
    started = time.monotonic()
    # What ran before is not told again.
    told = {task["key"] for task in _reported(home) if _good(task)}
    state: dict[str, Any] = {}
    while time.monotonic() - started < READY_SECONDS_MAX:
        state = read_json(home.state) or {}
        if state.get("serial") == plan.serial:
            tasks = state["tasks"]
            for task in tasks:
                if _good(task) and task["key"] not in told:
                    told.add(task["key"])
                    tell(f"  {task['name']:<12} {'done' if task['once'] else 'ready'}  {time.monotonic() - started:5.1f} s")
            if all(_good(task) for task in tasks):
                return
            _give_up_on_the_hopeless(home, tasks)
        if time.monotonic() - started > SUPERVISOR_SECONDS_MAX and home.supervisor_pid() is None:
            raise StackError("the supervisor ended:\n" + _excerpt(home.logs / "supervisor.log"))
        time.sleep(LOOK_SECONDS)
    late = [task for task in state.get("tasks", []) if not _good(task)]
    raise StackError(
        f"not ready within {READY_SECONDS_MAX:.0f} s: {', '.join(task['name'] for task in late)}\n" + _failures(home, late)
    )


def _all_good(home: Home) -> bool:
    return all(_good(task) for task in _reported(home))


def _reported(home: Home) -> list[dict[str, Any]]:
    return list((read_json(home.state) or {}).get("tasks", []))


def _good(task: Mapping[str, Any]) -> bool:
    return task["state"] in ("ready", "done")


def _give_up_on_the_hopeless(home: Home, tasks: Iterable[Mapping[str, Any]]) -> None:
    lost = [
        task
        for task in tasks
        if task["state"] == "failed" or (not task["everReady"] and not task["once"] and task["restarts"] >= DEATHS_MAX)
    ]
    if lost:
        names = ", ".join(task["name"] for task in lost)
        raise StackError(
            f"{names} did not start; the rest runs on (`darkroom status`, `darkroom down`)\n" + _failures(home, lost)
        )


def _failures(home: Home, tasks: Iterable[Mapping[str, Any]]) -> str:
    return "\n".join(
        f"--- {task['name']} ({home.logs / task['log']})\n{_excerpt(home.logs / task['log'])}"
        for task in list(tasks)[:LOGS_SHOWN]
    )


def _excerpt(log: Path) -> str:
    return "\n".join(last_lines(log, LINES_SHOWN)) or "(its log is empty)"


def _end_orphans(home: Home) -> bool:
    """Kill what a supervisor that was killed may have left (only where the kernel does not do it by itself)."""
    found = False
    for task in _reported(home):
        if task["pid"] is None:
            continue
        try:
            process = psutil.Process(task["pid"])
            # A process id that was given to another program since has another birthday.
            if abs(process.create_time() - task["startedAt"]) < SAME_BIRTHDAY_SECONDS:
                process.kill()
                process.wait(timeout=STOP_SECONDS_MAX)
                found = True
        except psutil.Error:
            continue
    return found
