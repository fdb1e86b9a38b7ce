"""The script of the fair queue, put together from its parts, and where it takes the time from."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from time import monotonic_ns

PARTS = ("state", "accounts", "models", "turn", "controls")
SCRIPT = "\n".join(Path(__file__).with_name(f"fair_{part}.lua").read_text() for part in PARTS)


@dataclass(frozen=True, kw_only=True)
class ClockSource:
    """Where time comes from: Redis' clock as the script reads it, and this process' own watch."""

    script: str = SCRIPT
    watch_ns: Callable[[], int] = monotonic_ns


REAL_CLOCK = ClockSource()
