"""The ports of one stack: chosen free at the first start, kept in `ports.json` afterwards, always on 127.0.0.1.

They are taken from below the range that the system hands to outgoing connections; a restarted server would else
sometimes find its port used by a client of its neighbour.
"""

import fcntl
import os
import random
import socket
import tempfile
from pathlib import Path
from typing import IO

from darkroom_cli.stack.errors import StackError
from darkroom_cli.stack.home import read_json, write_json

HOST = "127.0.0.1"
WEB_PORT_PREFERRED = 8400
CHOICE_FIRST, CHOICE_LAST = 15_000, 32_000
TRIES_MAX = 200


class Ports:
    """Chosen ports by name; `save` keeps them.

    The web port is also claimed until `close`: Caddy shares a port with whoever else listens on it, so two stacks that start
    at the same moment would otherwise both get 8400 and mix their visitors.
    """

    def __init__(self, file: Path) -> None:
        self._file = file
        self._known: dict[str, int] = read_json(file) or {}
        self.moved: list[str] = []
        self._claims: list[IO[str]] = []

    def known(self, name: str) -> int | None:
        return self._known.get(name)

    def of(self, name: str, *, running: bool) -> int:
        """The port of this name. When its process does not run yet, one that is taken by now is chosen anew."""
        port = self._known.get(name)
        if port is not None and (running or is_free(port)):
            return port
        if port is not None:
            self.moved.append(name)
        self._known[name] = self._choose()
        return self._known[name]

    def web(self, wanted: int | None, *, running: bool) -> int:
        """The web address' port: the wanted one or an error, else the kept one, else 8400, else any."""
        kept = self._known.get("gateway")
        if running and (wanted is None or wanted == kept) and kept is not None:
            return kept
        if running:
            raise StackError(f"the stack runs on port {kept}; `darkroom down` first to move it to {wanted} (DARKROOM_PORT)")
        for port in [wanted] if wanted is not None else [kept, WEB_PORT_PREFERRED]:
            if port is not None and self._claim(port) and is_free(port):
                self._known["gateway"] = port
                return port
        if wanted is not None:
            raise StackError(f"port {wanted} (DARKROOM_PORT) is in use by another program; stop it or choose another port")
        if kept is not None:
            self.moved.append("gateway")
        self._known["gateway"] = self._choose()
        return self._known["gateway"]

    def close(self) -> None:
        """Give up the claim; by now the server listens, which is claim enough."""
        for claim in self._claims:
            claim.close()

    def _claim(self, port: int) -> bool:
        claim = (Path(tempfile.gettempdir()) / f"darkroom-{os.getuid()}-port-{port}.lock").open("a")
        self._claims.append(claim)
        try:
            fcntl.flock(claim, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True

    def save(self) -> None:
        write_json(self._file, self._known)

    def _choose(self) -> int:
        for _ in range(TRIES_MAX):
            port = random.randint(CHOICE_FIRST, CHOICE_LAST)
            if port not in self._known.values() and is_free(port):
                return port
        raise StackError(f"no free port found between {CHOICE_FIRST} and {CHOICE_LAST}")


def is_free(port: int) -> bool:
    """Whether a server could bind the port on 127.0.0.1 now."""
    with socket.socket() as trial:
        # As servers do: a connection still in TIME_WAIT is no hindrance.
        trial.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            trial.bind((HOST, port))
        except OSError:
            return False
        return True
