"""HTTP server set-up: uvicorn with one addition, an ASGI extension by which a handler can close its connection unanswered.

A lost answer is an everyday fault of the outside world that ASGI has no word for.
"""

import asyncio
import socket

import uvicorn
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from darkroom_sandbox.wire.wires import Wires

HANG_UP = "darkroom.hang_up"
KEEP_ALIVE_SECONDS = 75
BACKLOG = 2_048
GRACEFUL_SECONDS = 5
TICK_SECONDS = 0.5
"""How long it may take to see that it was told to stop; uvicorn's own ten looks a second are most of an idle process' cost."""


class HangUpProtocol(HttpToolsProtocol):
    """httptools protocol that offers `scope["extensions"]["darkroom.hang_up"]["close"]`."""

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self.scope["extensions"] = {HANG_UP: {"close": self.transport.close}}


class NoAnswer(Response):
    """Stands in for an answer that is lost on its way: the TCP connection closes and not a byte is sent."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:  # noqa: ARG002 (ASGI's signature)
        scope["extensions"][HANG_UP]["close"]()
        # Returning before uvicorn has seen the connection go would make it answer 500.
        while (await receive())["type"] != "http.disconnect":
            pass


class SandboxServer(uvicorn.Server):
    """uvicorn that looks seldom for a signal to stop, and that is also reached over the vendors' wires."""

    def __init__(self, config: uvicorn.Config, wires: Wires) -> None:
        super().__init__(config)
        self._wires = wires

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        await self._wires.open(self._protocol)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        self._wires.close()
        await super().shutdown(sockets)

    async def main_loop(self) -> None:
        while not await self.on_tick(0):  # noqa: ASYNC110 - a signal sets a flag, there is no event to wait for
            await asyncio.sleep(TICK_SECONDS)

    def _protocol(self) -> HangUpProtocol:
        return HangUpProtocol(config=self.config, server_state=self.server_state, app_state=self.lifespan.state)


def build_server(app: ASGIApp, host: str, port: int, wires: Wires) -> uvicorn.Server:
    """An unstarted uvicorn server; no access log, for the call record is the log that counts."""
    return SandboxServer(
        uvicorn.Config(
            app,
            host=host,
            port=port,
            loop="uvloop",
            http=HangUpProtocol,
            ws="none",
            lifespan="on",
            access_log=False,
            log_level="warning",
            backlog=BACKLOG,
            timeout_keep_alive=KEEP_ALIVE_SECONDS,
            timeout_graceful_shutdown=GRACEFUL_SECONDS,
        ),
        wires,
    )
