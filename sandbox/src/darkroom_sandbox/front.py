"""Sends the busy paths straight to their routes, past the documentation app and its layers."""

from starlette.types import ASGIApp, Receive, Scope, Send


class Front:
    """ASGI application of two halves, told apart by the path's beginning."""

    def __init__(self, *, busy_prefix: str, busy: ASGIApp, rest: ASGIApp) -> None:
        self._prefix = busy_prefix
        self._busy = busy
        self._rest = rest

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and scope["path"].startswith(self._prefix):
            await self._busy(scope, receive, send)
        else:
            await self._rest(scope, receive, send)
