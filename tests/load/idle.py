"""What a running stack costs in memory, and who holds PostgreSQL's sessions: `PYTHONPATH=tests python -m load.idle`.

Starts nothing: it looks at the stack of `make up` or `make demo`, so the load that came before is part of the question.
Compare looks that were taken equally long after the start: PostgreSQL's shared buffers fill as they are touched.
"""

import argparse
import asyncio
import time
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import asyncpg
import psutil
from darkroom_cli.settings import StackSettings
from darkroom_cli.stack.status import status_document

POSTGRES = "postgres"
KILOBYTE = 1024
HEADING = f"{'MB (PSS)':<20}{'all':>9}{'private':>9}{'files':>9}{'shared':>9}"
SESSIONS = """
    SELECT pid, datname, extract(epoch FROM clock_timestamp() - backend_start)::float8 AS age_seconds,
        extract(epoch FROM clock_timestamp() - state_change)::float8 AS rest_seconds
    FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid() ORDER BY backend_start
"""


@dataclass(frozen=True)
class Memory:
    """Memory in bytes, each page divided by the number of processes that share it (PSS)."""

    anonymous: int = 0
    files: int = 0
    shared: int = 0
    """Shared memory: of PostgreSQL the shared buffers that were touched so far, and its tables of locks and sessions."""

    @property
    def total(self) -> int:
        return self.anonymous + self.files + self.shared

    def __add__(self, other: "Memory") -> "Memory":
        return Memory(self.anonymous + other.anonymous, self.files + other.files, self.shared + other.shared)


def memory_of(pid: int) -> Memory:
    """The memory of one process as the kernel tells it; none of a process that has ended."""
    try:
        text = Path(f"/proc/{pid}/smaps_rollup").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return Memory()
    found = {name: int(rest.split()[0]) for name, _, rest in (line.partition(":") for line in text.splitlines()[1:])}
    return Memory(*(found[name] * KILOBYTE for name in ("Pss_Anon", "Pss_File", "Pss_Shmem")))


def total(pids: Iterable[int]) -> Memory:
    return sum(map(memory_of, pids), start=Memory())


def family(pid: int) -> list[int]:
    """A process and its descendants."""
    return [pid, *(child.pid for child in psutil.Process(pid).children(recursive=True))]


async def sessions(database_urls: Iterable[str]) -> list[asyncpg.Record]:
    """The sessions of all services. Each service's role sees its own only."""
    found: list[asyncpg.Record] = []
    for url in database_urls:
        connection = await asyncpg.connect(url)
        try:
            found += await connection.fetch(SESSIONS)
        finally:
            await connection.close()
    return found


async def look(status: Mapping[str, Any], *, each: bool) -> None:
    """Print the memory of every process, and PostgreSQL's by the service whose sessions hold it."""
    running = {process["name"]: process["pid"] for process in status["processes"] if process["pid"]}
    if not running:
        raise SystemExit("no stack is running: `darkroom up` starts one")
    opened = await sessions(status["databases"].values())
    age = time.time() - min(psutil.Process(pid).create_time() for pid in running.values())
    of_processes = {name: total(family(pid)) for name, pid in running.items()}
    print(f"{age:.0f} s after the start\n{HEADING}")
    for name, memory in of_processes.items():
        print(line(name, memory))
    print(line("all", sum(of_processes.values(), start=Memory())))
    if POSTGRES in running:
        of_services = {row["pid"] for row in opened}
        print(f"\nPostgreSQL\n{HEADING}  sessions")
        print(line("own processes", total(pid for pid in family(running[POSTGRES]) if pid not in of_services)))
        print_sessions(opened, each=each)


def line(name: str, memory: Memory) -> str:
    parts = (memory.total, memory.anonymous, memory.files, memory.shared)
    return f"{name:<20}" + "".join(f"{part / 1e6:>9.1f}" for part in parts)


def print_sessions(opened: Sequence[asyncpg.Record], *, each: bool) -> None:
    """Print the sessions of each database, and with `each` every one of them."""
    for name, count in sorted(Counter(str(row["datname"]) for row in opened).items()):
        print(line(name, total(row["pid"] for row in opened if row["datname"] == name)) + f"{count:>10}")
    for row in opened if each else []:
        private = memory_of(row["pid"]).anonymous / 1e6
        times = f"opened {row['age_seconds']:.0f} s ago, last used {row['rest_seconds']:.1f} s ago"
        print(f"{row['datname']:<20}{private:>6.1f} MB private, {times}")


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--home", type=Path, default=None, help="the stack's files (default: DARKROOM_HOME, or .darkroom)")
    parser.add_argument("--each", action="store_true", help="every session on a line of its own")
    told = parser.parse_args(arguments)
    home = told.home or StackSettings.from_environment().home
    asyncio.run(look(status_document(home), each=told.each))


if __name__ == "__main__":
    main()
