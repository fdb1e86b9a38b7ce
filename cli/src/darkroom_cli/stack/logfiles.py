"""Log files of the stack: each process appends to its own, and none grows without bound. Standard library only."""

import os
from collections import deque
from pathlib import Path

LOG_BYTES_MAX = 8_000_000
LOG_BYTES_KEPT = 2_000_000
ROTATE_EVERY_SECONDS = 5.0


def bound(log: Path, *, bytes_max: int = LOG_BYTES_MAX, bytes_kept: int = LOG_BYTES_KEPT) -> None:
    """Too long a log is emptied, its end kept as NAME.log.1. Writers append, so they go on at the new end."""
    try:
        size = log.stat().st_size
    except FileNotFoundError:
        return
    if size <= bytes_max:
        return
    with log.open("rb") as file:
        file.seek(size - bytes_kept)
        end = file.read()
    log.with_suffix(".log.1").write_bytes(end[end.find(b"\n") + 1 :])
    os.truncate(log, 0)


def last_lines(log: Path, count: int, *, bytes_read: int = 200_000) -> list[str]:
    """The last lines of the log, [] when there is none."""
    try:
        with log.open("rb") as file:
            file.seek(max(log.stat().st_size - bytes_read, 0))
            return [line.decode(errors="replace").rstrip("\n") for line in deque(file, maxlen=count)]
    except FileNotFoundError:
        return []
