"""Where everything of one stack answers: written into the plan by `up`, read by whoever asks afterwards."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any


@dataclass(frozen=True, kw_only=True)
class Addresses:
    """None: that part is neither given nor started."""

    web: str | None
    services: Mapping[str, str]
    sandbox: str | None
    kafka: str | None
    redis: str | None
    databases: Mapping[str, str]
    database_admin: str | None
    storage: str
    # Where the sandbox' vendors are reached over their wires, and whom to trust there (None: no TLS).
    vendors: Mapping[str, str] = field(default_factory=dict)
    ca_file: str | None = None

    @property
    def ws(self) -> str | None:
        return None if self.web is None else f"{self.web.replace('http', 'ws', 1)}/ws"

    def document(self) -> dict[str, Any]:
        return asdict(self)
