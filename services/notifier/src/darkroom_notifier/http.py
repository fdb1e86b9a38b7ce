"""`/ws`: the handshake. Everything after it is `connection.py`."""

from fastapi import APIRouter, WebSocket

from darkroom_notifier.origins import may_connect
from darkroom_notifier.sockets import Sockets


def socket_routes(sockets: Sockets, allowed_origins: frozenset[str]) -> APIRouter:
    """The one route."""
    router = APIRouter()

    @router.websocket("/ws")
    async def ws(websocket: WebSocket) -> None:
        if not may_connect(websocket.headers.getlist("origin"), allowed_origins):
            await websocket.close()  # before accepting: a 403 to the handshake
            return
        # Accepted first: a browser cannot see the code of a handshake that was refused.
        await websocket.accept()
        await sockets.serve(websocket)

    return router
