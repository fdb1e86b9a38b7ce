"""What is said on a socket: the client's messages, the server's, and the codes with which it closes. Pure.

Codes are 4000 + the HTTP status they resemble, as is usual. Nothing that a client sends is repeated back to it.
"""

import json
from dataclasses import dataclass
from enum import IntEnum
from typing import Any

MESSAGE_BYTES_MAX = 4096
EPOCH_CHARACTERS_MAX = 64
OFFSET_MAX = 2**53 - 1
"""The largest number that JavaScript holds exactly."""


class Code(IntEnum):
    """Why a socket was closed."""

    FAILED = 1011
    MALFORMED = 4400
    TOKEN = 4401
    NO_CONNECT = 4408
    TOO_MANY = 4429
    RECONNECT = 4503


class Closing(Exception):
    """The socket is to be closed with this code."""

    def __init__(self, code: Code, reason: str) -> None:
        super().__init__(reason)
        self.code = code
        self.reason = reason


@dataclass(frozen=True)
class Position:
    """Where a reader stands in its tenant's frames: it has all up to `offset` of `epoch`."""

    epoch: str
    offset: int


@dataclass(frozen=True)
class Connect:
    """The client's first message. Without a token the handshake's cookie must have one."""

    token: str | None
    position: Position | None


@dataclass(frozen=True)
class Renewal:
    """A new token for a socket that stays open."""

    token: str


def read_message(text: str | None) -> Connect | Renewal:
    """A client's message; None stands for a binary one. Raises Closing (4400)."""
    if text is None:
        raise Closing(Code.MALFORMED, "messages are text")
    if len(text) > MESSAGE_BYTES_MAX or len(text.encode()) > MESSAGE_BYTES_MAX:
        raise Closing(Code.MALFORMED, f"a message may have {MESSAGE_BYTES_MAX} bytes")
    try:
        message = json.loads(text)
    except (ValueError, RecursionError):
        raise Closing(Code.MALFORMED, "messages are JSON") from None
    match message:
        case {"type": "connect", "token": str(token)}:
            return Connect(token, _position(message.get("position")))
        case {"type": "connect"} if "token" not in message:
            return Connect(None, _position(message.get("position")))
        case {"type": "token", "token": str(token)}:
            return Renewal(token)
    raise Closing(Code.MALFORMED, "a message is of type connect or token and has a token")


def connected_message(position: Position, *, recovered: bool) -> str:
    """The answer to `connect`: what comes next has the offset after this position's."""
    told = {"type": "connected", "epoch": position.epoch, "offset": position.offset, "recovered": recovered}
    return json.dumps(told, separators=(",", ":"))


def frame_body(kind: str, at: str, data: dict[str, Any]) -> str:
    """A frame without its offset, which it gets when it is filed; one line of text."""
    body = {"event": kind, "at": at, "data": data}
    return json.dumps(body, separators=(",", ":"), ensure_ascii=False)[1:]


def frame_message(offset: int, body: str) -> str:
    """A frame as it is sent."""
    return f'{{"type":"event","offset":{offset},{body}'


def _position(value: object) -> Position | None:
    match value:
        case None:
            return None
        case {"epoch": str(epoch), "offset": int(offset)} if not isinstance(offset, bool):
            if len(epoch) <= EPOCH_CHARACTERS_MAX and 0 <= offset <= OFFSET_MAX:
                return Position(epoch, offset)
    raise Closing(Code.MALFORMED, "a position has an epoch and an offset")
