"""The clock of the local Redis, which a test can step: libfaketime between Redis and the system, and no other process.

Redis sees a step within a second. Its monotonic clock is left alone, as the kernel's is when somebody sets the time.
"""

from pathlib import Path

from darkroom_cli.stack.binaries import in_wheel

SEEN_SECONDS_MAX = 1
FILE = "redis.clock"


class RedisClock:
    """The clock of the Redis of one home. Make it before the stack starts, and start Redis in its environment."""

    def __init__(self, home: Path) -> None:
        self._file = home / FILE

    def environment(self) -> dict[str, str]:
        """What Redis has to be started with."""
        self.step(0.0)
        return {
            "LD_PRELOAD": str(in_wheel("libfaketime", "libfaketime.so.1")),
            "FAKETIME_TIMESTAMP_FILE": str(self._file),
            "FAKETIME_CACHE_DURATION": str(SEEN_SECONDS_MAX),
            "FAKETIME_DONT_FAKE_MONOTONIC": "1",
            "DONT_FAKE_MONOTONIC": "1",
        }

    def step(self, seconds: float) -> None:
        """From now on the clock differs by so many seconds from the system's."""
        self._file.parent.mkdir(parents=True, exist_ok=True)
        draft = self._file.with_suffix(".draft")
        draft.write_text(f"{seconds:+.3f}\n")
        draft.replace(self._file)
