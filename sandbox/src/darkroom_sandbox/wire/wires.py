"""All wires: opened and closed with the server, changed by the control."""

import asyncio
import socket
import ssl
from collections.abc import Callable, Mapping

from darkroom_sandbox.wire.options import WireOptions
from darkroom_sandbox.wire.relay import Relay

BACKLOG = 2_048


class UnknownWire(Exception):
    """There is no wire in front of this vendor."""


class Wires:
    """The relays by vendor. `ports` says where each one listens; with `tls` the server speaks TLS behind them."""

    def __init__(self, *, host: str, ports: Mapping[str, int], tls: ssl.SSLContext | None = None) -> None:
        self._host = host
        self._ports = dict(ports)
        self._tls = tls
        self._relays: dict[str, Relay] = {}
        self._servers: list[asyncio.Server] = []
        self._arriving: set[asyncio.Task[object]] = set()

    def addresses(self) -> dict[str, str]:
        """Where each vendor is reached, without a path."""
        scheme = "http" if self._tls is None else "https"
        return {vendor: f"{scheme}://{self._host}:{port}" for vendor, port in self._ports.items()}

    def options(self) -> dict[str, WireOptions]:
        """What is in force on each wire."""
        return {vendor: relay.options for vendor, relay in self._relays.items()}

    def change(self, vendor: str, options: WireOptions) -> None:
        """Puts options in force on a vendor's wire. Raises UnknownWire."""
        if vendor not in self._relays:
            raise UnknownWire(vendor)
        self._relays[vendor].change(options)

    def reset(self) -> None:
        """Everything passes again."""
        for relay in self._relays.values():
            relay.change(WireOptions())

    async def open(self, server_protocol: Callable[[], asyncio.Protocol]) -> None:
        """Listens on every port; `server_protocol` makes the server's side of a connection."""
        loop = asyncio.get_running_loop()

        def connect(end: socket.socket) -> None:
            task = loop.create_task(self._arrive(end, server_protocol))
            self._arriving.add(task)
            task.add_done_callback(self._arriving.discard)

        for vendor, port in self._ports.items():
            relay = self._relays[vendor] = Relay(connect)
            self._servers.append(await loop.create_server(relay.accept, self._host, port, backlog=BACKLOG))

    def close(self) -> None:
        """Stops listening and ends all connections."""
        for server in self._servers:
            server.close()
        for relay in self._relays.values():
            relay.close()

    async def _arrive(self, end: socket.socket, server_protocol: Callable[[], asyncio.Protocol]) -> None:
        try:
            await asyncio.get_running_loop().connect_accepted_socket(server_protocol, end, ssl=self._tls)
        except OSError:  # of a TLS handshake (ssl.SSLError is one): the client went, or does not trust us
            end.close()
