"""HTTP server set-up: uvicorn with one addition, an ASGI extension by which a handler can close its connection unanswered.

A lost answer is an everyday fault of the outside world that ASGI has no word for.
"""

import asyncio

import uvicorn
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

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


class SeldomTickingServer(uvicorn.Server):
    """uvicorn that looks seldom for a signal to stop."""

    async def main_loop(self) -> None:
        while not await self.on_tick(0):  # noqa: ASYNC110 - a signal sets a flag, there is no event to wait for
            await asyncio.sleep(TICK_SECONDS)


def build_server(app: ASGIApp, host: str, port: int) -> uvicorn.Server:
    """An unstarted uvicorn server; no access log, for the call record is the log that counts."""
    return SeldomTickingServer(
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
        )
    )
