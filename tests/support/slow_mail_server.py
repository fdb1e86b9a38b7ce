"""A mail server that takes its time or refuses: it drips its replies, stops replying at a command, or answers as it is told."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from support.service import eventually

END_OF_DATA = "END OF DATA"
REPLIES = {"DATA": b"354 go on with the message\r\n", "QUIT": b"221 goodbye from the mail server\r\n"}
FINE = b"250 that is fine with the mail server\r\n"


@dataclass
class SlowMailServer:
    """`silent_at`: the command that is never answered. `byte_seconds`: between two bytes of a reply. `replies`: by command."""

    byte_seconds: float = 0.0
    silent_at: str = ""
    replies: Mapping[str, bytes] = field(default_factory=dict)
    port: int = 0
    open: int = 0
    accepted: list[bytes] = field(default_factory=list)
    lines: list[bytes] = field(default_factory=list)

    async def is_idle(self) -> bool:
        """Whether no client is connected."""
        return self.open == 0

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Talk to one client."""
        self.open += 1
        try:
            await self._reply(writer, b"220 a mail server with much time\r\n")
            while line := await reader.readline():
                self.lines.append(line.strip())
                command = line.split()[0].decode().upper()
                await self._answer(command, reader, writer)
                if command == "DATA" and command not in self.replies:
                    message = await reader.readuntil(b"\r\n.\r\n")
                    await self._answer(END_OF_DATA, reader, writer)
                    self.accepted.append(message)
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            self.open -= 1
            writer.transport.abort()

    async def _answer(self, command: str, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if command == self.silent_at:
            await reader.read()
            raise ConnectionResetError
        await self._reply(writer, self.replies.get(command) or REPLIES.get(command, FINE))

    async def _reply(self, writer: asyncio.StreamWriter, reply: bytes) -> None:
        for byte in reply:
            writer.write(bytes([byte]))
            await writer.drain()
            await asyncio.sleep(self.byte_seconds)


@asynccontextmanager
async def slow_mail_server(
    *, byte_seconds: float = 0.0, silent_at: str = "", replies: Mapping[str, bytes] | None = None
) -> AsyncIterator[SlowMailServer]:
    """A server that listens."""
    made = SlowMailServer(byte_seconds, silent_at, replies or {})
    server = await asyncio.start_server(made.serve, "127.0.0.1", 0)
    made.port = server.sockets[0].getsockname()[1]
    try:
        yield made
    finally:
        server.close()
        await eventually(made.is_idle)
