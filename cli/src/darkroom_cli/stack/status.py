"""The state of one stack as a document: what the supervisor says, checked against what each process answers just now."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import psutil

from darkroom_cli.stack.addresses import Addresses
from darkroom_cli.stack.home import Home, read_json
from darkroom_cli.stack.plan import Plan, Probe, read_plan
from darkroom_cli.stack.probes import ask_all

# The supervisor's words → the four that are shown.
SHOWN = {"waiting": "starting", "starting": "starting", "ready": "ready", "restarting": "restarting"}
NOTHING = Addresses(
    web=None, services={}, sandbox=None, kafka=None, redis=None, databases={}, database_admin=None, storage=""
)  # fmt: skip


def status_document(path: Path) -> dict[str, Any]:
    """What `darkroom status --json` prints."""
    home = Home(path)
    state = read_json(home.state)
    if home.supervisor_pid() is None or state is None:
        return _document("stopped" if home.supervisor_pid() is None else "starting", NOTHING, [])
    plan = read_plan(home.plan)
    probes = {task.key: task.probe for task in plan.tasks if task.probe is not None}
    running = [task for task in state["tasks"] if not task["once"]]
    answers = ask_all(
        {task["key"]: probes[task["key"]] for task in running if task["state"] == "ready" and task["key"] in probes}
    )
    processes = [_process(task, answers, probes.get(task["key"])) for task in running]
    return _document(_overall(state, plan, processes), Addresses(**plan.about["addresses"]), processes)


def _process(task: Mapping[str, Any], answers: Mapping[str, bool], probe: Probe | None) -> dict[str, Any]:
    state = SHOWN.get(task["state"], "stopped")
    if state == "ready" and not answers.get(task["key"], False):
        state = "starting"
    return {
        "name": task["name"],
        "pid": task["pid"],
        "state": state,
        "rssBytes": resident_bytes(task["pid"]),
        "restarts": task["restarts"],
        # Replicas share a name in `services`; each has an address of its own here.
        "address": None if probe is None else ("http://" if probe.kind == "http" else "") + f"{probe.host}:{probe.port}",
    }


def _overall(state: Mapping[str, Any], plan: Plan, processes: list[dict[str, Any]]) -> str:
    jobs = [task["state"] for task in state["tasks"] if task["once"]]
    if state["stopping"]:
        return "stopped"
    if state["serial"] == plan.serial and all(process["state"] == "ready" for process in processes) and set(jobs) <= {"done"}:
        return "ready"
    if "failed" in jobs or any(process["state"] == "restarting" for process in processes):
        return "degraded"
    ever_ready = all(task["everReady"] for task in state["tasks"] if not task["once"])
    return "degraded" if ever_ready else "starting"


def resident_bytes(pid: int | None) -> int | None:
    """The process' resident memory; for one with children (PostgreSQL) theirs is added without the shared pages."""
    if pid is None:
        return None
    try:
        process = psutil.Process(pid)
        return int(process.memory_info().rss + sum(map(_own_bytes, process.children(recursive=True))))
    except psutil.Error:
        return None


def _own_bytes(child: psutil.Process) -> int:
    try:
        return int(child.memory_full_info().uss)
    except psutil.Error:
        return 0  # It ended while being looked at, as PostgreSQL's workers do all the time.


def _document(state: str, addresses: Addresses, processes: list[dict[str, Any]]) -> dict[str, Any]:
    return {
        "state": state,
        "web": addresses.web,
        "services": dict(addresses.services),
        "ws": addresses.ws,
        "sandbox": addresses.sandbox,
        "vendors": dict(addresses.vendors),
        "caFile": addresses.ca_file,
        "kafka": addresses.kafka,
        "redis": addresses.redis,
        "databases": dict(addresses.databases),
        "storage": addresses.storage or None,
        "processes": processes,
    }
