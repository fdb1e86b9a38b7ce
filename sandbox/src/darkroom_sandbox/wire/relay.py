"""A TCP relay in front of the server: accepts for a vendor and carries bytes, below TLS, as the wire's options say.

The far end of each connection is a socket pair whose other end the server takes as if it had accepted it.
"""

import asyncio
import os
import socket
import struct
from collections.abc import Callable
from typing import cast

from darkroom_sandbox.wire.lane import End, Lane
from darkroom_sandbox.wire.options import Ending, WireOptions

_LINGER_NOT = struct.pack("ii", 1, 0)
"""SO_LINGER of 0 s: closing sends RST (socket(7))."""

Connect = Callable[[socket.socket], None]
"""Hands the server its end of a connection."""


class Relay:
    """One vendor's wire: its options and its connections."""

    def __init__(self, connect: Connect) -> None:
        self.options = WireOptions()
        self._connect = connect
        self._links: set[Link] = set()
        self._over: asyncio.TimerHandle | None = None

    def change(self, options: WireOptions) -> None:
        """Puts the options in force for all connections, from now on."""
        self.options = options
        if self._over is not None:
            self._over.cancel()
        if options.mode == "silent" and options.seconds:
            self._over = asyncio.get_running_loop().call_later(options.seconds, self.change, WireOptions())
        for link in tuple(self._links):
            link.changed()

    def accept(self) -> asyncio.Protocol:
        """The protocol of a connection that a client opens."""
        link = Link(self)
        self._links.add(link)
        return link.client

    def connect(self, link: "Link") -> None:
        """Gives the link its far end."""
        near, far = socket.socketpair()
        near.setblocking(False)
        far.setblocking(False)
        self._connect(far)
        loop = asyncio.get_running_loop()
        link.task = loop.create_task(loop.create_unix_connection(lambda: link.server, sock=near))

    def forget(self, link: "Link") -> None:
        """The link has ended."""
        self._links.discard(link)

    def close(self) -> None:
        """Ends all connections."""
        if self._over is not None:
            self._over.cancel()
        for link in tuple(self._links):
            link.cut("close")


class Link:
    """One connection over the wire: a client's side, the server's side, and a lane each way."""

    def __init__(self, relay: Relay) -> None:
        self.relay = relay
        self.task: object = None
        """Keeps the connecting task alive."""
        self.client, self.server = Side(self, is_client=True), Side(self, is_client=False)
        self.client.lane = Lane("request", deliver=self.server.write, cut=self._cut)
        self.server.lane = Lane("answer", deliver=self.client.write, cut=self._cut)
        self._timer: asyncio.TimerHandle | None = None

    def carry(self, side: "Side", data: bytes | None) -> None:
        """Bytes (or the end) from one side."""
        self._wake_at(side.lane.put(data, self.relay.options, now=asyncio.get_running_loop().time()))
        side.apply_pauses()

    def changed(self) -> None:
        """The wire's options are new."""
        for side in (self.client, self.server):
            side.lane.changed()
        self._release()

    def cut(self, ending: Ending) -> None:
        """Ends the connection for both sides."""
        if self._timer is not None:
            self._timer.cancel()
        for side in (self.client, self.server):
            side.lane.close()
        self.client.end(reset=ending == "reset")
        self.server.end(reset=True)
        self.relay.forget(self)

    def _cut(self) -> None:
        self.cut(self.relay.options.cut_with)

    def _release(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        now = asyncio.get_running_loop().time()
        for side in (self.client, self.server):
            self._wake_at(side.lane.release(self.relay.options, now=now))
            side.apply_pauses()

    def _wake_at(self, at: float | None) -> None:
        """Looks again at this time, or before where that is planned already."""
        if at is None or (self._timer is not None and self._timer.when() <= at):
            return
        if self._timer is not None:
            self._timer.cancel()
        self._timer = asyncio.get_running_loop().call_at(at, self._release)


class Side(asyncio.Protocol):
    """One side's socket, and the lane of what it sends."""

    lane: Lane

    def __init__(self, link: Link, *, is_client: bool) -> None:
        self._link = link
        self._is_client = is_client
        self._transport: asyncio.Transport | None = None
        self._before: list[bytes | None] = []
        """What was to be written before the connection was there."""
        self._other_is_full = False
        self._paused = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        # uvloop's transports are of their own class, so this cannot be asserted.
        self._transport = cast(asyncio.Transport, transport)
        if self._is_client:
            self._link.relay.connect(self._link)
        before, self._before = self._before, []
        for data in before:
            self.write(data)

    def data_received(self, data: bytes) -> None:
        self._link.carry(self, data)

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 (asyncio's signature)
        self._link.carry(self, End)

    def write(self, data: bytes | None) -> None:
        """Sends bytes; `End` closes once all has been sent."""
        if self._transport is None:
            self._before.append(data)
        elif data is End:
            self._transport.close()
            self._link.relay.forget(self._link)
        elif not self._transport.is_closing():
            self._transport.write(data)

    def pause_writing(self) -> None:
        self._other.hold_back(True)

    def resume_writing(self) -> None:
        self._other.hold_back(False)

    def hold_back(self, wanted: bool) -> None:
        """The other side takes no more for now, or does again."""
        self._other_is_full = wanted
        self.apply_pauses()

    def apply_pauses(self) -> None:
        """Reads only while what comes can be carried on or held."""
        wanted = self._other_is_full or self.lane.is_full()
        if self._transport is None or self._transport.is_closing() or wanted == self._paused:
            return
        self._paused = wanted
        if wanted:
            self._transport.pause_reading()
        else:
            self._transport.resume_reading()

    def end(self, *, reset: bool) -> None:
        """Closes: with RST, or after what was written with FIN."""
        if self._transport is None or self._transport.is_closing():
            return
        if reset and self._is_client:
            _end_by_reset(self._transport)
        if reset:
            self._transport.abort()
        else:
            self._transport.close()

    @property
    def _other(self) -> "Side":
        return self._link.server if self._is_client else self._link.client


def _end_by_reset(transport: asyncio.Transport) -> None:
    """Makes closing send RST. The option is the socket's, so it can be set by a second descriptor of it."""
    descriptor = transport.get_extra_info("socket").fileno()
    with socket.socket(fileno=os.dup(descriptor)) as twin:
        twin.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _LINGER_NOT)
