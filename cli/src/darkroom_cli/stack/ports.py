"""The ports of one stack: chosen free at the first start, kept in `ports.json` afterwards, always on 127.0.0.1.

They are taken from below the range that the system hands to outgoing connections; a restarted server would else
sometimes find its port used by a client of its neighbour.
"""

import random
import socket
from pathlib import Path

from darkroom_cli.stack.errors import StackError
from darkroom_cli.stack.home import read_json, write_json

HOST = "127.0.0.1"
WEB_PORT_PREFERRED = 8400
CHOICE_FIRST, CHOICE_LAST = 15_000, 32_000
TRIES_MAX = 200


class Ports:
    """Chosen ports by name; `save` keeps them."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self._known: dict[str, int] = read_json(file) or {}
        self.moved: list[str] = []

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
        if wanted is not None:
            if not (running and kept == wanted) and not is_free(wanted):
                raise StackError(f"port {wanted} (DARKROOM_PORT) is in use by another program; stop it or choose another port")
            self._known["gateway"] = wanted
        elif kept is None and is_free(WEB_PORT_PREFERRED):
            self._known["gateway"] = WEB_PORT_PREFERRED
        return self.of("gateway", running=running or wanted is not None)

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
