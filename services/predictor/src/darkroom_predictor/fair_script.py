"""The script of the fair queue, put together from its parts, and where it takes the time from."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from time import monotonic_ns

PARTS = ("state", "slots", "accounts", "models", "turn", "news", "controls")


def _read(part: str) -> str:
    return Path(__file__).with_name(f"fair_{part}.lua").read_text()


SCRIPT = "\n".join([_read("names"), "return (function()", *(_read(part) for part in PARTS), "end)()\n"])


@dataclass(frozen=True, kw_only=True)
class ClockSource:
    """Where time comes from: Redis' clock as the script reads it, and this process' own watch."""

    script: str = SCRIPT
    watch_ns: Callable[[], int] = monotonic_ns


REAL_CLOCK = ClockSource()
