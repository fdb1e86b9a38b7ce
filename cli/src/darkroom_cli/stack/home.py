"""One local stack's folder (`DARKROOM_HOME`): data, logs, chosen ports, passwords, plan and state.

The supervisor holds a lock on `supervisor.lock` as long as it lives, so a stale pid can never be taken for a live one.
Passwords and the plan (it carries secrets) are readable by the owner only.
"""

import fcntl
import json
import os
import secrets
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

PASSWORD_BYTES = 18
KEY_BYTES = 32


@dataclass(frozen=True)
class Home:
    """The paths of one stack."""

    path: Path

    @property
    def logs(self) -> Path:
        return self.path / "logs"

    @property
    def data(self) -> Path:
        return self.path / "data"

    @property
    def plan(self) -> Path:
        return self.path / "plan.json"

    @property
    def state(self) -> Path:
        return self.path / "state.json"

    @property
    def ca_file(self) -> Path:
        """The certificate of the sandbox' own authority, where the sandbox speaks TLS."""
        return self.path / "ca.pem"

    @property
    def lock(self) -> Path:
        return self.path / "supervisor.lock"

    def make(self) -> None:
        """Create the folders that are missing."""
        for folder in (self.path, self.logs, self.data):
            folder.mkdir(parents=True, exist_ok=True)

    def supervisor_pid(self) -> int | None:
        """The supervisor's process id while it lives (it holds the lock), else None."""
        try:
            with self.lock.open("r") as file:
                fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except FileNotFoundError:
            return None
        except BlockingIOError:
            text = self.lock.read_text().strip()
            return int(text) if text else None
        return None

    @contextmanager
    def one_command_at_a_time(self) -> Iterator[None]:
        """Commands that change the stack wait for one another."""
        self.path.mkdir(parents=True, exist_ok=True)
        with (self.path / "command.lock").open("w") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            yield

    def password(self, role: str) -> str:
        """The password of a database role, made at the first asking and kept."""
        return self._secret("passwords.json", role, PASSWORD_BYTES)

    def signing_key(self, name: str) -> str:
        """The signing key of a setting (`DARKROOM_…`), made at the first asking and kept."""
        return self._secret("keys.json", name, KEY_BYTES)

    def _secret(self, file_name: str, name: str, random_bytes: int) -> str:
        file = self.path / file_name
        known: dict[str, str] = read_json(file) or {}
        if name not in known:
            known[name] = secrets.token_urlsafe(random_bytes)
            write_json(file, known)
        return known[name]


def read_json(path: Path) -> Any:
    """The document in the file, None when there is none. Any: its reader knows the shape."""
    try:
        return json.loads(path.read_text())
    except FileNotFoundError:
        return None


def write_json(path: Path, document: Mapping[str, object]) -> None:
    """Replace the file in one step (a reader sees the old or the new one), readable by the owner only."""
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w") as file:
        json.dump(document, file, indent=1)
    draft.replace(path)


def cache_folder(environ: Mapping[str, str]) -> Path:
    """What all stacks of this user share and may be removed at any time: Kafka's jars, compiled Python."""
    base = environ.get("XDG_CACHE_HOME") or os.path.join(environ.get("HOME", str(Path.home())), ".cache")
    return Path(base) / "darkroom"
