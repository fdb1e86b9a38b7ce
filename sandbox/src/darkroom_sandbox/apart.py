"""Writes the head of an answer, waits, and then writes its body, so that a client reads twice."""

import asyncio
from collections.abc import Callable

from starlette.types import ASGIApp, Message, Receive, Scope, Send

APART_SECONDS = 0.02
"""Long enough that a busy client has seen the head before the body comes; short against what an answer takes."""


class HeadApart:
    """ASGI layer; `wanted` is asked for each answer."""

    def __init__(self, app: ASGIApp, *, wanted: Callable[[], bool]) -> None:
        self._app = app
        self._wanted = wanted

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def send_apart(message: Message) -> None:
            await send(message)
            if message["type"] == "http.response.start":
                await asyncio.sleep(APART_SECONDS)

        await self._app(scope, receive, send_apart if self._wanted() else send)
