"""Readiness questions in the parts' own protocols: an open port alone is no answer. Standard library only.

A `Question` is sent at once and its answer awaited by whoever selects on it, so that one slow part never holds up the rest.
"""

import select
import socket
import struct
import time
from collections.abc import Callable, Mapping

from darkroom_cli.stack.plan import Probe

CONNECT_SECONDS = 0.25  # on this machine: refused or accepted at once, unless the backlog is full
ANSWER_SECONDS = 3.0
ANSWER_BYTES_MAX = 65_536

KAFKA_METADATA_KEY = 3
KAFKA_METADATA_VERSION = 1
POSTGRES_PROTOCOL = 196_608  # 3.0


class Question:
    """One readiness question under way; `answer` is None until it is decided."""

    def __init__(self, probe: Probe, now: float) -> None:
        self.answer: bool | None = None
        self.deadline = now + ANSWER_SECONDS
        self._judge = JUDGES[probe.kind]
        self._received = b""
        self._socket: socket.socket | None = None
        try:
            self._socket = socket.create_connection((probe.host, probe.port), timeout=CONNECT_SECONDS)
            self._socket.sendall(request(probe))
            self._socket.setblocking(False)
        except OSError:
            self._decide(False)

    def fileno(self) -> int:
        return -1 if self._socket is None else self._socket.fileno()

    def look(self, now: float) -> bool | None:
        """Read what has arrived; True or False once it is decided."""
        if self.answer is None and self._socket is not None:
            try:
                part = self._socket.recv(ANSWER_BYTES_MAX)
                self._received += part
                verdict = self._judge(self._received)
                self._decide(False if verdict is None and (not part or len(self._received) > ANSWER_BYTES_MAX) else verdict)
            except BlockingIOError:
                self._decide(False if now >= self.deadline else None)
            except OSError:
                self._decide(False)
        return self.answer

    def _decide(self, verdict: bool | None) -> None:
        self.answer = verdict
        if verdict is not None and self._socket is not None:
            self._socket.close()
            self._socket = None


def request(probe: Probe) -> bytes:
    """The bytes of the question."""
    match probe.kind:
        case "http":
            return f"GET {probe.path} HTTP/1.1\r\nHost: {probe.host}:{probe.port}\r\nConnection: close\r\n\r\n".encode()
        case "redis":
            return b"*1\r\n$4\r\nPING\r\n"
        case "postgres":
            body = struct.pack("!I", POSTGRES_PROTOCOL) + b"user\0darkroom\0database\0postgres\0\0"
            return struct.pack("!I", len(body) + 4) + body
        case _:
            # Metadata without topics, in the layout of version 1 (Kafka protocol guide).
            body = struct.pack("!hhih5si", KAFKA_METADATA_KEY, KAFKA_METADATA_VERSION, 1, 5, b"probe", 0)
            return struct.pack("!i", len(body)) + body


def judge_http(answer: bytes) -> bool | None:
    """Ready: status 200."""
    words = answer.split(b" ", 2)
    return words[1] == b"200" if len(words) > 2 else None


def judge_redis(answer: bytes) -> bool | None:
    """While it loads its file Redis answers -LOADING; with a password set, -NOAUTH, which is as good as a PONG."""
    return answer.startswith((b"+PONG", b"-NOAUTH")) if b"\r\n" in answer else None


def judge_postgres(answer: bytes) -> bool | None:
    """As pg_isready: a server that takes sessions asks for the password (R), one that starts or stops says so (E)."""
    return answer[:1] == b"R" if answer else None


def judge_kafka(answer: bytes) -> bool | None:
    """Ready: the metadata name a broker and a controller."""
    if len(answer) < 4 or len(answer) < 4 + struct.unpack_from("!i", answer)[0]:
        return None
    try:
        (brokers,) = struct.unpack_from("!i", answer, 8)
        offset = 12
        for _ in range(min(brokers, 100)):
            (host_length,) = struct.unpack_from("!h", answer, offset + 4)
            (rack_length,) = struct.unpack_from("!h", answer, offset + 10 + host_length)
            offset += 12 + host_length + max(rack_length, 0)
        (controller,) = struct.unpack_from("!i", answer, offset)
    except struct.error:
        return False
    return bool(brokers > 0 and controller >= 0)


JUDGES: dict[str, Callable[[bytes], bool | None]] = {
    "http": judge_http,
    "redis": judge_redis,
    "postgres": judge_postgres,
    "kafka": judge_kafka,
}


def ask_all(probes: Mapping[str, Probe]) -> dict[str, bool]:
    """Ask all at once; by name, whether it is ready."""
    now = time.monotonic()
    open_questions = {name: Question(probe, now) for name, probe in probes.items()}
    answers: dict[str, bool] = {}
    while open_questions:
        for name, question in list(open_questions.items()):
            answer = question.look(time.monotonic())
            if answer is not None:
                answers[name] = answer
                del open_questions[name]
        if open_questions:
            left = max(now + ANSWER_SECONDS - time.monotonic(), 0.0)
            select.select(list(open_questions.values()), [], [], left)
    return answers
