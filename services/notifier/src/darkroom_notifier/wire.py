"""The server's end of a WebSocket connection, with one thing added to uvicorn's: a reader that does not read is cut off.

uvicorn closes a connection when its buffer has been sent, which for such a reader is never; so it would stay for good.
"""

from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol

LINGER_SECONDS_MAX = 5.0


class CuttingProtocol(WebSocketsSansIOProtocol):
    """Cuts a connection whose talk has ended and whose last bytes nobody takes."""

    async def run_asgi(self) -> None:
        await super().run_asgi()
        if self.transport.get_write_buffer_size():
            self.loop.call_later(LINGER_SECONDS_MAX, self.transport.abort)
