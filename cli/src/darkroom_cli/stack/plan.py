"""What the supervisor is to keep running, as data: the command hands it over as a file. Standard library only."""

import json
import signal
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

STOP_SECONDS = 10.0


@dataclass(frozen=True, kw_only=True)
class Probe:
    """How readiness is asked: `kind` is http, redis, postgres or kafka."""

    kind: str
    host: str
    port: int
    path: str = "/readyz"


@dataclass(frozen=True, kw_only=True)
class Task:
    """One process to keep running, or (`once`) a job that must end well before those after it start.

    `key` stays the same for life, `name` is what people see (`predictor` becomes `predictor-1` when there are several).
    """

    key: str
    name: str
    argv: tuple[str, ...]
    env: Mapping[str, str] = field(default_factory=dict)
    probe: Probe | None = None
    after: tuple[str, ...] = ()
    once: bool = False
    stop_signal: int = signal.SIGTERM
    stop_seconds: float = STOP_SECONDS
    # What the kernel sends when the supervisor dies.
    death_signal: int = signal.SIGKILL


@dataclass(frozen=True, kw_only=True)
class Plan:
    """All tasks in start order; `serial` rises with each change, so that the command sees when it is taken up."""

    serial: int
    tasks: tuple[Task, ...]
    # Whatever the command wants to find again (addresses, replicas); the supervisor does not look at it.
    about: Mapping[str, Any] = field(default_factory=dict)

    def document(self) -> dict[str, object]:
        return asdict(self)


def read_plan(path: Path) -> Plan:
    """The plan in the file; raises `FileNotFoundError`."""
    document = json.loads(path.read_text())
    tasks = tuple(_task(task) for task in document["tasks"])
    return Plan(serial=document["serial"], tasks=tasks, about=document["about"])


def _task(document: dict[str, Any]) -> Task:
    probe = document.pop("probe")
    document["argv"] = tuple(document["argv"])
    document["after"] = tuple(document["after"])
    return Task(**document, probe=None if probe is None else Probe(**probe))
