"""The sandbox' clock: stamps each request's arrival before anything else is done with it."""

import time

from starlette.types import ASGIApp, Receive, Scope, Send

_KEY = "darkroom.arrived_at"


class ArrivalClock:
    """Outermost ASGI layer."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        scope[_KEY] = time.time()
        await self._app(scope, receive, send)


def arrived_at(scope: Scope) -> float:
    """When the request arrived, in Unix seconds."""
    at: float = scope[_KEY]
    return at
