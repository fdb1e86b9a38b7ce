"""All sockets of this process: counted, and told to reconnect when the process is about to stop."""

import asyncio

from fastapi import WebSocket

from darkroom_notifier.connection import Connection, Parts
from darkroom_notifier.protocol import Closing, Code


class Sockets:
    """The open sockets."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self._open: set[Connection] = set()
        self._stopping = False
        self._empty = asyncio.Event()

    async def serve(self, websocket: WebSocket) -> None:
        """Serve an accepted socket to its end."""
        connection = Connection(websocket, self._parts)
        self._open.add(connection)
        self._parts.measures.sockets.inc()
        if self._stopping:
            connection.end(_going_down())
        try:
            await connection.serve()
        finally:
            self._open.discard(connection)
            self._parts.measures.sockets.dec()
            if not self._open:
                self._empty.set()

    async def drain(self) -> None:
        """Tell all to reconnect, newcomers too; return when they have been told."""
        self._stopping = True
        for connection in self._open:
            connection.end(_going_down())
        if self._open:
            self._empty.clear()
            await self._empty.wait()


def _going_down() -> Closing:
    return Closing(Code.RECONNECT, "going down")
