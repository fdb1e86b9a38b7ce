"""A server that begins to answer and goes on for ever, a byte at a time: each read succeeds, and the answer never ends."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

DRIP_SECONDS = 0.02


@asynccontextmanager
async def dripping_server() -> AsyncIterator[str]:
    """Its address."""
    server = await asyncio.start_server(_drip, "127.0.0.1", 0)
    try:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    finally:
        server.close()


async def _drip(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    try:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: 1000000\r\n\r\n")
        while not writer.is_closing():
            writer.write(b"x")
            await writer.drain()
            await asyncio.sleep(DRIP_SECONDS)
    except (ConnectionError, asyncio.IncompleteReadError):
        pass
    finally:
        writer.transport.abort()
